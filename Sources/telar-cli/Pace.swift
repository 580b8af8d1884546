import Telar

/// How fast a run goes, by the clock on the wall, with everything that happens between epochs.
struct Pace {
  private var start: (epoch: Int, share: Double, time: ContinuousClock.Instant)?

  /// Takes note of an epoch's end.
  mutating func note(epoch: Int) {
    if start == nil { start = (epoch, 0, .now) }
  }

  /// Seconds to the end of the run at the pace since its beginning; `nil` while that is too short to say.
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
