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
  guard labels.count == rows else {
    throw ShapeError("crossEntropy", "\(labels.count) labels for logits of shape \(logits.shape)")
  }
  let device = logits.device
  let tape = Tape.of(logits)
  // A work-item of the vector family does a chunk of rows; in the tile family several do each row.
  let isVector = device.traits.isVector
  let chunks = isVector ? ReductionChunks.labels(rows) : ReductionChunks(of: rows, most: rows, shortest: 1)
  let losses = try device.allocate(byteCount: chunks.count * 4)
  let hits = try device.allocate(byteCount: chunks.count * 4)
  let gradient = try tape.map { _ in try device.tensor(logits.shape) }
  let scale = 1 / Float(rows)
  let groupItems = Int(LOSS_GROUP_ITEMS)
  try device.launch(
    SoftmaxKernels.crossEntropyRows,
    over: isVector
      ? device.itemGrid(chunks.count) : Grid(rows * Int(LOSS_ROW_ITEMS), local: (groupItems, 1, 1)),
    moving: (gradient == nil ? 1 : 2) * logits.count + rows,
    [
      .buffer(logits.buffer), .buffer(labels.buffer), .buffer(gradient?.buffer ?? losses), .buffer(losses),
      .buffer(hits), .int(rows), .int(columns),
    ] + (isVector ? [.int(chunks.length)] : []) + [.float(scale), .int(gradient == nil ? 0 : 1)])
  let loss = try finishLoss(losses, hits: hits, chunks: chunks.count, scale: scale, examples: rows, metrics)
  if let tape, let gradient { tape.recordLoss(loss, of: logits, gradient: gradient) }
  return loss
}
