/// How a byte of an image becomes the number that a network is given: (byte / 255 − mean) / deviation.
///
/// Mean and deviation are one for all channels, or one a channel.
public struct Normalization: Sendable, Hashable {
  /// One element for all channels, or an element a channel.
  public let mean: [Double]
  /// As many elements as ``mean``.
  public let deviation: [Double]

  /// From 0 to 1.
  public static let unit = Normalization(mean: 0, deviation: 1)

  /// - Precondition: both are finite and the deviation is above zero.
  public init(mean: Double, deviation: Double) { self.init(mean: [mean], deviation: [deviation]) }

  /// - Precondition: there are as many means as deviations, at least one; all are finite and the deviations above zero.
  public init(mean: [Double], deviation: [Double]) {
    precondition(
      !mean.isEmpty && mean.count == deviation.count && mean.allSatisfy(\.isFinite)
        && deviation.allSatisfy { $0.isFinite && $0 > 0 }, "a normalization by \(mean) and \(deviation)")
    self.mean = mean
    self.deviation = deviation
  }

  /// The number of channels that it is for; `nil` where it is the same for any number.
  public var channelCount: Int? { mean.count == 1 ? nil : mean.count }

  /// Whether it fits images of a number of channels.
  public func fits(channels: Int) -> Bool { channelCount == nil || channelCount == channels }

  /// What a byte of a channel is multiplied by.
  public func scale(_ channel: Int = 0) -> Float { Float(1 / (255 * deviation[place(channel)])) }

  /// What is added then.
  public func shift(_ channel: Int = 0) -> Float { Float(-mean[place(channel)] / deviation[place(channel)]) }

  /// The pixel, from 0 to 1, that a number of the network stands for.
  public func pixel(_ value: Float, _ channel: Int = 0) -> Float {
    value * Float(deviation[place(channel)]) + Float(mean[place(channel)])
  }

  private func place(_ channel: Int) -> Int { mean.count == 1 ? 0 : channel }

  /// Numbers where they are one for all channels, otherwise lists.
  public var json: JSON {
    func value(_ numbers: [Double]) -> JSON {
      numbers.count == 1 ? .number(numbers[0]) : .array(numbers.map(JSON.number))
    }
    return .object(["mean": value(mean), "deviation": value(deviation)])
  }
}
