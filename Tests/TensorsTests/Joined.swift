import Tensors

/// The operators of plans where they apply, and otherwise the operators that they stand for, one after another.
enum Joined {
  static func conv2dMaxPool2d(
    _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, _ pool: PoolGeometry,
    activation: Activation = .none
  ) throws -> Tensor {
    let isFused = try problem(x, weight, geometry, pool).isFusible(
      on: x.device.traits, wantsInputGradient: Tape.of(x) != nil, wantsGradient: Tape.of(x, weight, bias) != nil,
      activation: activation)
    return try isFused
      ? FusedOps.conv2dMaxPool2d(x, weight: weight, bias: bias, geometry, pool, activation: activation)
      : maxPool2d(conv2d(x, weight: weight, bias: bias, geometry, activation: activation), pool)
  }

  static func conv2dReluDropoutMaxPool2d(
    _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, _ pool: PoolGeometry, probability: Float,
    key: DropoutKey
  ) throws -> Tensor {
    let isFused = try problem(x, weight, geometry, pool).isFusibleWithDropout(
      x.device.traits, wantsInputGradient: Tape.of(x) != nil)
    return try isFused
      ? FusedOps.conv2dReluDropoutMaxPool2d(
        x, weight: weight, bias: bias, geometry, pool, probability: probability, key: key)
      : reluDropoutMaxPool2d(
        conv2d(x, weight: weight, bias: bias, geometry), pool, probability: probability, key: key)
  }

  static func conv2dBatchNorm2dPool2d(
    _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, _ norm: BatchNormArguments,
    _ pooling: Pooling, _ pool: PoolGeometry
  ) throws -> Tensor {
    let fits = try problem(x, weight, geometry, pool).isFusibleWithNorm(
      x.device.traits, wantsInputGradient: Tape.of(x) != nil)
    return try fits && norm.training && pooling == .max
      ? FusedOps.conv2dBatchNorm2dMaxPool2d(x, weight: weight, bias: bias, geometry, norm, pool)
      : batchNorm2dPool2d(conv2d(x, weight: weight, bias: bias, geometry), norm, pooling, pool)
  }

  static func batchNorm2dPool2d(
    _ x: Tensor, _ norm: BatchNormArguments, _ pooling: Pooling, _ pool: PoolGeometry
  ) throws -> Tensor {
    if FusedOps.poolsNormalized(pool) { return try FusedOps.batchNorm2dPool2d(x, norm, pooling, pool) }
    // A window that does not fit is found before the statistics are touched, as a plan finds it.
    _ = try pool.outputShape(of: x.shape, "pool")
    let y = try batchNorm2d(x, norm)
    return try pooling == .max ? maxPool2d(y, pool) : avgPool2d(y, pool)
  }

  static func batchNorm2dPool2d(
    _ x: Tensor, weight: Tensor, bias: Tensor, runningMean: Tensor, runningVariance: Tensor, training: Bool,
    momentum: Float = 0.1, epsilon: Float = 1e-5, activation: Activation = .none, _ pooling: Pooling,
    _ pool: PoolGeometry
  ) throws -> Tensor {
    try batchNorm2dPool2d(
      x,
      BatchNormArguments(
        weight: weight, bias: bias, runningMean: runningMean, runningVariance: runningVariance, training: training,
        momentum: momentum, epsilon: epsilon, activation: activation),
      pooling, pool)
  }

  static func reluDropoutMaxPool2d(
    _ x: Tensor, _ pool: PoolGeometry, probability: Float, key: DropoutKey
  ) throws -> Tensor {
    try pool.isTiling
      ? FusedOps.reluDropoutMaxPool2d(x, pool, probability: probability, key: key)
      : maxPool2d(reluDropout(x, probability: probability, key: key), pool)
  }

  private static func problem(
    _ x: Tensor, _ weight: Tensor, _ geometry: ConvGeometry, _ pool: PoolGeometry
  ) throws -> ConvPoolProblem {
    ConvPoolProblem(try ConvProblem(convolving: x.shape, weight: weight.shape, bias: nil, geometry), pool)
  }
}
