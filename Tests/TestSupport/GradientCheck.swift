import Testing

/// Compares the oracle's gradient of Σ output · dy with central differences of the oracle's own forward pass.
///
/// - Precondition: the function is smooth within `step` of the input.
public func expectGradient(
  _ gradient: OracleTensor, ofInput x: OracleTensor, dy: OracleTensor, step: Double = 1e-4, relative: Double = 1e-6,
  _ name: String, sourceLocation: SourceLocation = #_sourceLocation, of forward: (OracleTensor) -> OracleTensor
) {
  #expect(gradient.shape == x.shape, sourceLocation: sourceLocation)
  func objective(_ x: OracleTensor) -> Double {
    let y = forward(x)
    precondition(y.shape == dy.shape, "an output of \(y.shape) for a gradient of \(dy.shape)")
    return zip(y.values, dy.values).reduce(0) { $0 + $1.0 * $1.1 }
  }
  for i in x.values.indices {
    var (up, down) = (x, x)
    up.values[i] += step
    down.values[i] -= step
    let difference = (objective(up) - objective(down)) / (2 * step)
    if !(abs(difference - gradient.values[i]) <= relative * (1 + abs(gradient.values[i]))) {
      Issue.record(
        "\(name): the gradient at \(i) is \(gradient.values[i]), by differences \(difference)",
        sourceLocation: sourceLocation)
      return
    }
  }
}
