import CKernels

/// Cross entropy of softmax. Kernels in `softmax.cl` and `loss_tile.cl`.
enum SoftmaxKernels {
  static let crossEntropyRows = FamilyKernel("softmax", "cross_entropy_rows", tileProgram: "loss_tile")
}

/// The mean cross entropy of softmax(logits) against labels.
///
/// loss = mean over rows of log Σ exp(x) − x[label]; a label outside of 0 ..< classes makes it NaN.
/// - Shapes: logits `[N, classes]`, labels `[N]` → `[1]`
/// - Parameter metrics: gathers loss and hits, if given.
/// - Throws: ``ShapeError`` when logits is not a matrix or the labels are not as many as its rows.
/// - Cost: two launches, in which the gradient is computed too; none for the gradient when the loss is what
///   the backward pass starts from.
/// - Source: semantics of torch.nn.functional.cross_entropy.
public func crossEntropy(_ logits: Tensor, labels: LabelTensor, metrics: RunningMetrics? = nil) throws -> Tensor {
  let (rows, columns) = try matrixShape(logits, "crossEntropy")
  let device = logits.device, scale = 1 / Float(rows)
  return try rowLoss(logits, labels: labels, scale: scale, metrics) { gradient, losses, hits, chunks in
    try device.launch(
      SoftmaxKernels.crossEntropyRows, over: device.rowLossGrid(rows, chunks),
      moving: (gradient == nil ? 1 : 2) * logits.count + rows,
      [
        .buffer(logits.buffer), .buffer(labels.buffer), .buffer(gradient?.buffer ?? losses), .buffer(losses),
        .buffer(hits), .int(rows), .int(columns),
      ] + (device.traits.isVector ? [.int(chunks.length)] : []) + [.float(scale), .int(gradient == nil ? 0 : 1)])
  }
}

/// A loss of rows of logits with their labels.
///
/// - Parameters:
///   - scale: what the sum of the chunks' losses is multiplied by.
///   - launch: computes the gradient, where there is one, and each chunk's losses and hits.
func rowLoss(
  _ logits: Tensor, labels: LabelTensor, scale: Float, _ metrics: RunningMetrics?,
  _ launch: (_ gradient: Tensor?, _ losses: Buffer, _ hits: Buffer, _ chunks: ReductionChunks) throws -> Void
) throws -> Tensor {
  let rows = logits.shape[0], device = logits.device
  guard labels.count == rows else {
    throw ShapeError("crossEntropy", "\(labels.count) labels for logits of shape \(logits.shape)")
  }
  let tape = Tape.of(logits)
  // A work-item of the vector family does a chunk of rows; in the tile family several do each row.
  let chunks =
    device.traits.isVector ? ReductionChunks.labels(rows) : ReductionChunks(of: rows, most: rows, shortest: 1)
  let losses = try device.allocate(byteCount: chunks.count * 4)
  let hits = try device.allocate(byteCount: chunks.count * 4)
  let gradient = try tape.map { _ in try device.tensor(logits.shape) }
  try launch(gradient, losses, hits, chunks)
  let loss = try finishLoss(losses, hits: hits, chunks: chunks.count, scale: scale, examples: rows, metrics)
  if let tape, let gradient { tape.recordLoss(loss, of: logits, gradient: gradient) }
  return loss
}

extension Device {
  /// The grid of a loss of rows.
  func rowLossGrid(_ rows: Int, _ chunks: ReductionChunks) -> Grid {
    traits.isVector
      ? itemGrid(chunks.count) : Grid(rows * Int(LOSS_ROW_ITEMS), local: (Int(LOSS_GROUP_ITEMS), 1, 1))
  }
}
