/// Kernels in `clip.cl` and `clip_tile.cl`.
private enum ClipKernels {
  static let squareSum = FamilyKernel("clip", "square_sum")
  static let factor = FamilyKernel("clip", "clip_factor")
}

/// Multiplies gradients by min(1, limit / (norm + 1e-6)), in place, where the norm is the root of the sum of all squares, so
/// that it is at most `limit` then.
///
/// - Shapes: any
/// - Returns: what they were multiplied by, `[1]`.
/// - Cost: three launches.
/// - Source: semantics of torch.nn.utils.clip_grad_norm_; Pascanu et al. 2013.
@discardableResult
public func clip(gradients: Tensor, toNorm limit: Float) throws -> Tensor {
  precondition(limit > 0, "gradients are clipped to a norm above 0, not \(limit)")
  try checkIndexable("clip", gradients.count)
  let device = gradients.device, count = gradients.count
  let chunks = ReductionChunks.elements(count, on: device)
  let squares = try device.allocate(byteCount: chunks.count * 4), factor = try device.tensor([1])
  try device.launch(
    ClipKernels.squareSum, over: device.chunkGrid(chunks.count), moving: count + chunks.count,
    [.buffer(gradients.buffer), .buffer(squares), .int(count), .int(chunks.length)])
  try device.launch(
    ClipKernels.factor, over: device.chunkGrid(1), moving: chunks.count,
    [.buffer(squares), .buffer(factor.buffer), .int(chunks.count), .float(limit)])
  try device.launch(
    ElementwiseKernels.scaleByScalar, over: device.elementwiseGrid(count), moving: 2 * count,
    [
      .buffer(gradients.buffer), .buffer(factor.buffer), .buffer(gradients.buffer), .int(count), .float(1),
    ])
  return factor
}
