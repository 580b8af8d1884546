/// Activations whose gradients follow from the input. Kernels in `gated_units.cl`.
private enum GatedUnitKernels {
  static let siluForward = Kernel("gated_units", "silu_forward")
  static let siluBackward = Kernel("gated_units", "silu_backward")
  static let geluForward = Kernel("gated_units", "gelu_forward")
  static let geluBackward = Kernel("gated_units", "gelu_backward")
}

/// x / (1 + e⁻ˣ).
///
/// - Shapes: any → the same
/// - Cost: one launch; reads x, writes y. The gradient is one launch, which reads x again.
/// - Source: semantics of torch.nn.functional.silu.
public func silu(_ x: Tensor) throws -> Tensor {
  try gatedUnit(x, "silu", GatedUnitKernels.siluForward, GatedUnitKernels.siluBackward, [])
}

/// x · Φ(x), where Φ is the distribution function of the normal distribution.
///
/// - Shapes: any → the same
/// - Parameter approximates: whether Φ(x) is approximated by (1 + tanh(√(2/π) · (x + 0.044715 · x³))) / 2.
/// - Cost: one launch; reads x, writes y. The gradient is one launch, which reads x again.
/// - Source: semantics of torch.nn.functional.gelu; Hendrycks and Gimpel, arXiv:1606.08415.
public func gelu(_ x: Tensor, approximates: Bool = false) throws -> Tensor {
  try gatedUnit(
    x, "gelu", GatedUnitKernels.geluForward, GatedUnitKernels.geluBackward, [.int(approximates ? 1 : 0)])
}

private func gatedUnit(
  _ x: Tensor, _ place: String, _ forward: Kernel, _ backward: Kernel, _ settings: [KernelArgument]
) throws -> Tensor {
  try checkIndexable(place, x.count)
  let (device, grid, count) = (x.device, x.device.elementwiseGrid(x.count), KernelArgument.int(x.count))
  let y = try device.tensor(x.shape)
  try device.launch(
    forward, over: grid, moving: 2 * x.count, [.buffer(x.buffer), .buffer(y.buffer), count] + settings)
  if let tape = Tape.of(x) {
    tape.record(y) { dy in
      let dx = try device.tensor(x.shape)
      try device.launch(
        backward, over: grid, moving: 3 * x.count,
        [.buffer(dy.buffer), .buffer(x.buffer), .buffer(dx.buffer), count] + settings)
      try tape.accumulate(dx, into: x)
    }
  }
  return y
}
