import CKernels

/// Convolution of one channel on processors of the vector family, but for the forward pass of first layers of 3×3; so also
/// the gradients of a transposed convolution to one channel. Kernels in `conv2d_from_one.cl`.
enum FromOneKernels {
  static let forward = Kernel("conv2d_from_one", "conv2d_from_one")
  static let gradient = Kernel("conv2d_from_one", "conv2d_from_one_weight_gradient")

  /// The most of an image's rows, and of a strip's gradients, that a work-item has room for.
  static let (rowFloats, panelVectors) = (Int(FROM_ONE_ROW_FLOATS), Int(FROM_ONE_GRADIENT_VECTORS))
  /// Outputs of a row at once.
  static let columns = Int(FROM_ONE_COLUMNS)
  /// What there is a function for, across; the largest filter is the most each way.
  static let filters = Int(FROM_ONE_SMALLEST_FILTER)...Int(FROM_ONE_LARGEST_FILTER)
  static let strides = 1...Int(FROM_ONE_LARGEST_STRIDE)
  /// Work-items for each of a processor's threads, so that they finish together: of strips, where images are few, and of
  /// several images, for which the filters are packed once, where they are many.
  static let (stripsPerUnit, itemsPerUnit) = (4, 15)
  /// The most output-channel vectors for which the weight gradient's kernel is the fastest, by the filter's width: for
  /// more, register tiles of two vectors repay the padded copy of the images.
  static func mostGradientVectors(across: Int) -> Int { across <= 3 ? 1 : 4 }
}

extension ConvProblem {
  /// Whether the kernel of one channel can run the forward pass.
  func isFromOne(_ traits: DeviceTraits) -> Bool {
    hasFiltersForOne(traits) && longestForwardStrip > 0
  }

  /// Whether the kernel of one channel can run the weight gradient, and is the fastest.
  func isFromOneGradient(_ traits: DeviceTraits) -> Bool {
    hasFiltersForOne(traits) && longestGradientStrip > 0
      && outChannels.dividedUp(by: traits.vectorWidth)
        <= FromOneKernels.mostGradientVectors(across: geometry.kernelSize.width)
  }

  /// Rows of images lie in private memory.
  private func hasFiltersForOne(_ traits: DeviceTraits) -> Bool {
    let (kernelSize, stride, filters) = (geometry.kernelSize, geometry.stride, FromOneKernels.filters)
    return traits.hasLargePrivateMemory && channels == 1 && geometry.dilation == 1
      && filters.contains(kernelSize.width) && kernelSize.height <= filters.upperBound
      && FromOneKernels.strides.contains(stride.width)
  }

  /// The forward pass. One launch.
  func enqueueFromOne(_ operands: ConvOperands) throws {
    let (device, y) = (operands.device, operands.y)
    let units = device.traits.computeUnits
    let strips = (units * FromOneKernels.stripsPerUnit).dividedUp(by: batch)
    let strip = min(outSize.height.dividedUp(by: strips), longestForwardStrip)
    let images = batch.dividedUp(by: units * FromOneKernels.itemsPerUnit)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      FromOneKernels.forward, over: Grid(outSize.height.dividedUp(by: strip), batch.dividedUp(by: images)),
      [
        .buffer(operands.x.buffer), .buffer(operands.weight.buffer),
        .buffer(operands.biasBuffer(channels: outChannels)), .buffer(y.buffer),
      ] + shape + [.int(strip), .int(images)] + operands.epilogue.arguments(writing: y.buffer))
  }

  /// The weight gradient. Two launches at most.
  func enqueueFromOneGradient(_ operands: ConvGradientOperands) throws {
    let columns = operands.device.vectors(in: outChannels)
    try inParts(items: columns, operands) { partial, parts in
      try operands.device.launch(
        FromOneKernels.gradient, over: Grid(columns, parts),
        [.buffer(operands.x.buffer), .buffer(operands.dy.buffer), .buffer(partial.buffer)] + shape
          + [.int(min(longestGradientStrip, outSize.height)), .int(parts)])
    }
  }

  private var shape: [KernelArgument] {
    [
      .int(batch), .pair(size), .pair(outSize), .int(outChannels), .pair(geometry.kernelSize), .pair(geometry.stride),
      .pair(geometry.padding),
    ]
  }

  /// Rows of y for which there is room; 0 where there is none for one.
  private var longestForwardStrip: Int {
    let tiles = outSize.width.dividedUp(by: FromOneKernels.columns)
    return longestStrip(columns: tiles * FromOneKernels.columns, rowsBelow: 0)
  }

  /// The same for the weights' gradient.
  private var longestGradientStrip: Int {
    min(FromOneKernels.panelVectors / outSize.width, longestStrip(columns: outSize.width, rowsBelow: 1))
  }

  private func longestStrip(columns: Int, rowsBelow: Int) -> Int {
    let length = (columns - 1) * geometry.stride.width + geometry.kernelSize.width
    let rows = FromOneKernels.rowFloats / length - rowsBelow - geometry.kernelSize.height
    return rows < 0 ? 0 : rows / geometry.stride.height + 1
  }
}
