/// Batch normalisation and the pooling behind it in one pass. Kernels in `batch_norm_pool.cl`.
enum BatchNormPoolKernels {
  static let forward = Kernel("batch_norm_pool", "batch_norm_pool_forward")
  static let averageChunkGradients = Kernel("batch_norm_pool", "batch_norm_average_chunk_gradients")
  static let backward = Kernel("batch_norm_pool", "batch_norm_pool_backward")
}

/// What pooling takes from a window.
public enum Pooling: Sendable, Hashable {
  /// The largest value, as ``maxPool2d(_:_:)``.
  case max
  /// The mean, as ``avgPool2d(_:_:)``.
  case average
}

/// Pooling of batchNorm2d(x), see ``batchNorm2d(_:weight:bias:runningMean:runningVariance:training:momentum:epsilon:activation:)``.
///
/// With windows of 2×2 that neither overlap nor touch padding, the normalised image is never written, nor its gradient.
/// - Shapes: x `[N, H, W, C]` → `[N, Ho, Wo, C]`, sizes as ``PoolGeometry/outputSize(of:)``; weight, bias, runningMean,
///   runningVariance `[C]`
/// - Throws: ``ShapeError`` as the two operators do.
/// - Cost: for such windows, in training three launches and three for the gradients, in place of four and four; for
///   others, as the two operators.
public func batchNorm2dPool2d(
  _ x: Tensor, weight: Tensor, bias: Tensor, runningMean: Tensor, runningVariance: Tensor, training: Bool,
  momentum: Float = 0.1, epsilon: Float = 1e-5, activation: Activation = .none, _ pooling: Pooling,
  _ geometry: PoolGeometry
) throws -> Tensor {
  try batchNorm2dPool2d(
    x,
    BatchNormArguments(
      weight: weight, bias: bias, runningMean: runningMean, runningVariance: runningVariance, training: training,
      momentum: momentum, epsilon: epsilon, activation: activation),
    pooling, geometry)
}

/// The same, with its arguments in one value.
public func batchNorm2dPool2d(
  _ x: Tensor, _ arguments: BatchNormArguments, _ pooling: Pooling, _ geometry: PoolGeometry
) throws -> Tensor {
  let shape = try checkedPoolShape(x.shape, geometry, pooling == .max ? "maxPool2d" : "avgPool2d")
  guard geometry.isCells, geometry.kernelSize == 2 else {
    let y = try batchNorm2d(x, arguments)
    return try pooling == .max ? maxPool2d(y, geometry) : avgPool2d(y, geometry)
  }
  let norm = try BatchNorm(x, arguments)
  let device = x.device
  let y = try device.tensor(shape)
  let tape = Tape.of(x, arguments.weight, arguments.bias)
  // The winners' places, and what x has there.
  let keeps = tape != nil && pooling == .max
  let winner = try keeps ? device.allocate(byteCount: y.count * 2) : y.buffer
  let won = try keeps ? device.tensor(shape) : y
  try device.launch(
    BatchNormPoolKernels.forward, over: device.planeGrid(device.vectors(in: norm.channels), shape[0] * shape[1]),
    moving: x.count + y.count + (keeps ? y.count + y.count / 2 : 0),
    [.buffer(x.buffer), .buffer(y.buffer), .buffer(winner), .buffer(won.buffer)] + norm.vectors
      + x.shape.map { .int($0) } + [.float(arguments.epsilon)] + arguments.activation.arguments
      + [.int(pooling == .average ? 1 : 0), .int(keeps ? 1 : 0)])
  guard let tape else { return y }
  tape.record(y) { dy in
    let totals = try norm.parameterGradients(.rows(y.count / norm.channels), on: tape) { chunks, sums, products in
      switch pooling {
      case .max: try norm.enqueueChunkGradients(dy, won, chunks, sums, products)
      case .average: try norm.enqueueAverageChunkGradients(dy, x, chunks, sums, products)
      }
    }
    guard x.requiresGradient else { return }
    try tape.accumulate(norm.inputGradient(dy, winner, x, totals, pooling), into: x)
  }
  return y
}

extension BatchNorm {
  /// Sums over chunks of windows. One launch.
  fileprivate func enqueueAverageChunkGradients(
    _ dy: Tensor, _ x: Tensor, _ chunks: ReductionChunks, _ sums: Buffer, _ products: Buffer
  ) throws {
    try device.launch(
      BatchNormPoolKernels.averageChunkGradients, over: chunkGrid(chunks), moving: dy.count + x.count,
      [.buffer(dy.buffer), .buffer(x.buffer)] + vectors
        + [
          .buffer(sums), .buffer(products), .int(dy.count / channels), .int(x.shape[1]), .int(x.shape[2]),
          .int(channels), .int(chunks.length), .float(arguments.epsilon),
        ] + arguments.activation.arguments)
  }

  /// The gradient of x from that of the pooled image. One launch.
  fileprivate func inputGradient(
    _ dy: Tensor, _ winner: Buffer, _ x: Tensor, _ totals: Tensor, _ pooling: Pooling
  ) throws -> Tensor {
    let dx = try device.tensor(x.shape)
    dx.columnsCancel = arguments.training
    let windowRows = x.shape[0] * x.shape[1].dividedUp(by: 2)
    try device.launch(
      BatchNormPoolKernels.backward, over: device.planeGrid(device.vectors(in: channels), windowRows),
      moving: 2 * x.count + dy.count + (pooling == .max ? dy.count / 2 : 0),
      [.buffer(dy.buffer), .buffer(winner), .buffer(x.buffer)] + vectors + [.buffer(totals.buffer), .buffer(dx.buffer)]
        + x.shape.map { .int($0) } + [.float(arguments.epsilon), .int(arguments.training ? 1 : 0)]
        + arguments.activation.arguments
        + [.int(pooling == .average ? 1 : 0)])
    return dx
  }
}
