/// What pixels become before a network sees them: (pixel / 255 − mean) / deviation.
public struct Normalization: Sendable, Hashable {
  public var mean: Double
  /// More than zero.
  public var deviation: Double

  /// - Precondition: the deviation is more than zero.
  public init(mean: Double, deviation: Double) {
    precondition(deviation > 0, "a deviation of \(deviation) is not more than zero")
    self.mean = mean
    self.deviation = deviation
  }

  /// Pixels from 0 to 1, as they are.
  public static let none = Normalization(mean: 0, deviation: 1)

  /// A network's input for a pixel.
  public func callAsFunction(_ pixel: UInt8) -> Float { Float((Double(pixel) / 255 - mean) / deviation) }

  /// The grey, 0 black to 1 white, that an input or a reconstruction of it stands for; it may lie outside.
  public func grey(_ value: Float) -> Float { Float(Double(value) * deviation + mean) }

  /// `{"mean":0.5,"deviation":0.5}`
  public var json: JSON { .object(["mean": .number(mean), "deviation": .number(deviation)]) }
}
