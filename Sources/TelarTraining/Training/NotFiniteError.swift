/// A loss that is NaN or infinite, which ends a run.
public struct NotFiniteError: Error, Equatable, CustomStringConvertible {
  /// The first value that was not finite.
  public struct Origin: Equatable, Sendable {
    /// The step within the epoch, from 1.
    public var step: Int
    /// The tensor: `the output of encoder.4 (Linear)`.
    public var what: String

    public init(step: Int, what: String) {
      self.step = step
      self.what = what
    }
  }

  public var run: String
  public var epoch: Int
  /// `nil` where it could not be found.
  public var origin: Origin?

  public init(run: String, epoch: Int, origin: Origin? = nil) {
    self.run = run
    self.epoch = epoch
    self.origin = origin
  }

  public var description: String {
    let place = origin.map { "step \($0.step) of epoch \(epoch)" } ?? "epoch \(epoch)"
    let cause = origin.map { "; \($0.what) is the first that is not" } ?? ""
    return "\(run): the loss is not finite in \(place)\(cause). Try a smaller learning rate."
  }
}
