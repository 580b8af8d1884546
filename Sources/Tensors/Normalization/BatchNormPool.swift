/// Batch normalisation and the pooling behind it in one pass. Kernels in `batch_norm_pool.cl` and, for the
/// tile family, `batch_norm_pool_tile.cl`.
enum BatchNormPoolKernels {
  static let forward = FamilyKernel("batch_norm_pool", "batch_norm_pool_forward")
  static let averageChunkGradients = FamilyKernel("batch_norm_pool", "batch_norm_average_chunk_gradients")
  static let backward = FamilyKernel("batch_norm_pool", "batch_norm_pool_backward")
}

/// What pooling takes from a window.
public enum Pooling: Sendable, Hashable {
  /// The largest value, as ``maxPool2d(_:_:)``.
  case max
  /// The mean, as ``avgPool2d(_:_:)``.
  case average
}

extension FusedOps {
  /// Whether ``batchNorm2dPool2d(_:_:_:_:)`` computes the pooling: windows of 2×2 that neither overlap nor touch padding.
  package static func poolsNormalized(_ geometry: PoolGeometry) -> Bool {
    geometry.isTiling && geometry.kernelSize == 2
  }

  /// Pooling of batchNorm2d(x), see ``Tensors/batchNorm2d(_:_:)``. The normalised image is never written, nor its
  /// gradient.
  ///
  /// - Shapes: x `[N, H, W, C]` → `[N, Ho, Wo, C]`, sizes as ``PoolGeometry/outputSize(of:)``; weight, bias,
  ///   runningMean, runningVariance `[C]`
  /// - Precondition: ``poolsNormalized(_:)``.
  /// - Throws: ``ShapeError`` as the two operators do.
  /// - Cost: in training three launches and three for the gradients, in place of four and four; on GPUs two for the gradients.
  package static func batchNorm2dPool2d(
    _ x: Tensor, _ arguments: BatchNormArguments, _ pooling: Pooling, _ geometry: PoolGeometry
  ) throws -> Tensor {
    precondition(poolsNormalized(geometry), "windows other than 2×2 side by side")
    let shape = try checkedPoolShape(x.shape, geometry, pooling == .max ? "maxPool2d" : "avgPool2d")
    let norm = try BatchNorm(x, arguments)
    let device = x.device
    let y = try device.tensor(shape)
    let tape = Tape.of(x, arguments.weight, arguments.bias)
    // The argmax, and what x has there.
    let keeps = tape != nil && pooling == .max
    let argmax = try keeps ? device.allocate(byteCount: y.count * 2) : y.buffer
    let selected = try keeps ? device.tensor(shape) : y
    try device.launch(
      BatchNormPoolKernels.forward,
      over: norm.poolGrid(rows: shape[0] * shape[1], columns: shape[2]),
      moving: x.count + y.count + (keeps ? y.count + y.count / 2 : 0),
      [.buffer(x.buffer), .buffer(y.buffer), .buffer(argmax), .buffer(selected.buffer)] + norm.vectors
        + x.shape.map { .int($0) } + [.float(arguments.epsilon)] + arguments.activation.arguments
        + [.int(pooling == .average ? 1 : 0), .int(keeps ? 1 : 0)])
    guard let tape else { return y }
    tape.record(y) { dy in
      let sums = try norm.parameterGradients(y.count / norm.channels, on: tape) { pass, sums, products in
        switch pooling {
        case .max: try norm.enqueueChunkGradients(dy, selected, pass, sums, products)
        case .average: try norm.enqueueAverageChunkGradients(dy, x, pass, sums, products)
        }
      }
      guard x.requiresGradient else { return }
      try tape.accumulate(norm.inputGradient(dy, argmax, x, sums, pooling), into: x)
    }
    return y
  }
}

extension BatchNorm {
  /// For each vector of channels, a work-item for each row of windows or, in the tile family, each window.
  fileprivate func poolGrid(rows: Int, columns: Int) -> Grid {
    device.planeGrid(device.vectors(in: channels) * (device.traits.isVector ? 1 : columns), rows)
  }

  /// Sums over chunks of windows. One launch.
  fileprivate func enqueueAverageChunkGradients(
    _ dy: Tensor, _ x: Tensor, _ pass: RowReduction, _ sums: Buffer, _ products: Buffer
  ) throws {
    try device.launch(
      BatchNormPoolKernels.averageChunkGradients,
      over: pass.grid, moving: dy.count + x.count,
      [.buffer(dy.buffer), .buffer(x.buffer)] + vectors
        + [
          .buffer(sums), .buffer(products), .int(dy.count / channels), .int(x.shape[1]), .int(x.shape[2]),
          .int(channels), .int(pass.chunks.length),
        ] + pass.groupArguments + [.float(arguments.epsilon)] + arguments.activation.arguments)
  }

  /// The gradient of x from that of the pooled image. One launch.
  fileprivate func inputGradient(
    _ dy: Tensor, _ argmax: Buffer, _ x: Tensor, _ sums: NormSums, _ pooling: Pooling
  ) throws -> Tensor {
    let dx = try device.tensor(x.shape)
    dx.columnsCancel = arguments.training
    let windowRows = x.shape[0] * x.shape[1].dividedUp(by: 2), windowColumns = x.shape[2].dividedUp(by: 2)
    let pass = inputGradientPass(
      rows: windowRows * windowColumns, atOnce: 1, vectorGrid: poolGrid(rows: windowRows, columns: windowColumns))
    try device.launch(
      BatchNormPoolKernels.backward, over: pass.grid,
      moving: 2 * x.count + dy.count + (pooling == .max ? dy.count / 2 : 0),
      [.buffer(dy.buffer), .buffer(argmax), .buffer(x.buffer)] + vectors + sums.arguments + [.buffer(dx.buffer)]
        + x.shape.map { .int($0) } + pass.arguments + arguments.activation.arguments
        + [.int(pooling == .average ? 1 : 0)])
    return dx
  }
}
