/// A first layer's convolution, the batch normalisation and the max-pooling behind it in one operator. Kernels in
/// `conv2d_first_norm.cl`.
enum ConvNormPoolKernels {
  static let chunkStatistics = Kernel("conv2d_first_norm", "conv2d_first_chunk_statistics")
  static let forward = Kernel("conv2d_first_norm", "conv2d_first_norm_pool")
  static let gradient = Kernel("conv2d_first_norm", "conv2d_first_norm_weight_gradient")
}

extension ConvPoolProblem {
  /// Whether ``FusedOps/conv2dBatchNorm2dMaxPool2d(_:weight:bias:_:_:_:)`` computes it, with the normalisation in training
  /// between the two.
  package func isFusibleWithNorm(_ traits: DeviceTraits, wantsInputGradient: Bool) -> Bool {
    isFirstLayer(traits, wantsInputGradient: wantsInputGradient)
  }
}

extension FusedOps {
  /// Max-pooling of batch normalisation in training of conv2d(x), a first layer's with one channel, 3×3 filters and 2×2
  /// windows, whose input wants no gradient. The convolution's outputs are never written, nor their gradients: each pass
  /// computes what it needs of them.
  ///
  /// - Shapes: x `[N, H, W, C]`, weight `[KH, KW, C/groups, O]`, bias `[O]`, those of `norm` `[O]` → `[N, Ho, Wo, O]`,
  ///   the pool's output size of the convolution's
  /// - Precondition: ``ConvPoolProblem/isFusibleWithNorm(_:wantsInputGradient:)``, and the normalisation trains.
  /// - Throws: ``ShapeError`` as the operators do.
  /// - Cost: three launches, one more with padding, and four for the gradients, in place of four and five, each one more
  ///   with padding.
  package static func conv2dBatchNorm2dMaxPool2d(
    _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, _ norm: BatchNormArguments,
    _ pool: PoolGeometry
  ) throws -> Tensor {
    precondition(norm.training, "a normalisation by running statistics")
    let problem = try ConvProblem(convolving: x.shape, weight: weight.shape, bias: bias?.shape, geometry)
    let shape = try checkedPoolShape(problem.outShape, pool, "maxPool2d")
    let layer = try ConvFirstNorm(x, weight: weight, bias: bias, problem)
    let batchNorm = try BatchNorm(problem.outShape, on: x.device, norm, layer.enqueueChunkStatistics)
    let y = try x.device.tensor(shape)
    let tape = Tape.of(x, weight, bias, norm.weight, norm.bias)
    // The argmax, and what the convolution has there.
    let argmax = try tape == nil ? y.buffer : x.device.allocate(byteCount: y.count * 2)
    let selected = try tape == nil ? y : x.device.tensor(shape)
    try layer.enqueueForward(batchNorm, to: y, argmax, selected, keep: tape != nil)
    guard let tape else { return y }
    tape.record(y) { dy in
      let totals = try batchNorm.parameterGradients(y.count / batchNorm.channels, on: tape) {
        try batchNorm.enqueueChunkGradients(dy, selected, $0, $1, $2)
      }
      if let target = try tape.gradientTarget(of: weight) {
        try layer.weightGradient(batchNorm, dy, argmax, totals, to: target)
        try target.finish()
      }
      // The normalisation subtracts the mean, and the bias with it.
      if let bias, let target = try tape.gradientTarget(of: bias) {
        try target.addZeros()
        try target.finish()
      }
    }
    return y
  }
}

/// The convolution of a first layer, computed by each pass for itself.
private struct ConvFirstNorm {
  let weight: Tensor
  /// The padded images.
  let x: Tensor
  /// The convolution of those.
  let problem: ConvProblem
  let bias: Buffer

  init(_ x: Tensor, weight: Tensor, bias: Tensor?, _ problem: ConvProblem) throws {
    self.weight = weight
    (self.problem, self.x) = try problem.padded(x)
    self.bias = try bias?.buffer ?? x.device.zeros(byteCount: problem.outChannels * 4)
  }

  /// x, weight and bias.
  private var inputs: [KernelArgument] { [x.buffer, weight.buffer, bias].map { .buffer($0) } }

  /// One launch.
  func enqueueChunkStatistics(_ pass: RowReduction, _ means: Buffer, _ m2: Buffer) throws {
    let device = x.device
    device.profiler?.declare(flops: 2 * problem.flops, bytes: Double(x.count) * 4)
    try device.launch(
      ConvNormPoolKernels.chunkStatistics,
      over: pass.grid,
      inputs
        + [
          .buffer(means), .buffer(m2),
          .int(problem.batch * problem.outSize.height * problem.outSize.width), .pair(problem.size),
          .pair(problem.outSize), .int(problem.outChannels), .int(pass.chunks.length),
        ])
  }

  /// One launch.
  func enqueueForward(_ norm: BatchNorm, to y: Tensor, _ argmax: Buffer, _ selected: Tensor, keep: Bool) throws {
    let device = x.device
    device.profiler?.declare(
      flops: problem.flops, bytes: Double(x.count + y.count + (keep ? y.count + y.count / 2 : 0)) * 4)
    try device.launch(
      ConvNormPoolKernels.forward, over: Grid(device.vectors(in: problem.outChannels), y.shape[1], problem.batch),
      inputs + [.buffer(y.buffer), .buffer(argmax), .buffer(selected.buffer)] + norm.vectors
        + [
          .int(problem.batch), .pair(problem.size), .pair(Pair(y.shape[1], y.shape[2])), .int(problem.outChannels),
          .float(norm.arguments.epsilon),
        ] + norm.arguments.activation.arguments + [.int(keep ? 1 : 0)])
  }

  /// Two launches.
  func weightGradient(
    _ norm: BatchNorm, _ dy: Tensor, _ argmax: Buffer, _ totals: NormSums, to target: GradientTarget
  ) throws {
    let device = x.device
    let parts = min(problem.batch, ConvFirstKernels.gradientParts)
    let sums = try device.tensor([parts] + weight.shape)
    device.profiler?.declare(flops: 2 * problem.flops, bytes: Double(x.count) * 4 + Double(dy.count) * 6)
    try device.launch(
      ConvNormPoolKernels.gradient, over: Grid(device.vectors(in: problem.outChannels), parts),
      inputs + [.buffer(dy.buffer), .buffer(argmax), .buffer(sums.buffer)] + norm.vectors
        + [
          .buffer(totals.sums), .int(problem.batch), .pair(problem.size), .pair(problem.outSize),
          .int(problem.outChannels), .int(parts), .float(norm.arguments.epsilon),
        ] + norm.arguments.activation.arguments)
    try addParts(sums.buffer, count: parts, to: target.gradient, accumulate: target.accumulate)
  }
}
