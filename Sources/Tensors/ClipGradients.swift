/// Kernels in `clip.cl`.
private enum ClipKernels {
  static let clip = Kernel("clip", "clip_to_norm")
}

/// Multiplies gradients by min(1, limit / (norm + 1e-6)), in place, where the norm is the root of the sum of all squares, so
/// that it is at most `limit` then.
///
/// - Shapes: any
/// - Cost: three or four launches.
/// - Source: semantics of torch.nn.utils.clip_grad_norm_; Pascanu et al. 2013.
public func clip(gradients: Tensor, toNorm limit: Float) throws {
  precondition(limit > 0, "gradients are clipped to a norm above 0, not \(limit)")
  try checkIndexable("clip", gradients.count)
  let device = gradients.device, count = gradients.count
  let chunks = ReductionChunks.elements(count, on: device)
  let squares = try device.tensor([chunks.count]), sum = try device.tensor([1])
  try device.launch(
    ReduceKernels.chunkSquareSum, over: device.chunkGrid(chunks.count), moving: count + chunks.count,
    [.buffer(gradients.buffer), .buffer(squares.buffer), .int(count), .int(chunks.length)])
  try sumElements(squares, into: sum.buffer, scale: 1, accumulate: false)
  try device.launch(
    ClipKernels.clip, over: device.elementwiseGrid(count), moving: 2 * count,
    [.buffer(gradients.buffer), .buffer(sum.buffer), .int(count), .float(limit)])
}
