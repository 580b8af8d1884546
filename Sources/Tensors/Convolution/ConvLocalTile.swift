/// Convolutions on devices of the tile family: matrix products that gather their left side from the images, so that
/// images need no padding of their own. Kernels in `conv2d_tile.cl`.
enum ConvTileKernels {
  static let forward = LocalTileKernel("conv2d_tile", "conv2d_forward_tile")
  static let inputGradient = LocalTileKernel("conv2d_tile", "conv2d_input_gradient_tile")
  static let weightGradient = LocalTileKernel("conv2d_tile", "conv2d_weight_gradient_tile")
}

extension ConvProblem {
  /// y = epilogue(conv2d(x, w) + bias): a product of output pixels by output channels.
  func enqueueForwardTile(_ configuration: LocalTile, _ operands: ConvOperands) throws {
    let (device, y) = (operands.device, operands.y)
    let (m, n) = (batch * outSize.height * outSize.width, outChannels / geometry.groups)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvTileKernels.forward[configuration], over: configuration.grid(m: m, n: n, batches: geometry.groups),
      [
        .buffer(operands.x.buffer), .buffer(operands.weight.buffer),
        .buffer(operands.biasBuffer(channels: outChannels)), .buffer(y.buffer),
      ] + sizeArguments + operands.epilogue.arguments(writing: y.buffer))
  }

  /// x = epilogue(transposed convolution of y + bias): for each phase of the stride, a product of pixels by channels.
  func enqueueTransposedTile(_ configuration: LocalTile, _ operands: ConvOperands) throws {
    let (device, x) = (operands.device, operands.x)
    let (stride, dilation) = (geometry.stride, geometry.dilation)
    let (m, n) = (phasePixels, channels / geometry.groups)
    let products = geometry.groups * stride.height * stride.width
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvTileKernels.inputGradient[configuration], over: configuration.grid(m: m, n: n, batches: products),
      [
        .buffer(operands.y.buffer), .buffer(operands.weight.buffer), .buffer(operands.biasBuffer(channels: channels)),
        .buffer(x.buffer),
      ] + sizeArguments
        + [
          // How many taps lie between two that meet the same phase.
          .int(stride.height / stride.height.greatestCommonDivisor(with: dilation.height)),
          .int(stride.width / stride.width.greatestCommonDivisor(with: dilation.width)),
        ] + operands.epilogue.arguments(writing: x.buffer))
  }

  /// dweight (+)= the gradient of the weights: a product of weights before the output channel by output channels, over all
  /// pixels. One launch, and one that adds up the chunks of pixels where there are several.
  func enqueueWeightGradientTile(_ configuration: LocalTile, _ operands: ConvGradientOperands) throws {
    let (device, dweight) = (operands.device, operands.dweight)
    let m = weightShape[0] * weightShape[1] * weightShape[2]
    let n = outChannels / geometry.groups
    let pixels = batch * outSize.height * outSize.width
    let split = configuration.split(m: m, n: n, k: pixels, batches: geometry.groups, on: device.traits)
    let isWhole = split.count == 1
    let target = isWhole ? dweight : try device.tensor([split.count] + weightShape)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvTileKernels.weightGradient[configuration],
      over: configuration.grid(m: m, n: n, batches: geometry.groups * split.count),
      [.buffer(operands.x.buffer), .buffer(operands.dy.buffer), .buffer(target.buffer)] + sizeArguments
        + [.int(split.chunk), .int(isWhole && operands.accumulate ? 1 : 0)])
    if !isWhole { try addParts(target, count: split.count, to: dweight, accumulate: operands.accumulate) }
  }

  /// What the three kernels are told of the convolution, in their order.
  private var sizeArguments: [KernelArgument] {
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
