/// A step of training: forward, loss, backward, optimizer. Nothing in it waits for the device, and once the pool is
/// warm nothing is allocated there.
///
/// ```swift
/// let train = try TrainingStep(network, Adam(learningRate: 1e-3))
/// for _ in 0..<steps {
///   loss = try train { mode in try crossEntropy(network(images, mode), labels: labels) }
/// }
/// ```
public final class TrainingStep {
  public let network: Network
  public let optimizerState: OptimizerState
  /// The learning rate of each step; `nil` for the optimizer's own.
  public var schedule: Schedule?
  /// Steps done: the number of the next one. Dropout is drawn by it.
  public var step = 0

  private let tape = Tape()

  public init(_ network: Network, _ optimizer: any Optimizer, schedule: Schedule? = nil) throws {
    self.network = network
    self.schedule = schedule
    optimizerState = try OptimizerState(optimizer, for: network)
  }

  /// Takes one step down the gradient of the loss that `body` computes.
  ///
  /// - Parameter body: runs the network in the mode that it is given and returns the loss, one number on the device.
  /// - Returns: the loss before the step. Reading it waits for the device.
  @discardableResult
  public func callAsFunction(_ body: (Mode) throws -> Tensor) throws -> Tensor {
    network.clearGradients()
    let loss = try tape.recording { try body(.training(step: step)) }
    try tape.backward(from: loss)
    try optimizerState.update(learningRate: schedule?(step))
    step += 1
    return loss
  }
}
