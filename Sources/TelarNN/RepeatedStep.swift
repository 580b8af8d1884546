import Compute
import Tensors

/// What is known of a repeated training step.
enum RepeatedStep {
  /// It ran once: kernels are built, and memory is pooled.
  case seen
  case recorded(Recording)
  /// It does more than launch kernels, or the device records nothing.
  case notRecordable
}

/// Forward and backward pass of a training step, recorded on a device, and what they do on the host.
struct Recording {
  private let commands: any CommandBuffer
  private let loss: (loss: Tensor, pending: PendingLoss?)
  /// The tuned kernels that there were.
  private let choices: [TunedProduct: TunedKernel]
  /// What the passes leave of each parameter's gradient.
  private let gradients: [(isSet: Bool, parts: GradientSlot.Parts?)]
  /// The batches that each layer counted.
  private let batches: [Int64]

  /// - Parameter counts: the network's ``Network/batchCounts`` before.
  init(
    _ commands: any CommandBuffer, of network: Network, loss: (loss: Tensor, pending: PendingLoss?),
    since counts: [Int64]
  ) {
    self.commands = commands
    self.loss = loss
    choices = network.device.tuning.choices
    gradients = network.arena.slots.map(\.state)
    batches = zip(network.batchCounts, counts).map { $0 - $1 }
  }

  /// Whether the passes would launch the same now.
  func isCurrent(on device: any Device) -> Bool {
    commands.isUsable && device.profiler == nil && device.tuning.log == nil && device.tuning.choices == choices
  }

  /// Enqueues the passes again.
  func enqueue(for network: Network) throws -> (loss: Tensor, pending: PendingLoss?) {
    try commands.enqueue()
    for (slot, state) in zip(network.arena.slots, gradients) { slot.state = state }
    network.count(batches)
    return loss
  }
}

extension Network {
  /// Whether a training step launches the same each time: whether all layers are Telar's own.
  var isRepeatable: Bool {
    architecture.parts.allSatisfy(\.layers.repeatsLaunches)
  }

  /// The batches that each layer has counted.
  var batchCounts: [Int64] { parts.flatMap(\.batchCounts) }

  /// Adds to the batches that each layer has counted.
  func count(_ batches: [Int64]) {
    var rest = batches[...]
    for part in parts { part.count(&rest) }
  }
}
