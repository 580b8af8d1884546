import Tensors

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
  /// Kept, so that a step allocates none.
  private let stepValues: Buffer
  /// Whether the network launches the same in each step, and repeated steps by their keys.
  private let isRepeatable: Bool
  private var repeated: [Int: RepeatedStep] = [:]
  /// The weights of batches on the device, kept so that a step makes none.
  private var seeds: [Double: Tensor] = [:]

  /// - Parameters:
  ///   - groups: parameters with other settings of the optimizer.
  ///   - schedule: the optimizer's learning rate of each step, which those of groups follow in proportion.
  /// - Throws: `AttributeError` for settings that the optimizer does not have, and groups that match nothing.
  public init(
    _ network: Network, _ optimizer: any Optimizer, groups: [ParameterGroup] = [], schedule: Schedule? = nil
  ) throws {
    self.network = network
    self.schedule = schedule
    isRepeatable = network.isRepeatable
    optimizerState = try OptimizerState(optimizer, groups: groups, for: network)
    stepValues = try network.device.stepValues.buffer(on: network.device)
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
    try update(finishing: nil)
    return loss
  }

  /// Takes one step down the weighted sum of the losses of several batches, which takes the memory of one batch.
  ///
  /// With each batch's share of the images as its weight, the gradient is that of all of them in one batch, but for batch
  /// normalization, whose statistics are each batch's own. Dropout masks differ between the batches.
  ///
  /// - Parameters:
  ///   - weights: one a batch.
  ///   - body: runs the network on a batch, given by its number from 0, and returns its loss.
  /// - Cost: that of the batches one by one, a launch for each weight that is not 1, and a launch for each parameter to add
  ///   its gradients where the kernels do not.
  public func callAsFunction(accumulating weights: [Double], _ body: (_ batch: Int, Mode) throws -> Tensor) throws {
    network.clearGradients()
    for (batch, weight) in weights.enumerated() {
      let loss = try tape.recording { try body(batch, .training(step: step * weights.count + batch)) }
      try tape.backward(from: loss, seed: seed(weight))
    }
    try update(finishing: nil)
  }

  /// A weight on the device; `nil` for 1.
  private func seed(_ weight: Double) throws -> Tensor? {
    if weight == 1 { return nil }
    if let seed = seeds[weight] { return seed }
    // Steps have few weights; a caller with ever new ones must not fill the memory.
    if seeds.count >= 16 { seeds.removeAll() }
    let seed = try network.device.tensor([1], [Float(weight)])
    seeds[weight] = seed
    return seed
  }

  /// The same for a step that is repeated: `body` launches the same with each call of a key, differs in the device's step
  /// values only, and returns what a loss function does, without reading it. On devices that record, the second call of a
  /// key records its launches, and later ones enqueue the recording without running `body`.
  ///
  /// - Returns: the loss, in memory that the next step with the key overwrites.
  @discardableResult
  package func callAsFunction(repeating key: Int, _ body: (Mode) throws -> Tensor) throws -> Tensor {
    guard isRepeatable else { return try self(body) }
    let device = network.device
    device.stepValues.setDropoutStep(UInt32(truncatingIfNeeded: step))
    optimizerState.announce(learningRate: schedule?(step))
    _ = try device.stepValues.buffer(on: device)
    let loss: (loss: Tensor, pending: PendingLoss?)
    switch repeated[key] {
    case .recorded(let recording) where recording.isCurrent(on: device):
      loss = try recording.enqueue(for: network)
    case .seen where device.profiler == nil && device.tuning.log == nil:
      loss = try record(key, body)
    case .notRecordable:
      loss = try differentiate(body)
    default:
      loss = try differentiate(body)
      repeated[key] = .seen
    }
    try update(finishing: loss.pending)
    return loss.loss
  }

  private func record(
    _ key: Int, _ body: (Mode) throws -> Tensor
  ) throws -> (loss: Tensor, pending: PendingLoss?) {
    var loss: (loss: Tensor, pending: PendingLoss?)?
    let counts = network.batchCounts
    let commands = try network.device.record { loss = try differentiate(body) }
    repeated[key] =
      commands.map { .recorded(Recording($0, of: network, loss: loss!, since: counts)) } ?? .notRecordable
    return loss!
  }

  /// Forward and backward pass. Where the optimizer can finish the loss, that is left to it.
  private func differentiate(_ body: (Mode) throws -> Tensor) throws -> (loss: Tensor, pending: PendingLoss?) {
    network.clearGradients()
    let result = try tape.recordingLoss { try body(.training(step: step)) }
    try tape.backward(from: result.loss)
    return result
  }

  private func update(finishing loss: PendingLoss?) throws {
    try optimizerState.update(learningRate: schedule?(step), finishing: loss)
    step += 1
  }
}
