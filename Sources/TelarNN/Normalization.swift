/// How a byte of an image becomes the number that a network is given: (byte / 255 − mean) / deviation.
public struct Normalization: Sendable, Hashable {
  public var mean: Double
  public var deviation: Double

  /// From 0 to 1.
  public static let unit = Normalization(mean: 0, deviation: 1)

  /// - Precondition: both are finite and the deviation is above zero.
  public init(mean: Double, deviation: Double) {
    precondition(mean.isFinite && deviation.isFinite && deviation > 0, "a normalization by \(mean) and \(deviation)")
    self.mean = mean
    self.deviation = deviation
  }

  /// What a byte is multiplied by.
  public var scale: Float { Float(1 / (255 * deviation)) }
  /// What is added then.
  public var shift: Float { Float(-mean / deviation) }

  /// The pixel, from 0 to 1, that a number of the network stands for.
  public func pixel(_ value: Float) -> Float { value * Float(deviation) + Float(mean) }

  public var json: JSON { .object(["mean": .number(mean), "deviation": .number(deviation)]) }
}
