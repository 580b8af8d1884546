import CKernels

/// Losses by element other than the squared error. Kernels in `pointwise_loss.cl` and `pointwise_loss_tile.cl`.
private enum PointwiseLoss {
  static let kernel = FamilyKernel("pointwise_loss", "pointwise_loss")
}

/// The mean of |prediction − target| over all elements; the gradient is 0 where they are equal.
///
/// - Shapes: prediction and target alike → `[1]`
/// - Throws: ``ShapeError`` when the shapes differ.
/// - Cost: as ``meanSquaredError(_:_:metrics:)``.
/// - Source: semantics of torch.nn.functional.l1_loss.
public func meanAbsoluteError(_ prediction: Tensor, _ target: Tensor, metrics: RunningMetrics? = nil) throws -> Tensor {
  try pointwiseLoss("meanAbsoluteError", LOSS_ABSOLUTE, prediction, target, metrics, isSymmetric: true)
}

/// The mean of Huber's loss over all elements: d² / 2 for a difference |d| ≤ delta, delta (|d| − delta / 2) beyond.
///
/// - Shapes: prediction and target alike → `[1]`
/// - Parameter delta: more than 0.
/// - Throws: ``ShapeError`` when the shapes differ.
/// - Cost: as ``meanSquaredError(_:_:metrics:)``.
/// - Source: semantics of torch.nn.functional.huber_loss; Huber 1964.
public func huberLoss(
  _ prediction: Tensor, _ target: Tensor, delta: Float = 1, metrics: RunningMetrics? = nil
) throws -> Tensor {
  precondition(delta > 0, "Huber's delta is more than 0, not \(delta)")
  return try pointwiseLoss("huberLoss", LOSS_HUBER, prediction, target, metrics, isSymmetric: true, delta: delta)
}

/// The mean binary cross entropy −(t log p + (1 − t) log (1 − p)) of probabilities p for targets t, both from 0 to 1, over
/// all elements. Logarithms are cut off at −100. The target gets no gradient.
///
/// Where the probabilities are a sigmoid's output, its input's gradient is (p − t) / count, without a division.
/// - Shapes: probabilities and target alike → `[1]`; the loss is NaN when a probability is not from 0 to 1.
/// - Throws: ``ShapeError`` when the shapes differ.
/// - Cost: two launches, the gradient included.
/// - Source: semantics of torch.nn.functional.binary_cross_entropy.
public func binaryCrossEntropy(
  _ probabilities: Tensor, _ target: Tensor, metrics: RunningMetrics? = nil
) throws -> Tensor {
  try pointwiseLoss("binaryCrossEntropy", LOSS_BINARY, probabilities, target, metrics)
}

/// The mean binary cross entropy of sigmoid(logits) for targets from 0 to 1 over all elements, exact for large logits too.
/// The target gets no gradient.
///
/// - Shapes: logits and target alike → `[1]`
/// - Throws: ``ShapeError`` when the shapes differ.
/// - Cost: two launches, the gradient included.
/// - Source: semantics of torch.nn.functional.binary_cross_entropy_with_logits.
public func binaryCrossEntropyWithLogits(
  _ logits: Tensor, _ target: Tensor, metrics: RunningMetrics? = nil
) throws -> Tensor {
  try pointwiseLoss("binaryCrossEntropyWithLogits", LOSS_BINARY_LOGITS, logits, target, metrics)
}

private func pointwiseLoss(
  _ name: String, _ kind: Int32, _ prediction: Tensor, _ target: Tensor, _ metrics: RunningMetrics?,
  isSymmetric: Bool = false, delta: Float = 0
) throws -> Tensor {
  try elementwiseLoss(name, PointwiseLoss.kernel, prediction, target, metrics, isSymmetric: isSymmetric, slope: 1) {
    // The gradient is by the sigmoid's input already.
    let isSigmoid = kind == LOSS_BINARY && $0 == .activation(.sigmoid)
    let function = isSigmoid ? .none : $0
    return function.arguments + [.int(isSigmoid ? LOSS_BINARY_SIGMOID : kind), .float(delta)]
  }
}
