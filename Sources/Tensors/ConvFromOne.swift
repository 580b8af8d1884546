/// Convolution of one channel on processors of the vector family, but for the forward pass of first layers of 3×3; so also
/// the gradients of a transposed convolution to one channel. Kernels in `conv2d_from_one.cl`.
enum FromOneKernels {
  static let forward = Kernel("conv2d_from_one", "conv2d_from_one")
  static let gradient = Kernel("conv2d_from_one", "conv2d_from_one_gradient")

  /// `LINE_FLOATS`.
  static let lineFloats = 16384
  /// `PANEL_VECTORS`.
  static let panelVectors = 512
  /// `PLACES`.
  static let places = 14
  /// What there is a function for, across; `LARGEST_FILTER` is the most each way.
  static let filters = 2...7
  static let strides = 1...2
  /// Work-items for each of a processor's threads, so that they finish together: of strips, where images are few, and of
  /// several images, for which the filters are packed once, where they are many.
  static let (stripsPerUnit, itemsPerUnit) = (4, 15)
  /// Vectors of filters up to which the weights' gradient is had so, of filters up to three across and of wider ones: for
  /// more, register tiles of two vectors repay the padded copy of the images.
  static func mostGradientVectors(across: Int) -> Int { across <= 3 ? 1 : 4 }
}

extension ConvProblem {
  /// Whether the forward pass is done so.
  func isFromOne(on device: any Device) -> Bool {
    hasFiltersForOne(on: device) && longestForwardStrip > 0
  }

  /// Whether the weights' gradient is.
  func isFromOneGradient(on device: any Device) -> Bool {
    hasFiltersForOne(on: device) && longestGradientStrip > 0
      && device.vectors(in: outChannels) <= FromOneKernels.mostGradientVectors(across: geometry.kernelSize.width)
  }

  /// Lines of images lie in private memory, of which only processors have enough.
  private func hasFiltersForOne(on device: any Device) -> Bool {
    let (kernelSize, stride, filters) = (geometry.kernelSize, geometry.stride, FromOneKernels.filters)
    return device.properties.kind == .cpu && device.properties.family == .vector
      && channels == 1 && geometry.dilation == 1
      && filters.contains(kernelSize.width) && kernelSize.height <= filters.upperBound
      && FromOneKernels.strides.contains(stride.width)
  }

  /// y = epilogue(convolution of x + bias). One launch.
  func enqueueFromOne(_ x: Tensor, _ w: Tensor, _ bias: Tensor?, _ epilogue: Epilogue, _ y: Tensor) throws {
    let device = x.device
    let units = device.properties.computeUnits
    let strips = (units * FromOneKernels.stripsPerUnit).dividedUp(by: batch)
    let strip = min(outSize.height.dividedUp(by: strips), longestForwardStrip)
    let images = batch.dividedUp(by: units * FromOneKernels.itemsPerUnit)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      FromOneKernels.forward, over: Grid(outSize.height.dividedUp(by: strip), batch.dividedUp(by: images)),
      [
        .buffer(x.buffer), .buffer(w.buffer), .buffer(try bias?.buffer ?? device.zeros(byteCount: outChannels * 4)),
        .buffer(y.buffer),
      ] + shape + [.int(strip), .int(images)] + epilogue.arguments(writing: y.buffer))
  }

  /// dw (+)= the gradient of the weights. Two launches at most.
  func enqueueFromOneGradient(_ x: Tensor, _ dy: Tensor, to dw: Tensor, accumulate: Bool) throws {
    let columns = x.device.vectors(in: outChannels)
    try inParts(items: columns, x, dy, to: dw, accumulate: accumulate) { partial, parts in
      try x.device.launch(
        FromOneKernels.gradient, over: Grid(columns, parts),
        [.buffer(x.buffer), .buffer(dy.buffer), .buffer(partial.buffer)] + shape
          + [.int(min(longestGradientStrip, outSize.height)), .int(parts)])
    }
  }

  private var shape: [KernelArgument] {
    [
      .int(batch), .pair(size), .pair(outSize), .int(outChannels), .pair(geometry.kernelSize), .pair(geometry.stride),
      .pair(geometry.padding),
    ]
  }

  /// Lines of y for which there is room; 0 where there is none for one.
  private var longestForwardStrip: Int {
    let tiles = outSize.width.dividedUp(by: FromOneKernels.places)
    return longestStrip(places: tiles * FromOneKernels.places, linesBelow: 0)
  }

  /// The same for the weights' gradient.
  private var longestGradientStrip: Int {
    min(FromOneKernels.panelVectors / outSize.width, longestStrip(places: outSize.width, linesBelow: 1))
  }

  private func longestStrip(places: Int, linesBelow: Int) -> Int {
    let length = (places - 1) * geometry.stride.width + geometry.kernelSize.width
    let lines = FromOneKernels.lineFloats / length - linesBelow - geometry.kernelSize.height
    return lines < 0 ? 0 : lines / geometry.stride.height + 1
  }
}
