/// Batch normalisation. Kernels in `batch_norm.cl`.
enum BatchNormKernels {
  static let chunkStatistics = Kernel("batch_norm", "batch_norm_chunk_statistics")
  static let statistics = Kernel("batch_norm", "batch_norm_statistics")
  static let forward = Kernel("batch_norm", "batch_norm_forward")
  static let chunkGradients = Kernel("batch_norm", "batch_norm_chunk_gradients")
  static let parameterGradients = Kernel("batch_norm", "batch_norm_parameter_gradients")
  static let backward = Kernel("batch_norm", "batch_norm_backward")
  /// Rows that a work-item normalises: `ROWS_PER_ITEM`.
  static let rowsPerItem = 16
}

/// Normalises each channel, and applies an activation to the result if asked.
///
/// y = activation((x − mean) / √(variance + epsilon) · weight + bias). In training, mean and (biased) variance are the
/// batch's, and the running statistics move towards them in place:
/// running = (1 − momentum) · running + momentum · new, with the unbiased variance. In evaluation they are the running
/// ones.
/// - Shapes: x `[N, H, W, C]` → the same; weight, bias, runningMean, runningVariance `[C]`
/// - Throws: ``ShapeError`` when the shapes do not fit, and in training with one value per channel.
/// - Cost: training three launches (x is read three times, one of them from the cache) and three for the gradients;
///   evaluation one, and up to three.
/// - Source: semantics of torch.nn.functional.batch_norm.
public func batchNorm2d(
  _ x: Tensor, weight: Tensor, bias: Tensor, runningMean: Tensor, runningVariance: Tensor, training: Bool,
  momentum: Float = 0.1, epsilon: Float = 1e-5, activation: Activation = .none
) throws -> Tensor {
  let norm = try BatchNorm(
    x, [weight, bias, runningMean, runningVariance], training: training, epsilon: epsilon, activation: activation)
  let (mean, variance) =
    training
    ? try norm.statistics(of: x, runningMean: runningMean, runningVariance: runningVariance, momentum: momentum)
    : (runningMean, runningVariance)
  let y = try x.device.tensor(x.shape)
  try x.device.launch(
    BatchNormKernels.forward, over: norm.normalizeGrid, moving: 2 * x.count,
    [.buffer(x.buffer), .buffer(y.buffer), .buffer(mean.buffer), .buffer(variance.buffer), .buffer(weight.buffer)]
      + [.buffer(bias.buffer), .int(norm.rows), .int(norm.channels), .float(epsilon)] + activation.arguments)
  if let tape = Tape.of(x, weight, bias) {
    tape.record(y) { dy in
      try norm.backward(dy, x: x, mean: mean, variance: variance, weight: weight, bias: bias, tape)
    }
  }
  return y
}

/// The sizes of a batch normalisation and its launches.
private struct BatchNorm {
  let device: any Device
  let rows: Int
  let channels: Int
  let training: Bool
  let epsilon: Float
  let activation: Activation
  let chunks: ReductionChunks

  init(_ x: Tensor, _ vectors: [Tensor], training: Bool, epsilon: Float, activation: Activation) throws {
    guard x.shape.count == 4 else {
      throw ShapeError("batchNorm2d", "the input must be [N, H, W, C], not \(x.shape)")
    }
    try checkIndexable("batchNorm2d", x.count)
    channels = x.shape[3]
    rows = x.count / channels
    for vector in vectors where vector.shape != [channels] {
      throw ShapeError(
        "batchNorm2d", "parameters and statistics must be [\(channels)] for an input \(x.shape), not \(vector.shape)")
    }
    if training && rows < 2 {
      throw ShapeError("batchNorm2d", "training needs more than one value per channel, and the input is \(x.shape)")
    }
    device = x.device
    self.training = training
    self.epsilon = epsilon
    self.activation = activation
    chunks = .rows(rows)
  }

  /// A work-item for each vector of channels of each chunk.
  private var chunkGrid: Grid { device.planeGrid(device.vectors(in: channels), chunks.count) }
  /// A work-item for each vector of channels.
  private var channelGrid: Grid { device.elementwiseGrid(channels) }

