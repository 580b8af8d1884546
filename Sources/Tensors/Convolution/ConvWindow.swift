import CKernels

/// Convolutions by register tiles of neighbouring pixels, for batches too small for tiles of images, and their weight
/// gradients. Kernels in `conv2d.cl`.
enum ConvWindowKernels {
  static let forward = RegisterTileKernel("conv2d", "conv2d_window")
  static let transposed = RegisterTileKernel("conv2d", "conv2d_transposed")
  static let weightGradient = RegisterTileKernel("conv2d", "conv2d_weight_gradient")
  /// Row tiles of a work-item of the weight gradient.
  static let gradientTiles = Int(CONV2D_GRADIENT_TILES)
}

extension ConvProblem {
  /// The forward pass. Two launches, and one more with padding.
  func enqueueWindow(_ tile: RegisterTile, _ operands: ConvOperands) throws {
    let (device, y) = (operands.device, operands.y)
    let (problem, x) = try padded(operands.x)
    let packed = try packedWeights(operands, columns: groupOutChannels, tile, isTransposed: false)
    let columnTiles = groupOutChannels.dividedUp(by: tile.columns) * geometry.groups
    let strip = Self.strip(pixels: batch * outSize.height * outSize.width, columnTiles, tile, device.traits)
    let window = problem.geometry
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvWindowKernels.forward[tile], over: Grid(columnTiles, strip.count),
      [
        .buffer(x.buffer), .buffer(packed.buffer), .buffer(y.buffer), .int(batch), .pair(problem.paddedSize),
        .int(channels), .pair(outSize), .int(outChannels), .pair(window.kernelSize), .pair(window.stride),
        .pair(window.dilation), .int(window.groups), .int(strip.length),
      ] + operands.epilogue.arguments(writing: y.buffer))
  }

  /// The transposed pass by tiles of pixels of the same phase of the stride. Two launches.
  func enqueuePhases(_ tile: RegisterTile, _ operands: ConvOperands) throws {
    let (device, x) = (operands.device, operands.x)
    let phases = geometry.stride.height * geometry.stride.width
    let zeros = try device.zeros(byteCount: outChannels * 4)
    let packed = try packedWeights(operands, columns: groupChannels, tile, isTransposed: true)
    let columnTiles = groupChannels.dividedUp(by: tile.columns) * geometry.groups
    let strip = Self.strip(pixels: phasePixels, columnTiles * phases, tile, device.traits)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvWindowKernels.transposed[tile], over: Grid(columnTiles, strip.count, phases),
      [
        .buffer(operands.y.buffer), .buffer(packed.buffer), .buffer(zeros), .buffer(x.buffer),
      ] + transposedShape + [.int(strip.length)] + operands.epilogue.arguments(writing: x.buffer))
  }

  /// The weight gradient. Three launches at most.
  func enqueueWindowGradient(_ tile: RegisterTile, _ operands: ConvGradientOperands) throws {
    // Each tile passes over the images: to leave out the pixels that no window looks at repays the launch.
    let (problem, x) = try padded(operands.x, step: step)
    var operands = operands
    operands.x = x
    let columnTiles = groupOutChannels.dividedUp(by: tile.columns) * geometry.groups
    let strips = (taps * groupChannels).dividedUp(by: tile.rows * ConvWindowKernels.gradientTiles)
    let window = problem.geometry
    try problem.inParts(items: columnTiles * strips, operands) { partial, parts in
      try operands.device.launch(
        ConvWindowKernels.weightGradient[tile], over: Grid(columnTiles, strips, parts),
        [
          .buffer(x.buffer), .buffer(operands.dy.buffer), .buffer(partial.buffer), .int(batch),
          .pair(problem.paddedSize), .int(channels), .pair(outSize), .int(outChannels), .pair(window.kernelSize),
          .pair(window.stride), .pair(window.dilation), .int(window.groups), .int(parts),
        ])
    }
  }

  /// What divides all distances between the pixels that windows look at.
  private var step: Pair {
    Pair(
      geometry.stride.height.greatestCommonDivisor(with: geometry.dilation.height),
      geometry.stride.width.greatestCommonDivisor(with: geometry.dilation.width))
  }

  /// The arguments that say what a transposed pass is of.
  var transposedShape: [KernelArgument] {
    [
      .int(batch), .pair(size), .int(channels), .pair(outSize), .int(outChannels), .pair(geometry.kernelSize),
      .pair(geometry.stride), .pair(geometry.padding), .pair(geometry.dilation), .int(geometry.groups),
    ]
  }

  /// Pixels of x that a phase of the stride has at most, over the batch.
  var phasePixels: Int {
    batch * size.height.dividedUp(by: geometry.stride.height) * size.width.dividedUp(by: geometry.stride.width)
  }

  /// How many row tiles a work-item walks down, and how many work-items that makes: long enough to reuse the weights in
  /// the L1 cache, and enough of them to keep all units busy evenly.
  private static func strip(
    pixels: Int, _ columnTiles: Int, _ tile: RegisterTile, _ traits: DeviceTraits
  ) -> (length: Int, count: Int) {
    let rowTiles = pixels.dividedUp(by: tile.rows)
    let wanted = max(1, traits.computeUnits * 16 / max(1, columnTiles))
    let length = max(1, min(64, rowTiles / wanted))
    return (length, rowTiles.dividedUp(by: length))
  }
}
