/// Kernels in `moving_average.cl`.
private enum MovingAverageKernels {
  static let update = Kernel("moving_average", "moving_average")
}

/// average + (x − average) · share, in place.
///
/// - Shapes: both alike
/// - Cost: one launch.
public func updateMovingAverage(_ average: Tensor, by x: Tensor, share: Float) throws {
  precondition(average.count == x.count, "an average of \(average.count) numbers and \(x.count) new ones")
  try checkIndexable("updateMovingAverage", x.count)
  try x.device.launch(
    MovingAverageKernels.update, over: x.device.elementwiseGrid(x.count), moving: 3 * x.count,
    [.buffer(x.buffer), .buffer(average.buffer), .int(x.count), .float(share)])
}