  var normalizeGrid: Grid {
    let blocks = rows.dividedUp(by: BatchNormKernels.rowsPerItem)
    return device.planeGrid(device.vectors(in: channels), blocks)
  }

  /// Mean and biased variance of the batch; updates the running statistics.
  func statistics(of x: Tensor, runningMean: Tensor, runningVariance: Tensor, momentum: Float) throws
    -> (mean: Tensor, variance: Tensor)
  {
    let means = try device.allocate(byteCount: chunks.count * channels * 4)
    let deviations = try device.allocate(byteCount: chunks.count * channels * 4)
    try device.launch(
      BatchNormKernels.chunkStatistics, over: chunkGrid, moving: x.count,
      [.buffer(x.buffer), .buffer(means), .buffer(deviations), .int(rows), .int(channels), .int(chunks.length)])
    let mean = try device.tensor([channels])
    let variance = try device.tensor([channels])
    try device.launch(
      BatchNormKernels.statistics, over: channelGrid, moving: 2 * chunks.count * channels,
      [
        .buffer(means), .buffer(deviations), .buffer(mean.buffer), .buffer(variance.buffer),
        .buffer(runningMean.buffer), .buffer(runningVariance.buffer), .int(rows), .int(channels), .int(chunks.length),
        .float(momentum),
      ])
    return (mean, variance)
  }

  func backward(
    _ dy: Tensor, x: Tensor, mean: Tensor, variance: Tensor, weight: Tensor, bias: Tensor, _ tape: Tape
  ) throws {
    let totals = try device.tensor([2, channels])
    if training || weight.requiresGradient || bias.requiresGradient {
      let sums = try device.allocate(byteCount: chunks.count * channels * 4)
      let products = try device.allocate(byteCount: chunks.count * channels * 4)
      try device.launch(
        BatchNormKernels.chunkGradients, over: chunkGrid, moving: 2 * x.count,
        [
          .buffer(dy.buffer), .buffer(x.buffer), .buffer(mean.buffer), .buffer(variance.buffer),
          .buffer(weight.buffer), .buffer(bias.buffer), .buffer(sums), .buffer(products), .int(rows), .int(channels),
          .int(chunks.length), .float(epsilon),
        ] + activation.arguments)
      let weightTarget = try tape.gradientTarget(of: weight)
      let biasTarget = try tape.gradientTarget(of: bias)
      try device.launch(
        BatchNormKernels.parameterGradients, over: channelGrid, moving: 2 * chunks.count * channels,
        [
          .buffer(sums), .buffer(products), .buffer(variance.buffer), .buffer(totals.buffer),
          .buffer(weightTarget?.gradient.buffer ?? totals.buffer),
          .buffer(biasTarget?.gradient.buffer ?? totals.buffer),
          .int(chunks.count), .int(channels), .float(epsilon), .int(Self.mode(weightTarget)),
          .int(Self.mode(biasTarget)),
        ])
      try weightTarget?.finish()
      try biasTarget?.finish()
    }
    guard x.requiresGradient else { return }
    let dx = try device.tensor(x.shape)
    try device.launch(
      BatchNormKernels.backward, over: normalizeGrid, moving: 3 * x.count,
      [
        .buffer(dy.buffer), .buffer(x.buffer), .buffer(mean.buffer), .buffer(variance.buffer), .buffer(weight.buffer),
        .buffer(bias.buffer), .buffer(totals.buffer), .buffer(dx.buffer), .int(rows), .int(channels), .float(epsilon),
        .int(training ? 1 : 0),
      ] + activation.arguments)
    try tape.accumulate(dx, into: x)
  }

  /// `GRADIENT_OVERWRITE`, `GRADIENT_ADD` or `GRADIENT_SKIP`.
  private static func mode(_ target: GradientTarget?) -> Int {
    target.map { $0.accumulate ? 1 : 0 } ?? 2
  }
}
