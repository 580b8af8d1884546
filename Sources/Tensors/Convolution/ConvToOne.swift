import CKernels

/// Transposed convolution to one channel on processors of the vector family. Kernel in `conv2d_to_one.cl`.
enum ToOneKernels {
  /// The compile-time specialization of the kernel.
  struct Shape: Hashable {
    var side, stride: Int
  }

  static let toOne: [Shape: Kernel] = {
    var kernels: [Shape: Kernel] = [:]
    for side in Int(TO_ONE_SMALLEST_SIDE)...Int(TO_ONE_LARGEST_SIDE) {
      for stride in 1...Int(TO_ONE_LARGEST_STRIDE) {
        kernels[Shape(side: side, stride: stride)] = Kernel(
          "conv2d_to_one", "conv2d_to_one", options: ["SIDE": side, "STRIDE": stride])
      }
    }
    return kernels
  }()

  /// The most of weights and sums that a work-item has room for.
  static let (weightFloats, sumFloats) = (Int(TO_ONE_WEIGHT_FLOATS), Int(TO_ONE_SUM_FLOATS))
  /// Work-items for each of a processor's threads, so that they finish together: of strips, where images are few, and of
  /// several images, for which the filter is packed once, where they are many.
  static let (stripsPerUnit, itemsPerUnit) = (4, 10)

  /// Rows at once, of cells of one output and of two by two.
  static func rows(ofCells cell: Int, vectorWidth: Int) -> Int {
    let (one, quad) =
      vectorWidth == 16
      ? (TO_ONE_ROWS_WIDE, TO_ONE_QUAD_ROWS_WIDE) : (TO_ONE_ROWS_NARROW, TO_ONE_QUAD_ROWS_NARROW)
    return Int(cell == 2 ? quad : one)
  }
}

/// The sizes of a transposed convolution to one channel by its kernel.
struct ToOnePlan {
  fileprivate let kernel: Kernel
  /// Rows of the cells that outputs lie in, and those that are summed at once.
  fileprivate let rows, rowsAtOnce: Int

  /// `nil` where the kernel cannot run it. The filter and sums lie in private memory.
  init?(_ problem: ConvProblem, _ traits: DeviceTraits) {
    let (geometry, size) = (problem.geometry, problem.size)
    let (side, stride, padding) = (geometry.kernelSize.height, geometry.stride.height, geometry.padding)
    guard traits.hasLargePrivateMemory, problem.channels == 1, geometry.dilation == 1,
      geometry.kernelSize.width == side, geometry.stride.width == stride,
      let kernel = ToOneKernels.toOne[.init(side: side, stride: stride)]
    else { return nil }
    let width = traits.vectorWidth
    let cell = stride == 2 && side.isMultiple(of: 2) ? 2 : 1
    let step = stride / cell
    rowsAtOnce = ToOneKernels.rows(ofCells: cell, vectorWidth: width)
    let cells = max((problem.outSize.width - 1) * step + side / cell, (padding.width + size.width - 1) / cell + 1)
    // With one vector more than is summed, which is read where a row of outputs has less than one.
    let pitch = (cells.dividedUp(by: width) + 1) * width
    let channels = width / (cell * cell)
    let weights = problem.outChannels.dividedUp(by: channels) * channels * side * side
    guard weights <= ToOneKernels.weightFloats, rowsAtOnce * pitch * width <= ToOneKernels.sumFloats else {
      return nil
    }
    rows = (padding.height + size.height - 1) / cell + 1 - padding.height / cell / step * step
    self.kernel = kernel
  }
}

extension ConvProblem {
  /// The transposed pass to one channel. One launch, and one more for a gradient as epilogue.
  ///
  /// - Precondition: there is a ``ToOnePlan``.
  func enqueueToOne(_ operands: ConvOperands) throws {
    let device = operands.device
    guard let plan = ToOnePlan(self, device.traits) else { preconditionFailure("no kernel to one channel for \(self)") }
    let units = device.traits.computeUnits
    let strips = (units * ToOneKernels.stripsPerUnit).dividedUp(by: batch)
    let strip = plan.rows.dividedUp(by: strips * plan.rowsAtOnce) * plan.rowsAtOnce
    let images = batch.dividedUp(by: units * ToOneKernels.itemsPerUnit)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try operands.enqueueThenGradient { activation in
      try device.launch(
        plan.kernel, over: Grid(plan.rows.dividedUp(by: strip), batch.dividedUp(by: images)),
        [
          .buffer(operands.y.buffer), .buffer(operands.weight.buffer), .buffer(operands.biasBuffer(channels: 1)),
          .buffer(operands.x.buffer), .int(batch), .pair(size), .pair(outSize), .int(outChannels),
          .int(geometry.kernelSize.height), .int(geometry.stride.height), .pair(geometry.padding), .int(strip),
          .int(images),
        ] + activation.arguments)
    }
  }
}
