import CKernels

/// Kernels in `weighted_cross_entropy.cl` and `weighted_cross_entropy_tile.cl`.
private enum WeightedCrossEntropyKernels {
  static let labelWeights = FamilyKernel("weighted_cross_entropy", "sum_label_weights")
  static let rows = FamilyKernel("weighted_cross_entropy", "weighted_cross_entropy_rows")
}

/// What ``crossEntropy(_:labels:weights:labelSmoothing:metrics:)`` weights classes by.
public struct ClassWeights {
  let tensor: Tensor
  let sum: Float

  /// - Parameter weights: one a class, none below 0 and not all 0.
  public init(_ weights: [Float], on device: any Device) throws {
    precondition(
      weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.contains { $0 > 0 }, "weights of classes: \(weights)")
    tensor = try device.tensor([weights.count], weights)
    sum = Float(weights.reduce(0) { $0 + Double($1) })
  }

  public var count: Int { tensor.count }
}

/// The cross entropy of softmax(logits) against labels, weighted by class, and against smoothed labels: a label's class has
/// the probability 1 − labelSmoothing + labelSmoothing / classes, each other one labelSmoothing / classes.
///
/// loss = Σᵢ ((1 − s) w[yᵢ] (−log p[yᵢ]) + s / classes · Σ_c w[c] (−log p[c])) / Σᵢ w[yᵢ] over the rows i with labels y; a
/// label outside of 0 ..< classes makes it NaN.
/// - Shapes: logits `[N, classes]`, labels `[N]`, a weight a class → `[1]`
/// - Parameters:
///   - labelSmoothing: s, from 0 to 1.
///   - metrics: gathers loss and hits, if given.
/// - Throws: ``ShapeError`` when logits is not a matrix, the labels are not as many as its rows, or the weights not as many as
///   its columns.
/// - Cost: three launches, the gradient included.
/// - Source: semantics of torch.nn.functional.cross_entropy; Szegedy et al. 2016 for smoothed labels.
public func crossEntropy(
  _ logits: Tensor, labels: LabelTensor, weights: ClassWeights, labelSmoothing: Float = 0,
  metrics: RunningMetrics? = nil
) throws -> Tensor {
  precondition(0...1 ~= labelSmoothing, "labels are smoothed by 0 to 1, not \(labelSmoothing)")
  let (rows, columns) = try matrixShape(logits, "crossEntropy")
  guard weights.count == columns else {
    throw ShapeError("crossEntropy", "\(weights.count) weights of classes for logits of shape \(logits.shape)")
  }
  let device = logits.device
  return try rowLoss(logits, labels: labels, scale: 1, metrics) { gradient, losses, hits, chunks in
    let total = try device.tensor([1])
    try device.launch(
      WeightedCrossEntropyKernels.labelWeights, over: device.chunkGrid(1), moving: 2 * rows,
      [
        .buffer(weights.tensor.buffer), .buffer(labels.buffer), .buffer(total.buffer), .int(rows), .int(columns),
      ])
    try device.launch(
      WeightedCrossEntropyKernels.rows, over: device.rowLossGrid(rows, chunks),
      moving: (gradient == nil ? 1 : 2) * logits.count + rows,
      [
        .buffer(logits.buffer), .buffer(labels.buffer), .buffer(weights.tensor.buffer), .buffer(total.buffer),
        .buffer(gradient?.buffer ?? losses), .buffer(losses), .buffer(hits), .int(rows), .int(columns),
      ] + (device.traits.isVector ? [.int(chunks.length)] : [])
        + [.float(labelSmoothing), .float(weights.sum), .int(gradient == nil ? 0 : 1)])
  }
}
