/// The routes of pooling.
package enum PoolRoutes {
  /// y = the largest value of each window, and the argmax where it is kept.
  package static let maxForward = Routes<PoolGeometry, MaxPoolOperands>(
    "maxPool2d forward",
    [
      Route("tiling-2x2", fits: { window, _ in window.isTiling && window.kernelSize == 2 }) {
        try $0.enqueueMax2x2($1)
      },
      Route("windows", fits: { _, _ in true }) { try $0.enqueueMax($1) },
    ])

  /// y = the largest value of each window of dropout of relu(x), and the argmax of the positive ones.
  package static let reluDropoutMaxForward = Routes<DropoutPoolProblem, DropoutPoolOperands>(
    "relu dropout maxPool2d forward",
    [
      Route("rows", fits: { $0.pool.kernelSize == 2 && $1.keepsDropoutNumbers(of: $0.inputShape) }) {
        try $0.enqueueRows($1)
      },
      Route("dropout-then-pool", fits: { _, _ in true }) { try $0.enqueueDropoutThenPool($1) },
    ])

  /// dx from dy and the argmax.
  package static let maxBackward = Routes<PoolGeometry, PoolGradientOperands>(
    "maxPool2d gradient",
    [
      Route("tiling", fits: { window, _ in window.isTiling }) { try $0.enqueueMaxGradientTiling($1) },
      Route("windows", fits: { _, _ in true }) { try $0.enqueueMaxGradient($1) },
    ])

  /// y = the mean of each window.
  package static let averageForward = Routes<PoolGeometry, AveragePoolOperands>(
    "avgPool2d forward",
    [Route("windows", fits: { _, _ in true }) { try $0.enqueueAverage($1) }])

  /// dx from dy.
  package static let averageBackward = Routes<PoolGeometry, PoolGradientOperands>(
    "avgPool2d gradient",
    [
      Route("tiling", fits: { window, _ in window.isTiling }) { try $0.enqueueAverageGradientTiling($1) },
      Route("windows", fits: { _, _ in true }) { try $0.enqueueAverageGradient($1) },
    ])
}

extension PoolGeometry {
  /// The largest value of each window, by the first route that fits.
  func enqueueMaxForward(_ operands: MaxPoolOperands) throws {
    let device = operands.x.device
    try PoolRoutes.maxForward.enqueue(self, operands, KernelChoice(device.traits), on: device)
  }

  /// The gradient of a max-pooling, by the first route that fits.
  func enqueueMaxBackward(_ operands: PoolGradientOperands) throws {
    let device = operands.dx.device
    try PoolRoutes.maxBackward.enqueue(self, operands, KernelChoice(device.traits), on: device)
  }
}
