/// Dropout and the max-pooling behind it in one pass. Kernel in `dropout_pool.cl`.

/// Max-pooling of dropout of relu(x). The gradient passes pooling, dropout and ReLU in one go, from the pooled values:
/// where one is positive, the element that won it was kept and positive. Where one is NaN, its gradient is passed on too.
///
/// - Shapes: as ``maxPool2d(_:_:)``
/// - Throws: ``ShapeError`` as ``maxPool2d(_:_:)`` and ``dropout(_:probability:key:)`` do.
/// - Cost: two launches, or one on processors, where windows and steps are 2 and two lines of x have at most 8,192
///   elements. The gradient is one, for windows that neither overlap nor touch padding; otherwise two.
public func reluDropoutMaxPool2d(
  _ x: Tensor, _ geometry: PoolGeometry, probability: Float, key: DropoutKey
) throws -> Tensor {
  guard geometry.isCells else {
    return try maxPool2d(reluDropout(x, probability: probability, key: key), geometry)
  }
  let (y, winner) = try enqueueReluDropoutMaxPool2d(x, geometry, probability: probability, key: key)
  if let tape = Tape.of(x) {
    let inputShape = x.shape
    tape.record(y) { dy in
      let dx = try maxPool2dGradient(
        dy, winner: winner, geometry, inputShape: inputShape, scale: 1 / (1 - probability))
      try tape.accumulate(dx, into: x)
    }
  }
  return y
}

/// The values of cells and the winners, of which those that are not positive have none.
func enqueueReluDropoutMaxPool2d(
  _ x: Tensor, _ pool: PoolGeometry, probability: Float, key: DropoutKey
) throws -> (y: Tensor, winner: Buffer) {
  let shape = try checkedPoolShape(x.shape, pool, "maxPool2d")
  guard pool.kernelSize == 2, x.device.keepsDropoutNumbers(of: x.shape) else {
    let dropped = try applyDropout(x, probability: probability, key: key, afterReLU: true)
    return try enqueueMaxPool2d(dropped, pool, keep: .positive)
  }
  let mask = try dropoutArguments(probability: probability, key: key)
  let y = try x.device.tensor(shape)
  let winner = try x.device.allocate(byteCount: y.count * 2)
  try x.device.launch(
    DropoutKernels.reluPool2x2, over: Grid(shape[1], shape[0]), moving: x.count + y.count + y.count / 2,
    [
      .buffer(x.buffer), .buffer(y.buffer), .buffer(winner), .int(shape[0]), .pair(Pair(x.shape[1], x.shape[2])),
      .int(shape[3]), .pair(Pair(shape[1], shape[2])),
    ] + mask)
  return (y, winner)
}

extension Device {
  /// Whether a work-item keeps the mask's numbers of two lines of images of this shape: in private memory, of which only
  /// processors have enough.
  func keepsDropoutNumbers(of shape: [Int]) -> Bool {
    properties.family == .vector && properties.kind == .cpu && 2 * shape[2] * shape[3] <= mostNumbers
  }
}

/// `MOST_NUMBERS` in `philox.cl`.
private let mostNumbers = 8192
