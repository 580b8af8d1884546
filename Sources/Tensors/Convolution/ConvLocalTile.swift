import CKernels

/// Convolutions on devices of the tile family: matrix products that gather their left side from the images, so that
/// images need no padding of their own. Kernels in `conv2d_tile.cl` and
/// `conv2d_weight_gradient_tile.cl`.
enum ConvTileKernels {
  private static let flags = ["ALIGNED", "PIXELS_ALIGNED"]
  static let forward = LocalTileKernel("conv2d_tile", "conv2d_forward_tile", flags: flags)
  static let inputGradient = LocalTileKernel("conv2d_tile", "conv2d_input_gradient_tile", flags: flags)
  static let maxPool2x2 = LocalTileKernel("conv2d_pool_tile", "conv2d_max_pool_2x2_tile", flags: flags)
  static let weightGradient = LocalTileKernel(
    "conv2d_weight_gradient_tile", "conv2d_weight_gradient_tile", flags: flags)
}

extension ConvProblem {
  /// Whether the tile family has kernels for the convolution: they keep a bit for each tap of an axis, and count places
  /// in 32 bits of bytes.
  var fitsLocalTiles: Bool {
    let mostElements = 1 << 30, inputCount = batch * size.height * size.width * channels
    return max(geometry.kernelSize.height, geometry.kernelSize.width) <= Int(CONV2D_TILE_TAPS)
      && max(inputCount, outShape.reduce(1, *), weightCount) <= mostElements
  }

  /// y = epilogue(conv2d(x, w) + bias): a product of output pixels by output channels. One launch, and one more where k is
  /// cut.
  func enqueueForwardTile(_ configuration: LocalTile, _ operands: ConvOperands) throws {
    let (device, y) = (operands.device, operands.y)
    let (m, n) = (batch * outSize.height * outSize.width, groupOutChannels)
    let split = configuration.split(
      m: m, n: n, k: taps * groupChannels, batches: geometry.groups, on: device.traits)
    try enqueueSplit(split.count, operands, to: y, channels: outChannels) { target, bias, epilogue in
      try device.launch(
        ConvTileKernels.forward[configuration, isAligned(groupOutChannels), isAligned(groupChannels)],
        over: configuration.grid(m: m, n: n, batches: geometry.groups * split.count),
        [.buffer(operands.x.buffer), .buffer(operands.weight.buffer), .buffer(bias), .buffer(target)] + sizeArguments
          + [.int(split.chunk)] + epilogue.tileArguments(writing: target, on: device))
    }
  }

  /// x = epilogue(transposed convolution of y + bias): for each phase of the stride, a product of pixels by channels. One
  /// launch, and one more where k is cut.
  func enqueueTransposedTile(_ configuration: LocalTile, _ operands: ConvOperands) throws {
    let (device, x) = (operands.device, operands.x)
    let (m, n, period) = (phasePixels, groupChannels, phasePeriod)
    let products = geometry.groups * geometry.stride.height * geometry.stride.width
    let split = configuration.split(
      m: m, n: n, k: phaseTaps * groupOutChannels, batches: products, on: device.traits)
    try enqueueSplit(split.count, operands, to: x, channels: channels) { target, bias, epilogue in
      try device.launch(
        ConvTileKernels.inputGradient[configuration, isAligned(groupChannels), isAligned(groupOutChannels)],
        over: configuration.grid(m: m, n: n, batches: products * split.count),
        [.buffer(operands.y.buffer), .buffer(operands.weight.buffer), .buffer(bias), .buffer(target)] + sizeArguments
          + [.int(period.height), .int(period.width), .int(split.chunk)]
          + epilogue.tileArguments(writing: target, on: device))
    }
  }

  /// How many taps lie between two that meet the same phase of the stride.
  private var phasePeriod: Pair {
    let (stride, dilation) = (geometry.stride, geometry.dilation)
    return Pair(
      stride.height / stride.height.greatestCommonDivisor(with: dilation.height),
      stride.width / stride.width.greatestCommonDivisor(with: dilation.width))
  }

  /// The taps that meet a phase of the stride, at most.
  var phaseTaps: Int {
    let (kernel, period) = (geometry.kernelSize, phasePeriod)
    return kernel.height.dividedUp(by: period.height) * kernel.width.dividedUp(by: period.width)
  }

  /// A pass whose sums over k are cut into `splits`: `launch` writes them, with the bias and the epilogue that it is
  /// given; where there are several, a second launch adds them up.
  private func enqueueSplit(
    _ splits: Int, _ operands: ConvOperands, to out: Tensor, channels: Int,
    launch: (_ target: Buffer, _ bias: Buffer, _ epilogue: Epilogue) throws -> Void
  ) throws {
    let device = operands.device
    device.profiler?.declare(flops: flops, bytes: bytes)
    if splits == 1 {
      return try launch(out.buffer, operands.biasBuffer(channels: channels), operands.epilogue)
    }
    let parts = try device.allocate(byteCount: splits * out.count * 4)
    try launch(parts, device.zeros(byteCount: channels * 4), .none)
    try SplitSums(
      parts: parts, splits: splits, count: out.count, columns: channels, bias: operands.bias?.buffer,
      epilogue: operands.epilogue
    ).enqueue(to: out.buffer, on: device)
  }

  /// Whether the channels of all groups are whole vectors of four, and aligned as such.
  func isAligned(_ groupChannels: Int) -> Bool { groupChannels.isMultiple(of: 4) }

  /// dweight (+)= the gradient of the weights: a product of weights before the output channel by output channels, over all
  /// pixels. The gradient of the bias, if it is wanted, is summed beside it. One launch, and one for each gradient that adds
  /// up the chunks of pixels where there are several.
  func enqueueWeightGradientTile(_ configuration: LocalTile, _ operands: ConvGradientOperands) throws {
    let device = operands.device
    let m = weightShape[0] * weightShape[1] * weightShape[2]
    let n = outChannels / geometry.groups
    let pixels = batch * outSize.height * outSize.width
    let split = configuration.split(m: m, n: n, k: pixels, batches: geometry.groups, on: device.traits)
    let parts = try operands.weight.parts(split.count)
    let bias = try operands.bias.map { try SumsBeside($0, chunks: split.count, configuration) }
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvTileKernels.weightGradient[configuration, isAligned(groupOutChannels), isAligned(groupChannels)],
      over: configuration.grid(
        m: m, n: n, batches: geometry.groups * split.count, beside: bias?.groups(of: geometry.groups) ?? 0),
      [.buffer(operands.x.buffer), .buffer(operands.dy.buffer), .buffer(parts.buffer)] + sizeArguments
        + [.int(split.chunk), .int(parts.accumulate ? 1 : 0)]
        + (bias?.matrixArguments ?? SumsBeside.noMatrixArguments(parts.buffer)))
    try parts.add()
    try bias?.parts.add()
  }

  /// What the kernels are told of the convolution, in their order.
  var sizeArguments: [KernelArgument] {
    let g = geometry
    return [
      .int(batch), .int(size.height), .int(size.width), .int(channels), .int(outSize.height), .int(outSize.width),
      .int(outChannels), .int(g.groups), .int(g.kernelSize.height), .int(g.kernelSize.width), .int(g.stride.height),
      .int(g.stride.width), .int(g.padding.height), .int(g.padding.width), .int(g.dilation.height),
      .int(g.dilation.width),
    ]
  }
}

extension Int {
  /// Euclid's algorithm, for positive numbers.
  func greatestCommonDivisor(with other: Int) -> Int {
    var (a, b) = (self, other)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
