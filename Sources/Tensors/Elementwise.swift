/// Operators that work element by element. Kernels in `elementwise.cl`.
enum ElementwiseKernels {
  static let activationForward = Kernel("elementwise", "activation_forward")
  static let activationBackward = Kernel("elementwise", "activation_backward")
  static let add = Kernel("elementwise", "add")
  static let scaleByScalar = Kernel("elementwise", "scale_by_scalar")
  static let broadcastScalar = Kernel("elementwise", "broadcast_scalar")
  static let exponential = Kernel("elementwise", "exponential")
}

/// The activation of every element.
///
/// - Shapes: any → the same
/// - Cost: one launch; reads x, writes y. The gradient needs y only.
public func activation(_ x: Tensor, _ kind: Activation) throws -> Tensor {
  try checkIndexable("activation", x.count)
  let y = try x.device.tensor(x.shape)
  try x.device.launch(
    ElementwiseKernels.activationForward, over: x.device.elementwiseGrid(x.count), moving: 2 * x.count,
    [.buffer(x.buffer), .buffer(y.buffer), .int(x.count)] + kind.arguments)
  if let tape = Tape.of(x) {
    tape.record(y, outputFunction: .activation(kind)) { dz in try tape.accumulate(dz, into: x) }
  }
  return y
}

/// The gradient of an activation's input, from its output y.
///
/// - Shapes: dy, y any → the same
public func activationGradient(_ dy: Tensor, _ y: Tensor, _ kind: Activation) throws -> Tensor {
  try preactivationGradient(dy, y, .activation(kind))
}

/// The gradient before an operator's output function, from its output y and the gradient of that.
func preactivationGradient(_ dy: Tensor, _ y: Tensor, _ function: OutputFunction) throws -> Tensor {
  try checkIndexable("activationGradient", dy.count)
  let dx = try dy.device.tensor(dy.shape)
  try enqueuePreactivationGradient(dy, y, function, to: dx)
  return dx
}

/// The same, to dx, which may be dy.
func enqueuePreactivationGradient(_ dy: Tensor, _ y: Tensor, _ function: OutputFunction, to dx: Tensor) throws {
  try dy.device.launch(
    ElementwiseKernels.activationBackward, over: dy.device.elementwiseGrid(dy.count), moving: 3 * dy.count,
    [.buffer(dy.buffer), .buffer(y.buffer), .buffer(dx.buffer), .int(dy.count)] + function.arguments)
}

/// a + b, element by element.
///
/// - Shapes: a and b alike → the same
/// - Throws: ``ShapeError`` when the shapes differ.
public func add(_ a: Tensor, _ b: Tensor) throws -> Tensor {
  guard a.shape == b.shape else { throw ShapeError("add", "shapes \(a.shape) and \(b.shape) differ") }
  try checkIndexable("add", a.count)
  let y = try a.device.tensor(a.shape)
  try a.device.launch(
    ElementwiseKernels.add, over: a.device.elementwiseGrid(a.count), moving: 3 * a.count,
    [.buffer(a.buffer), .buffer(b.buffer), .buffer(y.buffer), .int(a.count)])
  if let tape = Tape.of(a, b) {
    tape.record(y) { dy in
      if a.requiresGradient { try tape.accumulate(dy, into: a) }
      if b.requiresGradient { try tape.accumulate(dy, into: b) }
    }
  }
  return y
}

/// x · factor · scale, where factor is a tensor of one element on the device.
func scaled(_ x: Tensor, by factor: Tensor, scale: Float = 1) throws -> Tensor {
  let y = try x.device.tensor(x.shape)
  try x.device.launch(
    ElementwiseKernels.scaleByScalar, over: x.device.elementwiseGrid(x.count), moving: 2 * x.count,
    [.buffer(x.buffer), .buffer(factor.buffer), .buffer(y.buffer), .int(x.count), .float(scale)])
  return y
}

/// A tensor that holds value · scale everywhere, where value is a tensor of one element on the device.
func broadcast(_ value: Tensor, to shape: [Int], scale: Float = 1) throws -> Tensor {
  let y = try value.device.tensor(shape)
  try value.device.launch(
    ElementwiseKernels.broadcastScalar, over: value.device.elementwiseGrid(y.count), moving: y.count,
    [.buffer(value.buffer), .buffer(y.buffer), .int(y.count), .float(scale)])
  return y
}
