/// Loss and hits gathered on the device over many batches, so that a training loop reads them once per interval.
///
/// The loss functions add to it when it is given to them; the sum of losses is compensated, so that its error does not
/// grow with the number of batches.
public final class RunningMetrics {
  /// Sum of loss · examples and the sum's rounding error, as floats; hits and examples, as 32-bit integers.
  package let buffer: Buffer

  /// What was gathered.
  public struct Values: Sendable, Equatable {
    /// The mean loss of the examples.
    public var loss: Double
    /// In how many of them the largest logit was the label's; 0 for losses without labels.
    public var correct: Int
    public var examples: Int

    public var accuracy: Double { Double(correct) / Double(examples) }
  }

  public init(on device: any Device) throws {
    buffer = try device.allocate(byteCount: 16)
    try reset()
  }

  /// Starts again from zero.
  public func reset() throws { try buffer.device.fill(buffer, at: 0, byteCount: 16, pattern: 0) }

  /// What was gathered, to the last bit, for ``restore(_:)``. Waits for the device.
  package func snapshot() throws -> [UInt32] { try buffer.read(UInt32.self, count: 4) }

  /// Goes on from what ``snapshot()`` found.
  package func restore(_ snapshot: [UInt32]) throws {
    precondition(snapshot.count == 4, "a snapshot of \(snapshot.count) words")
    try buffer.write(snapshot)
  }

  /// What was gathered since the last ``reset()``; the loss is NaN without examples. Waits for the device.
  public func values() throws -> Values {
    let words = try snapshot()
    let sum = Double(Float(bitPattern: words[0])) + Double(Float(bitPattern: words[1]))
    return Values(loss: sum / Double(words[3]), correct: Int(words[2]), examples: Int(words[3]))
  }
}
