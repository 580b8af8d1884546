/// Operators that work element by element. Kernels in `elementwise.cl`.
enum ElementwiseKernels {
  static let activationForward = Kernel("elementwise", "activation_forward")
  static let activationBackward = Kernel("elementwise", "activation_backward")
  static let add = Kernel("elementwise", "add")
}

extension Device {
  /// A grid for kernels whose work-items compute a vector of consecutive elements each.
  package func elementwiseGrid(_ count: Int) -> Grid {
    let width = properties.vectorTiles[0].width
    return Grid((count + width - 1) / width, local: (properties.family == .tile ? 64 : 16, 1, 1))
  }
}

/// The activation of every element.
///
/// - Shapes: any → the same
/// - Cost: one launch; reads x, writes y. The gradient needs y only.
public func activation(_ x: Tensor, _ kind: Activation) throws -> Tensor {
  let y = try x.device.tensor(x.shape)
  try x.device.launch(
    ElementwiseKernels.activationForward, over: x.device.elementwiseGrid(x.count),
    [.buffer(x.buffer), .buffer(y.buffer), .int(x.count)] + kind.arguments)
  if let tape = Tape.of(x) {
    tape.record(y) { dy in
      try tape.accumulate(activationGradient(dy, y, kind), into: x)
    }
  }
  return y
}

/// The gradient of an activation's input, from its output y.
///
/// - Shapes: dy, y any → the same
public func activationGradient(_ dy: Tensor, _ y: Tensor, _ kind: Activation) throws -> Tensor {
  let dx = try dy.device.tensor(dy.shape)
  try dy.device.launch(
    ElementwiseKernels.activationBackward, over: dy.device.elementwiseGrid(dy.count),
    [.buffer(dy.buffer), .buffer(y.buffer), .buffer(dx.buffer), .int(dy.count)] + kind.arguments)
  return dx
}

/// a + b, element by element.
///
/// - Shapes: a and b alike → the same
/// - Throws: ``ShapeError`` when the shapes differ.
public func sum(_ a: Tensor, _ b: Tensor) throws -> Tensor {
  guard a.shape == b.shape else { throw ShapeError("sum", "shapes \(a.shape) and \(b.shape) differ") }
  let y = try a.device.tensor(a.shape)
  try a.device.launch(
    ElementwiseKernels.add, over: a.device.elementwiseGrid(a.count),
    [.buffer(a.buffer), .buffer(b.buffer), .buffer(y.buffer), .int(a.count)])
  if let tape = Tape.of(a, b) {
    tape.record(y) { dy in
      if a.requiresGradient { try tape.accumulate(dy, into: a) }
      if b.requiresGradient { try tape.accumulate(dy, into: b) }
    }
  }
  return y
}
