import CKernels

/// Kernels in `penalty.cl`.
private enum PenaltyKernels {
  static let absoluteTerms = Kernel("penalty", "absolute_terms")
  static let sample = Kernel("penalty", "sample_normal")
  static let sampleGradient = Kernel("penalty", "sample_normal_gradient")
  static let divergenceGradient = Kernel("penalty", "divergence_gradient")
}

/// Adds a penalty on the size of activations to the loss that is computed next while recording: weight · Σ |x| / N, for a
/// batch of N. Without a tape it does nothing.
///
/// - Shapes: x `[N, …]`
/// - Returns: x, whose uses have the gradient of x beside the penalty's.
/// - Cost: one launch, and one or two where the loss adds it; none for its gradient but the addition.
@discardableResult
public func penalizeAbsoluteValues(of x: Tensor, weight: Float) throws -> Tensor {
  guard let tape = Tape.of(x) else { return x }
  try checkIndexable("penalizeAbsoluteValues", x.count)
  let device = x.device
  let terms = try device.tensor(x.shape), gradient = try device.tensor(x.shape)
  try device.launch(
    PenaltyKernels.absoluteTerms, over: device.elementwiseGrid(x.count), moving: 3 * x.count,
    [
      .buffer(x.buffer), .buffer(terms.buffer), .buffer(gradient.buffer), .int(x.count),
      .float(weight / Float(x.shape[0])),
    ])
  tape.addPenalty(Penalty(terms: terms, of: x) { gradient })
  let y = x.viewed(as: x.shape), function = tape.outputFunction(of: x)
  // As for other views, the epilogue of what follows can apply the gradient of x's output function.
  tape.record(y, outputFunction: function) { try tape.accumulate($0, into: x, before: function) }
  return y
}

/// Numbers drawn from normal distributions, and the divergence of these from the standard one as a penalty: the bottleneck of
/// a variational autoencoder.
///
/// z = μ + e^(ℓ / 2) ε with ε from Philox4x32-10 by the key. While recording, weight · Σ (μ² + e^ℓ − 1 − ℓ) / 2 / N is added
/// to the loss that is computed next.
/// - Shapes: x `[N, 2 F]`, the means μ in front of the logarithms of variances ℓ → `[N, F]`
/// - Throws: ``ShapeError`` for other than an even number of features.
/// - Cost: one launch and one for the gradient; the penalty takes one or two where the loss adds it, and one for its gradient.
/// - Source: Kingma and Welling, arXiv:1312.6114.
public func sampleNormal(_ x: Tensor, divergenceWeight weight: Float, key: DropoutKey) throws -> Tensor {
  let (rows, features) = try meansAndVariances(x, "sampleNormal")
  let device = x.device
  device.stepValues.setDropoutStep(key.step)
  let z = try device.tensor([rows, features]), terms = try device.tensor([rows, features])
  let scale = weight / Float(rows)
  try device.launch(
    PenaltyKernels.sample, over: device.planeGrid(features.dividedUp(by: Int(SAMPLED_ELEMENTS)), rows),
    moving: 4 * z.count,
    [
      .buffer(x.buffer), .buffer(z.buffer), .buffer(terms.buffer), .buffer(try device.stepValues.buffer(on: device)),
      .int(rows), .int(features), .uint(UInt32(truncatingIfNeeded: key.seed)), .uint(UInt32(key.seed >> 32)),
      .uint(key.layer), .float(scale),
    ])
  guard let tape = Tape.of(x) else { return z }
  let grid = device.planeGrid(device.vectors(in: features), rows)
  tape.record(z) { dz in
    let dx = try device.tensor(x.shape)
    try device.launch(
      PenaltyKernels.sampleGradient, over: grid, moving: 5 * z.count,
      [
        .buffer(dz.buffer), .buffer(x.buffer), .buffer(z.buffer), .buffer(dx.buffer), .int(rows), .int(features),
      ])
    try tape.accumulate(dx, into: x)
  }
  guard weight != 0 else { return z }
  tape.addPenalty(
    Penalty(terms: terms, of: x) {
      let dx = try device.tensor(x.shape)
      try device.launch(
        PenaltyKernels.divergenceGradient, over: grid, moving: 4 * z.count,
        [.buffer(x.buffer), .buffer(dx.buffer), .int(rows), .int(features), .float(scale)])
      return dx
    })
  return z
}

/// The means of what ``sampleNormal(_:divergenceWeight:key:)`` draws from. No gradient.
///
/// - Shapes: x `[N, 2 F]` → `[N, F]`
/// - Throws: ``ShapeError`` for other than an even number of features.
/// - Cost: one launch.
public func means(of x: Tensor) throws -> Tensor {
  let (rows, features) = try meansAndVariances(x, "means")
  let y = try x.device.tensor([rows, features])
  try copyColumns(features, of: x, from: 0, to: y, at: 0)
  return y
}

private func meansAndVariances(_ x: Tensor, _ place: String) throws -> (rows: Int, features: Int) {
  let (rows, columns) = try matrixShape(x, place)
  guard columns % 2 == 0 else {
    throw ShapeError(place, "the input must have a mean and a variance for each feature, not \(columns) numbers")
  }
  return (rows, columns / 2)
}

/// What is added to a loss: the sum of terms on the device.
struct Penalty {
  let terms: Tensor
  /// What the terms are of.
  let x: Tensor
  /// Makes the derivatives of the terms' sum by x.
  let gradient: () throws -> Tensor

  init(terms: Tensor, of x: Tensor, gradient: @escaping () throws -> Tensor) {
    self.terms = terms
    self.x = x
    self.gradient = gradient
  }
}
