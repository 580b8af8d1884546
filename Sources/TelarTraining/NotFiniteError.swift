/// The loss is NaN or infinite: training cannot go on from there.
public struct NotFiniteError: Error, Equatable, CustomStringConvertible {
  public var run: String
  public var epoch: Int

  public init(run: String, epoch: Int) {
    self.run = run
    self.epoch = epoch
  }

  public var description: String {
    "\(run): the loss is not finite in epoch \(epoch). Try a smaller learning rate."
  }
}
