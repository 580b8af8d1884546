/// Transposed convolution to one channel on processors of the vector family. Kernel in `conv2d_scatter.cl`.
enum ScatterKernels {
  static let scatter = TiledKernel("conv2d_scatter", "conv2d_scatter")

  /// `SCATTER_LINES`.
  static let lines = 8
  /// `SCATTER_FLOATS`.
  static let lineFloats = 4096
  /// Work-items for each of a processor's threads, so that they finish together, where images and lines are enough.
  static let itemsPerUnit = 4
  /// Strides that a work-item's strip of lines has at least: strips sum what reaches into their neighbours too.
  static let leastStrides = 4
}

extension ConvProblem {
  /// Whether the transposed pass is done so. Lines of sums lie in private memory, of which only processors have enough.
  func isScatter(on device: any Device) -> Bool {
    let width = device.properties.vectorTiles[0].width
    let rows = width.dividedUp(by: geometry.stride.width)
    let length = max(
      (outSize.width - 1) * geometry.stride.width + width,
      geometry.padding.width + size.width.dividedUp(by: width) * width)
    return device.properties.kind == .cpu && channels == 1 && geometry.dilation == 1
      && max(geometry.kernelSize.height, geometry.stride.height) <= ScatterKernels.lines
      && geometry.kernelSize.width <= width
      && rows * length <= ScatterKernels.lineFloats
  }

  /// x = activation(transposed convolution of y + bias). Two launches.
  func enqueueScatter(_ y: Tensor, _ w: Tensor, _ bias: Tensor?, _ activation: Activation, _ x: Tensor) throws {
    let device = y.device
    // A vector holds a line of the kernel: for one line, the narrow tile.
    let tiles = device.properties.vectorTiles
    let tile = geometry.kernelSize.height == 1 ? tiles[tiles.count - 1] : tiles[0]
    let packed = try packedTaps(
      w, taps: geometry.kernelSize.height, columns: geometry.kernelSize.width, k: outChannels, width: tile.width,
      isTransposed: true)
    let strips = (device.properties.computeUnits * ScatterKernels.itemsPerUnit).dividedUp(by: batch)
    let strip = max(size.height.dividedUp(by: strips), ScatterKernels.leastStrides * geometry.stride.height)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ScatterKernels.scatter[tile], over: Grid(size.height.dividedUp(by: strip), batch),
      [
        .buffer(y.buffer), .buffer(packed.buffer), .buffer(try bias?.buffer ?? device.zeros(byteCount: 4)),
        .buffer(x.buffer), .int(batch), .pair(size), .pair(outSize), .int(outChannels), .pair(geometry.kernelSize),
        .pair(geometry.stride), .pair(geometry.padding), .int(strip),
      ] + activation.arguments)
  }
}
