/// Depthwise convolutions, with a filter for each channel, on processors. Kernels in `conv2d_depthwise.cl`.
enum ConvDepthwiseKernels {
  static let forward = Kernel("conv2d_depthwise", "conv2d_depthwise")
  static let transposed = Kernel("conv2d_depthwise", "conv2d_depthwise_transposed")
  static let weightGradient = Kernel("conv2d_depthwise", "conv2d_depthwise_weight_gradient")
}

extension ConvProblem {
  /// Whether each of several channels has one filter.
  func isDepthwise(_ traits: DeviceTraits) -> Bool {
    traits.isVector && channels > 1 && geometry.groups == channels && outChannels == channels
  }

  /// The forward pass. One launch.
  func enqueueDepthwise(_ operands: ConvOperands) throws {
    let (device, y) = (operands.device, operands.y)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvDepthwiseKernels.forward, over: Grid(outSize.height, batch),
      [
        .buffer(operands.x.buffer), .buffer(operands.weight.buffer),
        .buffer(operands.biasBuffer(channels: channels)), .buffer(y.buffer),
      ] + depthwiseShape + operands.epilogue.arguments(writing: y.buffer))
  }

  /// The transposed pass. One launch.
  func enqueueDepthwiseTransposed(_ operands: ConvOperands) throws {
    let (device, x) = (operands.device, operands.x)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvDepthwiseKernels.transposed, over: Grid(size.height, batch),
      [
        .buffer(operands.y.buffer), .buffer(operands.weight.buffer),
        .buffer(operands.biasBuffer(channels: channels)), .buffer(x.buffer),
      ] + depthwiseShape + operands.epilogue.arguments(writing: x.buffer))
  }

  /// The weight gradient. Two launches, or one where the batch is one part.
  func enqueueDepthwiseGradient(_ operands: ConvGradientOperands) throws {
    try inParts(items: 1, operands) { partial, parts in
      try operands.device.launch(
        ConvDepthwiseKernels.weightGradient, over: Grid(parts),
        [.buffer(operands.x.buffer), .buffer(operands.dy.buffer), .buffer(partial.buffer)] + depthwiseShape
          + [.int(parts)])
    }
  }

  private var depthwiseShape: [KernelArgument] {
    [
      .int(batch), .pair(size), .int(channels), .pair(outSize), .pair(geometry.kernelSize), .pair(geometry.stride),
      .pair(geometry.padding), .pair(geometry.dilation),
    ]
  }
}
