import TelarNN
import TelarStudies

/// Compares two devices: all operators on random shapes, and a step of the eight benchmark networks. The first device
/// computes everything twice, and must give the same bits.
public struct Parity: Sendable {
  /// The comparison of an operator, or of a network's step.
  public struct Result: Sendable, Equatable {
    /// The operator with the number of its case, or the network: `conv2d-3`, `manolucos-ae-64-96`.
    public var name: String
    public var device: String
    public var against: String
    public var outcome: Outcome

    public init(name: String, device: String, against: String, _ outcome: Outcome) {
      self.name = name
      self.device = device
      self.against = against
      self.outcome = outcome
    }

    public var isPassed: Bool { outcome.isPassed }

    /// One line of JSON: case, device, against, ok, worst and, where that is null, error.
    public var json: String {
      outcome.json(["case": .string(name), "device": .string(device), "against": .string(against)])
    }

    /// `conv2d-3: worst 0.034 of the bound (grad_weight[12])`, or the difference.
    public var line: String {
      let size = outcome.worst.map { "worst \(rounded($0)) of the bound" } ?? "no number"
      let detail = outcome.error.map { ": \($0)" } ?? outcome.place.map { " (\($0))" } ?? ""
      return "\(isPassed ? "" : "FAIL ")\(name): \(size)\(detail)"
    }
  }

  /// The seed of shapes and values.
  public var seed: UInt64
  public var casesPerOperator: Int

  public init(seed: UInt64 = 1, casesPerOperator: Int = 6) {
    self.seed = seed
    self.casesPerOperator = casesPerOperator
  }

  /// Runs all comparisons.
  ///
  /// - Parameter report: called with each result when it is done.
  /// - Returns: the first result outside its bound.
  public func run(_ device: any Device, against reference: any Device, _ report: (Result) throws -> Void) throws
    -> Result?
  {
    var first: Result?
    func compare(_ name: String, _ body: () throws -> Bound.Worst) throws {
      let outcome: Outcome
      do { outcome = Outcome(try body()) } catch { outcome = Outcome(error: "\(error)") }
      let result = Result(
        name: name, device: device.properties.identifier, against: reference.properties.identifier, outcome)
      if !result.isPassed && first == nil { first = result }
      try report(result)
    }
    for (op, make) in RandomCases.makers {
      for number in 0..<casesPerOperator {
        let name = "\(op)-\(number)"
        var random = RandomCases(seed: seed, name: name)
        let (given, bound) = make(&random)
        try compare(name) { try Self.worst(of: given.named(name), bound, on: device, against: reference) }
      }
    }
    for network in BenchmarkNetwork.all {
      try compare(network.name) { try NetworkParity(network, seed: seed).worst(on: device, against: reference) }
    }
    return first
  }

  private static func worst(
    of given: OperatorCase, _ kind: RandomCases.BoundKind, on device: any Device, against reference: any Device
  ) throws -> Bound.Worst {
    let expected = try given.results(on: reference)
    let found = try given.repeatedResults(on: device)
    let magnitudes = try kind.terms == nil ? [:] : given.magnitude.results(on: reference)
    var worst = Bound.Worst(fraction: 0, place: "output", detail: nil)
    for name in expected.keys.sorted() {
      guard let result = found[name], let wanted = expected[name], result.shape == wanted.shape else {
        throw CaseError("\(name) is missing or has another shape")
      }
      let bound = kind.bound(of: name, magnitude: magnitudes[name]?.values)
      let ratio = bound.worst(name, result.values, wanted.values)
      guard let fraction = ratio.fraction else { return ratio }
      if fraction > worst.fraction! { worst = ratio }
    }
    return worst
  }
}

extension OperatorCase {
  func named(_ name: String) -> OperatorCase {
    var copy = self
    copy.name = name
    return copy
  }

  /// The same operator on absolute values, which gives the magnitude of a sum.
  var magnitude: OperatorCase {
    var copy = self
    copy.tensors = tensors.mapValues(\.magnitude)
    for key in ["alpha", "beta"] {
      if let value = attributes[key]?.double { copy.attributes[key] = .number(abs(value)) }
    }
    return copy
  }
}

/// A training step on two devices with the same parameters, images and dropout masks.
private struct NetworkParity {
  let network: BenchmarkNetwork
  let seed: UInt64
  private let batch = 8

  init(_ network: BenchmarkNetwork, seed: UInt64) {
    self.network = network
    self.seed = seed
  }

  /// Output, loss, gradients and running statistics of a step on a device.
  private func step(on device: any Device) throws -> [(name: String, values: [Float])] {
    let model = try Network(network.architecture, on: device, inputShape: BenchmarkNetwork.inputShape, seed: seed)
    var random = RandomCases(seed: seed, name: network.name)
    let images = try device.tensor([batch, 28, 28, 1], random.uniform(batch * 28 * 28).map { ($0 + 1) / 2 })
    let labels = try device.labels((0..<batch).map { Int32($0 % 10) })
    let tape = Tape()
    var output: Tensor?
    let loss = try tape.recording {
      let y = try model(images, .training(step: 0))
      output = y
      return try network.loss(y, images: images, labels: labels)
    }
    try tape.backward(from: loss)
    var results = [("output", try output!.values()), ("loss", try loss.values())]
    for parameter in model.parameters {
      let gradient = try parameter.tensor.gradient?.tensor
      results.append(
        (gradient == nil ? parameter.key : "gradient of \(parameter.key)", try (gradient ?? parameter.tensor).values()))
    }
    return results
  }

  func worst(on device: any Device, against reference: any Device) throws -> Bound.Worst {
    let (found, again) = try Repetition.twice(on: device) { try step(on: device) }
    if let difference = Repetition.difference(found, again) { return difference }
    var worst = Bound.Worst(fraction: 0, place: "output", detail: nil)
    for (found, expected) in zip(found, try step(on: reference)) {
      // Errors of the layers before accumulate, and an element near a kink of ReLU or a tie of a pooling window may
      // fall on either side, so the bound is a share of the largest element.
      let largest = expected.values.reduce(0) { max($0, abs(Double($1))) }
      let bound = Bound.within(absolute: 1e-3 * largest + 1e-7, relative: 0)
      let ratio = bound.worst(found.name, found.values, expected.values)
      guard let fraction = ratio.fraction else { return ratio }
      if fraction > worst.fraction! { worst = ratio }
    }
    return worst
  }
}
