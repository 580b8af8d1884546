import Telar

/// The pace of a run in wall time, including everything between epochs.
struct Pace {
  private var start: (epoch: Int, share: Double, time: ContinuousClock.Instant)?

  /// Adds the end of an epoch.
  mutating func note(epoch: Int) {
    if start == nil { start = (epoch, 0, .now) }
  }

  /// The estimated seconds to the end of the run; `nil` until there is enough to estimate from.
  mutating func secondsLeft(epoch: Int, share: Double, epochs: Int) -> Double? {
    let now = ContinuousClock.now
    guard let start else {
      start = (epoch - 1, share, now)
      return nil
    }
    let done = Double(epoch - 1) + share - Double(start.epoch) - start.share
    guard done > 0.02 else { return nil }
    let remaining = Double(epochs) - Double(epoch - 1) - share
    return start.time.duration(to: now).seconds / done * remaining
  }
}
