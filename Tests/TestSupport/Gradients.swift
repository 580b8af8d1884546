import Tensors
import Testing

/// The output and gradients of an operator that runs under a tape on tensors between canaries.
public struct GradientRun {
  public let output: Tensor
  /// The gradients of the inputs, in their order.
  public let gradients: [Tensor]
  private let canaries: Canaries

  /// - Parameters:
  ///   - inputs: the inputs of the operator; each gets a gradient.
  ///   - dy: the gradient of the output. If the output has another shape, there is no backward pass.
  ///   - alreadyThere: the value of the gradients before, which are then accumulated; by default they are overwritten.
  public init(
    on device: any Device, _ inputs: [OracleTensor], dy: OracleTensor, alreadyThere: Float? = nil,
    _ body: ([Tensor]) throws -> Tensor
  ) throws {
    let canaries = Canaries(on: device)
    var slots: [GradientSlot] = []
    let leaves = try inputs.map { values in
      let slot = GradientSlot(tensor: try canaries.tensor(values.shape))
      if let alreadyThere {
        try slot.tensor.buffer.write([Float](repeating: alreadyThere, count: values.count))
        _ = try slot.claim()
      }
      slots.append(slot)
      let tensor = try canaries.tensor(values)
      return Tensor(shape: tensor.shape, buffer: tensor.buffer, gradient: slot, requiresGradient: true)
    }
    let tape = Tape()
    output = try tape.recording { try body(leaves) }
    if output.shape == dy.shape { try tape.backward(from: output, seed: canaries.tensor(dy)) }
    gradients = try slots.map { try $0.tensor }
    self.canaries = canaries
  }

  /// Records an issue for each canary that was overwritten.
  public func checkCanaries(_ test: TestCase) throws { try canaries.check(test) }
}
