/// Transposed convolution to one channel on processors of the vector family. Kernel in `conv2d_to_one.cl`.
enum ToOneKernels {
  static let toOne = Kernel("conv2d_to_one", "conv2d_to_one")

  /// `PRODUCT_FLOATS`.
  static let productFloats = 16384
  /// `LARGEST_STRIDE`.
  static let largestStride = 4
  /// Work-items for each of a processor's threads, so that they finish together, where images and lines are enough.
  static let itemsPerUnit = 4
  /// Strides that a work-item's strip of lines has, where that fits: strips multiply what reaches into their neighbours
  /// too.
  static let leastStrides = 4
}

extension ConvProblem {
  /// Whether the transposed pass is done so. The products of a strip lie in private memory, of which only processors
  /// have enough.
  func isToOne(on device: any Device) -> Bool {
    device.properties.kind == .cpu && channels == 1 && geometry.dilation == 1
      && geometry.stride.width <= ToOneKernels.largestStride && longestStrip(on: device) > 0
  }

  /// x = activation(transposed convolution of y + bias). One launch.
  func enqueueToOne(_ y: Tensor, _ w: Tensor, _ bias: Tensor?, _ activation: Activation, _ x: Tensor) throws {
    let device = y.device
    let strips = (device.properties.computeUnits * ToOneKernels.itemsPerUnit).dividedUp(by: batch)
    let wanted = max(size.height.dividedUp(by: strips), ToOneKernels.leastStrides * geometry.stride.height)
    let strip = min(wanted, longestStrip(on: device))
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ToOneKernels.toOne, over: Grid(size.height.dividedUp(by: strip), batch),
      [
        .buffer(y.buffer), .buffer(w.buffer), .buffer(try bias?.buffer ?? device.zeros(byteCount: 4)),
        .buffer(x.buffer), .int(batch), .pair(size), .pair(outSize), .int(outChannels), .pair(geometry.kernelSize),
        .pair(geometry.stride), .pair(geometry.padding), .int(strip),
      ] + activation.arguments)
  }

  /// Lines of x whose products fit; 0 where those of one do not.
  private func longestStrip(on device: any Device) -> Int {
    let (kernelSize, stride) = (geometry.kernelSize, geometry.stride)
    let places = (size.width + geometry.padding.width).dividedUp(by: stride.width)
    let width = device.properties.vectorTiles[0].width
    let reach = places.dividedUp(by: width) * width
    let lines = (ToOneKernels.productFloats - reach) / taps / width * width / outSize.width
    if lines >= outSize.height { return size.height }
    // A strip sees a line of y for each of its strides, and those that the kernel adds at its ends.
    return max(0, lines * stride.height - kernelSize.height + 1)
  }
}
