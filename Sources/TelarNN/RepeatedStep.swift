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
  private let loss: Tensor
  /// The tuned kernels that there were.
  private let choices: [TunedProduct: TunedKernel]
  /// Which parameters got a gradient.
  private let gradients: [Bool]
  /// The batches that each layer counted.
  private let batches: [Int64]

  /// - Parameter counts: the network's ``Network/batchCounts`` before.
  init(_ commands: any CommandBuffer, of network: Network, loss: Tensor, since counts: [Int64]) {
    self.commands = commands
    self.loss = loss
    choices = network.device.tuning.choices
    gradients = network.arena.trained.map { $0.parameter.tensor.gradient!.isSet }
    batches = zip(network.batchCounts, counts).map { $0 - $1 }
  }

  /// Whether the passes would launch the same now.
  func isCurrent(on device: any Device) -> Bool {
    commands.isUsable && device.profiler == nil && device.tuning.log == nil && device.tuning.choices == choices
  }

  /// Enqueues the passes again.
  func enqueue(for network: Network) throws -> Tensor {
    try commands.enqueue()
    for (index, isSet) in gradients.enumerated() {
      network.arena.trained[index].parameter.tensor.gradient!.mark(isSet)
    }
    network.count(batches)
    return loss
  }
}

extension Network {
  /// Whether a training step launches the same each time: whether all layers are Telar's own.
  var isRepeatable: Bool {
    architecture.parts.allSatisfy { part in part.layers.layers.allSatisfy { type(of: $0).repeatsLaunches } }
  }

  /// The batches that each layer has counted.
  var batchCounts: [Int64] { parts.flatMap(\.batchCounts) }

  /// Adds to the batches that each layer has counted.
  func count(_ batches: [Int64]) {
    var rest = batches[...]
    for part in parts { part.count(&rest) }
  }
}
