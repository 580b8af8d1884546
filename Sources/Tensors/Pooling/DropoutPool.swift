import CKernels

/// ReLU, dropout and the max-pooling behind them in one operator. Kernel in `dropout_pool.cl`.
extension FusedOps {
  /// Max-pooling of dropout of relu(x). The gradient passes pooling, dropout and ReLU in one launch, from the pooled
  /// values: where one is positive, the element that it is was kept and positive. Where one is NaN, its gradient is passed
  /// on too.
  ///
  /// - Shapes: as ``maxPool2d(_:_:)``
  /// - Precondition: ``PoolGeometry/isTiling``.
  /// - Throws: ``ShapeError`` as ``maxPool2d(_:_:)`` and ``dropout(_:probability:key:)`` do.
  /// - Cost: one launch by the route `rows`, two by `dropout-then-pool`, and one for the gradient.
  package static func reluDropoutMaxPool2d(
    _ x: Tensor, _ geometry: PoolGeometry, probability: Float, key: DropoutKey
  ) throws -> Tensor {
    precondition(geometry.isTiling, "windows that overlap or touch padding")
    let y = try x.device.tensor(checkedPoolShape(x.shape, geometry, "maxPool2d"))
    let argmax = try x.device.allocate(byteCount: y.count * 2)
    try PoolRoutes.reluDropoutMaxForward.enqueue(
      DropoutPoolProblem(inputShape: x.shape, pool: geometry),
      DropoutPoolOperands(x: x, y: y, argmax: argmax, probability: probability, key: key),
      KernelChoice(x.device.traits), on: x.device)
    if let tape = Tape.of(x) {
      let inputShape = x.shape
      tape.record(y) { dy in
        let dx = try maxPool2dGradient(
          dy, argmax: argmax, geometry, inputShape: inputShape, scale: 1 / (1 - probability))
        try tape.accumulate(dx, into: x)
      }
    }
    return y
  }
}

/// Max-pooling of dropout of ReLU of images.
package struct DropoutPoolProblem {
  package let inputShape: [Int]
  package let pool: PoolGeometry

  /// The pooled values and the argmax of those that are positive, of a row of windows in each work-item. One launch.
  func enqueueRows(_ operands: DropoutPoolOperands) throws {
    let (x, y) = (operands.x, operands.y)
    try x.device.launch(
      DropoutKernels.reluPool2x2, over: Grid(y.shape[1], y.shape[0]), moving: x.count + y.count + y.count / 2,
      [
        .buffer(x.buffer), .buffer(y.buffer), .buffer(operands.argmax), .int(y.shape[0]),
        .pair(Pair(x.shape[1], x.shape[2])), .int(y.shape[3]), .pair(Pair(y.shape[1], y.shape[2])),
      ] + dropoutArguments(probability: operands.probability, key: operands.key, on: operands.x.device))
  }

  /// The same by two operators. Two launches.
  func enqueueDropoutThenPool(_ operands: DropoutPoolOperands) throws {
    let dropped = try applyDropout(
      operands.x, probability: operands.probability, key: operands.key, afterReLU: true)
    try pool.enqueueMaxForward(
      MaxPoolOperands(x: dropped, y: operands.y, argmax: operands.argmax, keep: .positive))
  }
}

/// The tensors of such a max-pooling, and what its mask is drawn from.
package struct DropoutPoolOperands {
  let x, y: Tensor
  /// Positions in the windows, as `ushort`; none for values that are not positive.
  let argmax: Buffer
  let probability: Float
  let key: DropoutKey
}

extension DeviceTraits {
  /// Whether a work-item can keep the mask's numbers of two rows of images of this shape, in private memory.
  func keepsDropoutNumbers(of shape: [Int]) -> Bool {
    hasLargePrivateMemory && 2 * shape[2] * shape[3] <= PHILOX_KEPT_ELEMENTS
  }
}
