import Tensors

/// The exponential moving average of all of a network's numbers, running statistics too, over the steps of its training.
///
/// average ← average + (values − average) (1 − d) with d = min(decay, (1 + t) / (10 + t)) behind step t, so that an average
/// that has seen few steps follows them closely.
/// - Cost: as much memory as the network's numbers take, twice; a launch a step.
/// - Source: semantics of tf.train.ExponentialMovingAverage with num_updates.
public final class ParameterAverage {
  private let decay: Double
  private let network: Network
  /// As the network's arena.
  private let values, average: Tensor
  private let spare: Buffer

  private static let prefix = "average/"

  /// The average of a network that begins with its present values.
  ///
  /// - Parameter decay: from 0 to below 1.
  public init(of network: Network, decay: Double) throws {
    precondition(0 <= decay && decay < 1, "an average's decay of \(decay)")
    self.decay = decay
    self.network = network
    let arena = network.arena, count = arena.count
    values = Tensor(shape: [count], buffer: arena.values)
    average = try network.device.tensor([count])
    spare = try network.device.allocate(byteCount: count * 4)
    try copy(arena.values, to: average.buffer)
  }

  /// The average of another network of the same tensors, carried on for this one.
  public convenience init(_ other: ParameterAverage, goingOnFor network: Network) throws {
    try self.init(of: network, decay: other.decay)
    let found = try other.averages()
    try exchanging { for parameter in network.parameters { try parameter.write(found[parameter.key]!) } }
  }

  /// Takes the values behind a step in, whose number is from 0.
  public func update(step: Int) throws {
    let share = 1 - min(decay, Double(1 + step) / Double(10 + step))
    try updateMovingAverage(average, by: values, share: Float(share))
  }

  /// Runs `body` with the average in the network's place; what it writes there is the average then.
  public func exchanging<Result>(_ body: () throws -> Result) throws -> Result {
    try copy(values.buffer, to: spare)
    try copy(average.buffer, to: values.buffer)
    values.buffer.didChange()
    let result = Swift.Result { try body() }
    try copy(values.buffer, to: average.buffer)
    try copy(spare, to: values.buffer)
    values.buffer.didChange()
    return try result.get()
  }

  private func copy(_ source: Buffer, to target: Buffer) throws {
    try network.device.copy(from: source, at: 0, to: target, at: 0, byteCount: values.count * 4)
  }

  private func averages() throws -> [String: [Float]] {
    try exchanging { try network.parameters.reduce(into: [:]) { $0[$1.key] = try $1.values() } }
  }

  /// Adds the average to a file, `average/encoder.0.weight` in PyTorch's layout. Waits for the device.
  public func add(to writer: inout SafetensorsWriter) throws {
    let found = try averages()
    for parameter in network.parameters {
      writer.add(Self.prefix + parameter.key, shape: parameter.spec.shape, found[parameter.key]!)
    }
  }

  /// Takes the average from a file that ``add(to:)`` wrote for the same network.
  ///
  /// - Throws: `SafetensorsError` when something is missing or has another shape.
  public func load(from file: SafetensorsFile) throws {
    let found = try network.parameters.map { try file.floats(Self.prefix + $0.key, shape: $0.spec.shape) }
    try exchanging { for (parameter, values) in zip(network.parameters, found) { try parameter.write(values) } }
  }
}
