/// The curve of one run, such as its validation loss by epoch, and numbers that describe its shape.
///
/// All numbers are relative to the curve itself, so that they mean the same for losses of any size. Accuracies are looked
/// at as errors, 1 − accuracy, so that "falls" is always "gets better".
package struct Curve: Sendable {
  private let values: [Double]
  /// The running median, without the noise of single epochs.
  private let level: [Double]

  /// The least number of epochs whose shape says anything.
  package static let leastCount = 4

  /// - Returns: `nil` with fewer than ``leastCount`` epochs, and for a curve that diverged to numbers that are not finite.
  package init?(_ values: [Double]) {
    guard values.count >= Self.leastCount, values.allSatisfy({ $0.isFinite && abs($0) < 1e100 }) else { return nil }
    self.values = values
    // A fifth of the epochs, at least three, narrower towards the ends so that it stays centred.
    let half = max(1, values.count / 10)
    level = values.indices.map { index in
      let reach = min(half, index, values.count - 1 - index)
      return Sample(Array(values[(index - reach)...(index + reach)])).median
    }
  }

  /// The height of the curve: the highest less the lowest level.
  private var span: Double { level.max()! - level.min()! }

  /// The level at the last epoch, by a robust line through the last third.
  private var end: Double {
    let last = Array(values.suffix(max(4, values.count / 3)))
    let slope = Self.slope(last)
    return Sample(last.enumerated().map { $1 + slope * Double(last.count - 1 - $0) }).median
  }

  /// The slope an epoch by Theil and Sen: the median over all pairs of epochs.
  ///
  /// - Cost: the square of the number of epochs; of more than 200 every k-th is taken.
  package static func slope(_ values: [Double]) -> Double {
    let step = 1 + (values.count - 1) / 200
    let places = Array(stride(from: 0, to: values.count, by: step))
    var slopes: [Double] = []
    slopes.reserveCapacity(places.count * places.count / 2)
    for (index, first) in places.enumerated() {
      for second in places[(index + 1)...] { slopes.append((values[second] - values[first]) / Double(second - first)) }
    }
    return slopes.isEmpty ? 0 : Sample(slopes).median
  }

  /// How rough the curve is: its typical swing as a share of its height.
  ///
  /// A swing is what the curve rises from one low to the next high, or drops from one high to the next low; the typical one
  /// is the median of either, whichever is less, so that a steady fall or rise does not count. A curve with less than three
  /// swings, or less than one in eight epochs, such as one that falls and then rises for good, counts as having more of
  /// height 0. 0 for a smooth curve, 1 for one that only goes up and down.
  package var roughness: Double {
    let typical = min(Self.typicalRise(values), Self.typicalRise(values.map { -$0 }))
    return typical == 0 ? 0 : span > 0 ? min(1, typical / span) : 1
  }

  private static func typicalRise(_ values: [Double]) -> Double {
    var rises: [Double] = []
    var rise = 0.0
    for (before, after) in zip(values, values.dropFirst()) {
      if after > before {
        rise += after - before
      } else if rise > 0 {
        rises.append(rise)
        rise = 0
      }
    }
    if rise > 0 { rises.append(rise) }
    let missing = max(0, max(3, values.count / 8) - rises.count)
    return Sample(rises + [Double](repeating: 0, count: missing)).median
  }

  /// How far the curve ends above its least level, as a share of that.
  package var riseAboveLeast: Double {
    let least = level.min()!
    return least > 0 ? end / least - 1 : 0
  }

  /// How far the curve ends below where it began, as a share of that; negative when it ends above.
  ///
  /// The beginning is the median of the first three epochs.
  package var totalFall: Double {
    let start = Sample(Array(values.prefix(3))).median
    return start > 0 ? 1 - end / start : 0
  }

  /// By how much the curve still falls after an epoch, as a share of its level there: a robust slope times the epochs.
  ///
  /// - Parameter epoch: from 1.
  /// - Returns: `nil` unless three more epochs follow.
  package func gain(after epoch: Int) -> Double? {
    guard epoch >= 1, epoch + 3 <= values.count, level[epoch - 1] > 0 else { return nil }
    let rest = Array(values[(epoch - 1)...])
    return -Self.slope(rest) * Double(rest.count - 1) / level[epoch - 1]
  }

  /// The epoch of the least level, after which a curve of validation images that overfits rises; the last epoch for a
  /// curve that does not end above its least level by ``overfittingShare``.
  package var overfittingStart: Int {
    riseAboveLeast > Self.overfittingShare ? level.firstIndex(of: level.min()!)! + 1 : values.count
  }

  /// From how far above its least level a curve counts as one that rises again.
  package static let overfittingShare = 0.05

  /// The first epoch whose level lies within a hundredth of the height above the least one.
  package var plateauStart: Int {
    let target = level.min()! + 0.01 * span
    return (level.firstIndex { $0 <= target } ?? values.count - 1) + 1
  }
}
