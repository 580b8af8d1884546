import CKernels

/// Dropout. Kernels in `dropout.cl`, `dropout_tile.cl` and `dropout_pool.cl`; masks are described in `philox.cl`.
enum DropoutKernels {
  static let forward = FamilyKernel("dropout", "dropout_forward")
  static let reluPool2x2 = Kernel("dropout_pool", "relu_dropout_pool_2x2")
  static let philoxBlocks = FamilyKernel("dropout", "philox_blocks")
}

/// What a dropout mask is drawn from: the same key, the same mask, on every device.
public struct DropoutKey: Hashable, Sendable {
  public var seed: UInt64
  public var layer: UInt32
  public var step: UInt32

  public init(seed: UInt64, layer: UInt32, step: UInt32) {
    self.seed = seed
    self.layer = layer
    self.step = step
  }
}

/// Sets elements to zero with the given probability and scales the others by 1 / (1 − probability).
///
/// The mask comes from the counter-based generator Philox4x32-10, as `philox.cl` describes; the probability is rounded
/// to a multiple of 2⁻¹⁶. Training only: in evaluation there is nothing to call.
/// - Shapes: any → the same
/// - Throws: ``ShapeError`` when the probability is not in 0 ... 1.
/// - Cost: one launch, and one for the gradient, which draws the mask again.
public func dropout(_ x: Tensor, probability: Float, key: DropoutKey) throws -> Tensor {
  let y = try applyDropout(x, probability: probability, key: key, afterReLU: false)
  if let tape = Tape.of(x) {
    tape.record(y) { dy in
      try tape.accumulate(applyDropout(dy, probability: probability, key: key, afterReLU: false), into: x)
    }
  }
  return y
}

/// Dropout of relu(x), in one pass. The gradient needs y only: dx = dy / (1 − probability) where y > 0.
///
/// - Shapes: any → the same
/// - Throws: ``ShapeError`` when the probability is not in 0 ... 1.
/// - Cost: one launch, and one at most for the gradient, which needs no mask: none where products use y.
public func reluDropout(_ x: Tensor, probability: Float, key: DropoutKey) throws -> Tensor {
  let y = try applyDropout(x, probability: probability, key: key, afterReLU: true)
  if let tape = Tape.of(x) {
    tape.record(y, outputFunction: .reluDropout(scale: 1 / (1 - probability))) { dz in try tape.accumulate(dz, into: x)
    }
  }
  return y
}

extension StepValues {
  /// The step that masks are drawn for: ``DropoutKey/step``.
  package func setDropoutStep(_ step: UInt32) { set(STEP_VALUE_DROPOUT, to: step) }
}

/// Work-items that do dropout of `count` elements: one or two groups of them each, or in the tile family several a group.
private func dropoutItems(_ count: Int, on device: any Device) -> Int {
  let group = Int(PHILOX_GROUP_ELEMENTS), traits = device.traits
  if !traits.isVector { return count.dividedUp(by: group) * Int(DROPOUT_TILE_GROUP_ITEMS) }
  return count.dividedUp(by: group * Int(traits.vectorWidth >= 16 ? PHILOX_GROUPS_WIDE : PHILOX_GROUPS_NARROW))
}

/// x, or relu(x), with the mask of the key applied; nothing is recorded.
func applyDropout(_ x: Tensor, probability: Float, key: DropoutKey, afterReLU: Bool) throws -> Tensor {
  try checkIndexable("dropout", x.count)
  let y = try x.device.tensor(x.shape)
  try enqueueDropout(x, DropoutMask(probability: probability, key: key), afterReLU: afterReLU, to: y)
  return y
}

/// The same, to y, which may be x. One launch.
func enqueueDropout(_ x: Tensor, _ mask: DropoutMask, afterReLU: Bool, to y: Tensor) throws {
  let arguments = try dropoutArguments(probability: mask.probability, key: mask.key, on: x.device)
  try x.device.launch(
    DropoutKernels.forward,
    over: x.device.itemGrid(dropoutItems(x.count, on: x.device)), moving: 2 * x.count,
    [.buffer(x.buffer), .buffer(y.buffer), .int(x.count)] + arguments
      + [.int(afterReLU ? DROPOUT_RELU : DROPOUT_PLAIN)])
}

/// key0 key1 layer step_values threshold scale.
func dropoutArguments(probability: Float, key: DropoutKey, on device: any Device) throws -> [KernelArgument] {
  guard probability >= 0, probability <= 1 else {
    throw ShapeError("dropout", "the probability \(probability) is not between 0 and 1")
  }
  device.stepValues.setDropoutStep(key.step)
  return [
    .uint(UInt32(truncatingIfNeeded: key.seed)), .uint(UInt32(key.seed >> 32)), .uint(key.layer),
    .buffer(try device.stepValues.buffer(on: device)),
    .uint(UInt32((probability * 65_536).rounded())), .float(1 / (1 - probability)),
  ]
}
