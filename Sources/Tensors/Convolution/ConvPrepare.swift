/// What several routes of the vector family prepare before they convolve: padded images, and weights packed in panels of a
/// register tile's columns. Kernels in `conv2d_prepare.cl`.
enum ConvPrepareKernels {
  static let padImage = Kernel("conv2d_prepare", "pad_image")
  static let packTaps = Kernel("conv2d_prepare", "pack_taps")
}

extension ConvProblem {
  /// x with its padding around it, and the same convolution of that; of its rows and columns every `step`-th, a divisor of
  /// stride and dilation, whose windows look at no others. One launch at most.
  func padded(_ x: Tensor, step: Pair = 1) throws -> (problem: ConvProblem, x: Tensor) {
    if geometry.padding == 0 && step == 1 { return (self, x) }
    let size = Pair(paddedSize.height.dividedUp(by: step.height), paddedSize.width.dividedUp(by: step.width))
    let padded = try x.device.tensor([batch, size.height, size.width, channels])
    x.device.profiler?.declare(flops: 0, bytes: Double(min(x.count, padded.count) + padded.count) * 4)
    try x.device.launch(
      ConvPrepareKernels.padImage, over: Grid(size.height, batch),
      [
        .buffer(x.buffer), .buffer(padded.buffer), .int(batch), .pair(self.size), .int(channels),
        .pair(geometry.padding), .pair(size), .pair(step),
      ])
    var geometry = geometry
    geometry.padding = 0
    geometry.stride = Pair(geometry.stride.height / step.height, geometry.stride.width / step.width)
    geometry.dilation = Pair(geometry.dilation.height / step.height, geometry.dilation.width / step.width)
    let problem = ConvProblem(
      batch: batch, size: size, channels: channels, outSize: outSize, outChannels: outChannels, geometry: geometry)
    return (problem, padded)
  }

  /// The weight and bias in panels of a tile's columns, of which a group has `columns`, for the forward pass or for the
  /// transposed one. One launch; none in evaluation where the weight is packed already.
  func packedWeights(
    _ operands: ConvOperands, columns: Int, _ tile: RegisterTile, isTransposed: Bool
  ) throws -> Tensor {
    let device = operands.device
    let k = (isTransposed ? outChannels : channels) / geometry.groups
    let panels = columns.dividedUp(by: tile.columns) * geometry.groups
    let key = PreparedWeight.Key(
      kind: isTransposed ? .transposedTaps : .taps, columns: tile.columns, groups: geometry.groups)
    return try operands.weight.prepared(key, with: operands.bias) {
      let packed = try device.tensor([panels, 1 + taps * k, tile.columns])
      device.profiler?.declare(flops: 0, bytes: Double(operands.weight.count + packed.count) * 4)
      try device.launch(
        ConvPrepareKernels.packTaps, over: Grid(taps, panels),
        [
          .buffer(operands.weight.buffer), .buffer(operands.biasBuffer(channels: columns * geometry.groups)),
          .buffer(packed.buffer), .int(taps), .int(columns), .int(k), .int(geometry.groups), .int(tile.columns),
          .int(isTransposed ? 1 : 0),
        ])
      return packed
    }
  }
}
