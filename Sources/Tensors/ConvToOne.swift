/// Transposed convolution to one channel on processors of the vector family. Kernel in `conv2d_to_one.cl`.
enum ToOneKernels {
  /// What drivers compile the kernel for. `phase` is what the stride leaves of the padding.
  struct Shape: Hashable {
    var side, stride, phase: Int
  }

  static let toOne: [Shape: Kernel] = {
    var kernels: [Shape: Kernel] = [:]
    for side in 2...6 {
      for (stride, phase) in [(1, 0), (2, 0), (2, 1)] {
        kernels[Shape(side: side, stride: stride, phase: phase)] = Kernel(
          "conv2d_to_one", "conv2d_to_one", options: ["SIDE": side, "STRIDE": stride, "PHASE": phase])
      }
    }
    return kernels
  }()

  /// `WEIGHT_FLOATS` and `KEPT_FLOATS`.
  static let (weightFloats, keptFloats) = (8192, 65536)
  /// Lines of the highest tiles of outputs, a multiple of those of the others.
  static let tileLines = 4
  /// Zeros that a line has beside it at most: as many before it as the largest filter reaches, and three more behind it,
  /// where the last tile has a single column.
  static let overhang = 5 + 8
  /// Work-items for each of a processor's threads, so that they finish together: of strips, where images are few, and of
  /// several images, for which the filter is packed once, where they are many.
  static let (stripsPerUnit, itemsPerUnit) = (4, 10)
}

extension ConvProblem {
  /// The kernel that does the transposed pass so, if there is one. The filter and lines of y lie in private memory, of
  /// which only processors have enough.
  private func toOneKernel(on device: any Device) -> Kernel? {
    let (side, stride, padding) = (geometry.kernelSize.height, geometry.stride.height, geometry.padding)
    let phase = padding.height % stride
    guard device.properties.kind == .cpu, channels == 1, geometry.dilation == 1,
      geometry.kernelSize.width == side, geometry.stride.width == stride, padding.width % stride == phase,
      let kernel = ToOneKernels.toOne[.init(side: side, stride: stride, phase: phase)]
    else { return nil }
    let width = device.properties.vectorTiles[0].width
    let lanes = outChannels.dividedUp(by: width) * width
    // Those that reach a tile, which starts `phase` behind a multiple of the stride.
    let lines = (ToOneKernels.tileLines - 1 + phase) / stride + (side - 1 - phase) / stride + 1
    let kept = lanes * lines * (outSize.width + ToOneKernels.overhang)
    return lanes * side * side <= ToOneKernels.weightFloats && kept <= ToOneKernels.keptFloats ? kernel : nil
  }

  /// x = activation(transposed convolution of y + bias), where there is a kernel that does it in one launch; false
  /// where there is none.
  func enqueueToOne(_ y: Tensor, _ w: Tensor, _ bias: Tensor?, _ activation: Activation, _ x: Tensor) throws -> Bool {
    let device = y.device
    guard let kernel = toOneKernel(on: device) else { return false }
    let units = device.properties.computeUnits
    let strips = (units * ToOneKernels.stripsPerUnit).dividedUp(by: batch)
    let step = ToOneKernels.tileLines
    let strip = size.height.dividedUp(by: strips).dividedUp(by: step) * step
    let images = batch.dividedUp(by: units * ToOneKernels.itemsPerUnit)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      kernel, over: Grid(size.height.dividedUp(by: strip), batch.dividedUp(by: images)),
      [
        .buffer(y.buffer), .buffer(w.buffer), .buffer(try bias?.buffer ?? device.zeros(byteCount: 4)),
        .buffer(x.buffer), .int(batch), .pair(size), .pair(outSize), .int(outChannels),
        .int(geometry.kernelSize.height), .int(geometry.stride.height), .pair(geometry.padding), .int(strip),
        .int(images),
      ] + activation.arguments)
    return true
  }
}
