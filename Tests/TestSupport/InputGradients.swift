import Tensors

/// The output of an operator and the gradients of its inputs, for the output's gradient dy, by default ones. The
/// gradient is `nil` for inputs that the output does not depend on.
public func gradients(
  of inputs: [Tensor], for dy: Tensor? = nil, _ forward: () throws -> Tensor
) throws -> (y: Tensor, inputs: [Tensor?]) {
  let tape = Tape()
  var result = [Tensor?](repeating: nil, count: inputs.count)
  // Each input is recorded as the output of an operator, which receives its gradient.
  for (index, input) in inputs.enumerated() { tape.record(input) { result[index] = $0 } }
  let y = try tape.recording(forward)
  try tape.backward(from: y, seed: dy)
  return (y, result)
}

/// The same for one input.
public func gradient(of input: Tensor, for dy: Tensor? = nil, _ forward: () throws -> Tensor) throws
  -> (y: Tensor, dx: Tensor)
{
  let result = try gradients(of: [input], for: dy, forward)
  return (result.y, result.inputs[0]!)
}

/// A parameter with a gradient slot.
public func parameter(_ values: OracleTensor, on device: any Device) throws -> Tensor {
  let tensor = try device.tensor(values.shape, values.floats)
  let slot = GradientSlot(tensor: try device.tensor(values.shape))
  return Tensor(shape: values.shape, buffer: tensor.buffer, gradient: slot, requiresGradient: true)
}
