import CKernels

/// Pooling over windows. Kernels in `pool.cl`.
enum PoolKernels {
  static let maxForward = Kernel("pool", "pool_max_forward")
  static let maxForward2x2 = Kernel("pool", "pool_max_forward_2x2")
  static let maxBackward = Kernel("pool", "pool_max_backward")
  static let maxBackwardTiling = Kernel("pool", "pool_max_backward_tiling")
  static let averageForward = Kernel("pool", "pool_average_forward")
  static let averageBackward = Kernel("pool", "pool_average_backward")
  static let averageBackwardTiling = Kernel("pool", "pool_average_backward_tiling")
}

/// The largest value of each window; the gradient goes to where it was.
///
/// Of equal values the first in row order is taken, NaN wins over everything, and padding is never taken.
/// - Shapes: x `[N, H, W, C]` → `[N, Ho, Wo, C]`, sizes as ``PoolGeometry/outputSize(of:)``
/// - Throws: ``ShapeError`` for attributes that make no sense and a window larger than the padded image.
/// - Cost: one launch; reads x, writes y and, under a tape, two bytes per output. The gradient is one launch.
/// - Source: semantics of torch.nn.functional.max_pool2d.
public func maxPool2d(_ x: Tensor, _ geometry: PoolGeometry) throws -> Tensor {
  let tape = Tape.of(x)
  let y = try x.device.tensor(checkedPoolShape(x.shape, geometry, "maxPool2d"))
  let argmax = try tape == nil ? y.buffer : x.device.allocate(byteCount: y.count * 2)
  try geometry.enqueueMaxForward(MaxPoolOperands(x: x, y: y, argmax: argmax, keep: tape == nil ? .nothing : .all))
  if let tape {
    let inputShape = x.shape
    tape.record(y) { dy in
      try tape.accumulate(maxPool2dGradient(dy, argmax: argmax, geometry, inputShape: inputShape), into: x)
    }
  }
  return y
}

/// Which argmax max-pooling stores.
package enum KeptArgmax {
  case nothing, all, positive

  /// The number that the kernels know it by: `POOL_KEEP_…` in `pool.h`.
  var code: Int32 {
    switch self {
    case .nothing: POOL_KEEP_NOTHING
    case .all: POOL_KEEP_ARGMAX
    case .positive: POOL_KEEP_POSITIVE_ARGMAX
    }
  }
}

/// The tensors of a max-pooling.
package struct MaxPoolOperands {
  let x, y: Tensor
  /// Positions in the windows, as `ushort`; any buffer where nothing is kept.
  let argmax: Buffer
  let keep: KeptArgmax

  package init(x: Tensor, y: Tensor, argmax: Buffer, keep: KeptArgmax) {
    (self.x, self.y, self.argmax, self.keep) = (x, y, argmax, keep)
  }

  /// What is read and written, in floats.
  var floats: Int { x.count + y.count + (keep == .nothing ? 0 : y.count / 2) }
}

/// The tensors of a pooling's gradient.
package struct PoolGradientOperands {
  let dy, dx: Tensor
  /// `nil` for an average.
  let argmax: Buffer?
  /// What the gradient is multiplied by; 1 where windows overlap or touch padding.
  let scale: Float

  package init(dy: Tensor, dx: Tensor, argmax: Buffer?, scale: Float) {
    (self.dy, self.dx, self.argmax, self.scale) = (dy, dx, argmax, scale)
  }
}

/// The tensors of an average-pooling.
package struct AveragePoolOperands {
  let x, y: Tensor
}

/// The gradient of max-pooling's input, from the argmax (`ushort` positions in the windows), times `scale`, which only
/// windows that neither overlap nor touch padding can have.
func maxPool2dGradient(
  _ dy: Tensor, argmax: Buffer, _ geometry: PoolGeometry, inputShape: [Int], scale: Float = 1
) throws -> Tensor {
  precondition(scale == 1 || geometry.isTiling, "a scale for windows that overlap")
  let dx = try dy.device.tensor(inputShape)
  try geometry.enqueueMaxBackward(PoolGradientOperands(dy: dy, dx: dx, argmax: argmax, scale: scale))
  return dx
}

/// The average of each window.
///
/// The sum is divided by the window's size, or by the number of elements that are not padding where
/// ``PoolGeometry/countIncludePad`` is false.
/// - Shapes: x `[N, H, W, C]` → `[N, Ho, Wo, C]`, sizes as ``PoolGeometry/outputSize(of:)``
/// - Throws: ``ShapeError`` for attributes that make no sense and a window larger than the padded image.
/// - Cost: one launch, and one for the gradient.
/// - Source: semantics of torch.nn.functional.avg_pool2d.
public func avgPool2d(_ x: Tensor, _ geometry: PoolGeometry) throws -> Tensor {
  let shape = try checkedPoolShape(x.shape, geometry, "avgPool2d")
  let y = try x.device.tensor(shape)
  try PoolRoutes.averageForward.enqueue(
    geometry, AveragePoolOperands(x: x, y: y), KernelChoice(x.device.traits), on: x.device)
  if let tape = Tape.of(x) {
    let inputShape = x.shape
    tape.record(y) { dy in
      let dx = try dy.device.tensor(inputShape)
      try PoolRoutes.averageBackward.enqueue(
        geometry, PoolGradientOperands(dy: dy, dx: dx, argmax: nil, scale: 1), KernelChoice(dy.device.traits),
        on: dy.device)
      try tape.accumulate(dx, into: x)
    }
  }
  return y
}

/// The output's shape, with everything checked that a kernel takes for granted.
func checkedPoolShape(_ shape: [Int], _ geometry: PoolGeometry, _ place: String) throws -> [Int] {
  let output = try geometry.outputShape(of: shape, place)
  guard geometry.kernelSize.height * geometry.kernelSize.width <= POOL_NO_ARGMAX || place != "maxPool2d" else {
    throw ShapeError(place, "a window of \(geometry.kernelSize) has more than 65,535 positions")
  }
  try checkIndexable(place, shape.reduce(1, *), output.reduce(1, *))
  return output
}
