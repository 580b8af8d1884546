import CKernels

/// Batch normalisation. Kernels in `batch_norm.cl` and, for the tile family, `batch_norm_tile.cl`.
enum BatchNormKernels {
  static let chunkStatistics = FamilyKernel("batch_norm", "batch_norm_chunk_statistics")
  static let statistics = FamilyKernel("batch_norm", "batch_norm_statistics")
  static let forward = FamilyKernel("batch_norm", "batch_norm_forward")
  static let chunkGradients = FamilyKernel("batch_norm", "batch_norm_chunk_gradients")
  static let parameterGradients = Kernel("batch_norm", "batch_norm_parameter_gradients")
  static let backward = FamilyKernel("batch_norm", "batch_norm_backward")
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
///   evaluation one, and up to three. On GPUs two for the gradients.
/// - Source: semantics of torch.nn.functional.batch_norm.
public func batchNorm2d(
  _ x: Tensor, weight: Tensor, bias: Tensor, runningMean: Tensor, runningVariance: Tensor, training: Bool,
  momentum: Float = 0.1, epsilon: Float = 1e-5, activation: Activation = .none
) throws -> Tensor {
  try batchNorm2d(
    x,
    BatchNormArguments(
      weight: weight, bias: bias, runningMean: runningMean, runningVariance: runningVariance, training: training,
      momentum: momentum, epsilon: epsilon, activation: activation))
}

/// The same, with its arguments in one value.
public func batchNorm2d(_ x: Tensor, _ arguments: BatchNormArguments) throws -> Tensor {
  let norm = try BatchNorm(x, arguments)
  let y = try x.device.tensor(x.shape)
  try BatchNormRoutes.forward.enqueue(
    norm, BatchNormOperands(x: x, y: y), KernelChoice(x.device.traits), on: x.device)
  if let tape = Tape.of(x, arguments.weight, arguments.bias) {
    tape.record(y) { dy in
      let sums = try norm.parameterGradients(norm.rows, on: tape) { pass, sums, products in
        try norm.enqueueChunkGradients(dy, x, pass, sums, products)
      }
      guard x.requiresGradient else { return }
      try x.device.inRole(.inputGradient) { try tape.accumulate(norm.inputGradient(dy, x, sums), into: x) }
    }
  }
  return y
}

/// What batch normalisation takes besides its input; see
/// ``batchNorm2d(_:weight:bias:runningMean:runningVariance:training:momentum:epsilon:activation:)``.
public struct BatchNormArguments {
  public var weight: Tensor
  public var bias: Tensor
  public var runningMean: Tensor
  public var runningVariance: Tensor
  public var training: Bool
  public var momentum: Float
  public var epsilon: Float
  public var activation: Activation

  public init(
    weight: Tensor, bias: Tensor, runningMean: Tensor, runningVariance: Tensor, training: Bool, momentum: Float = 0.1,
    epsilon: Float = 1e-5, activation: Activation = .none
  ) {
    (self.weight, self.bias) = (weight, bias)
    (self.runningMean, self.runningVariance) = (runningMean, runningVariance)
    self.training = training
    self.momentum = momentum
    self.epsilon = epsilon
    self.activation = activation
  }
}

/// A batch normalisation of one batch: what it normalises with, and the launches of its parts.
package struct BatchNorm {
  let device: any Device
  let rows: Int
  let channels: Int
  let arguments: BatchNormArguments
  private let mean: Tensor
  private let variance: Tensor

  /// Checks the shapes and, in training, takes the batch's statistics and moves the running ones towards them.
  init(_ x: Tensor, _ arguments: BatchNormArguments) throws {
    try self.init(x.shape, on: x.device, arguments) { pass, means, m2 in
      let channels = x.shape[3]
      try x.device.launch(
        BatchNormKernels.chunkStatistics,
        over: pass.grid, moving: x.count,
        [
          .buffer(x.buffer), .buffer(means), .buffer(m2), .int(x.count / channels), .int(channels),
          .int(pass.chunks.length),
        ] + pass.groupArguments)
    }
  }

  /// The same of a batch of this shape, whose chunks' statistics `enqueueChunks` launches, given two buffers for them.
  init(
    _ shape: [Int], on device: any Device, _ arguments: BatchNormArguments,
    _ enqueueChunks: (_ pass: RowReduction, _ means: Buffer, _ m2: Buffer) throws -> Void
  ) throws {
    guard shape.count == 4 else {
      throw ShapeError("batchNorm2d", "the input must be [N, H, W, C], not \(shape)")
    }
    let count = shape.reduce(1, *)
    try checkIndexable("batchNorm2d", count)
    channels = shape[3]
    rows = count / channels
    let (runningMean, runningVariance) = (arguments.runningMean, arguments.runningVariance)
    for vector in [arguments.weight, arguments.bias, runningMean, runningVariance] where vector.shape != [channels] {
      throw ShapeError(
        "batchNorm2d", "parameters and statistics must be [\(channels)] for an input \(shape), not \(vector.shape)")
    }
    if arguments.training && rows < 2 {
      throw ShapeError("batchNorm2d", "training needs more than one value per channel, and the input is \(shape)")
    }
    self.device = device
    self.arguments = arguments
    (mean, variance) =
      arguments.training
      ? try Self.statistics(rows, arguments, enqueueChunks) : (runningMean, runningVariance)
  }

  /// Mean and biased variance of the batch; updates the running statistics. One launch and that of `enqueueChunks`.
  private static func statistics(
    _ rows: Int, _ arguments: BatchNormArguments,
    _ enqueueChunks: (_ pass: RowReduction, _ means: Buffer, _ m2: Buffer) throws -> Void
  ) throws -> (mean: Tensor, variance: Tensor) {
    let (runningMean, runningVariance) = (arguments.runningMean, arguments.runningVariance)
    let (device, channels) = (runningMean.device, runningMean.count)
    let pass = RowReduction(rows: rows, columns: channels, on: device)
    let chunks = pass.chunks
    let means = try device.allocate(byteCount: chunks.count * channels * 4)
    let m2 = try device.allocate(byteCount: chunks.count * channels * 4)
    try enqueueChunks(pass, means, m2)
    let mean = try device.tensor([channels])
    let variance = try device.tensor([channels])
    let second = RowReduction(atOnce: chunks.count, columns: channels, on: device)
    try device.launch(
      BatchNormKernels.statistics, over: second.grid,
      moving: 2 * chunks.count * channels,
      [
        .buffer(means), .buffer(m2), .buffer(mean.buffer), .buffer(variance.buffer),
        .buffer(runningMean.buffer), .buffer(runningVariance.buffer), .int(rows), .int(channels), .int(chunks.length),
      ] + second.groupArguments + [.float(arguments.momentum)])
    return (mean, variance)
  }

  /// mean, variance, weight, bias.
  var vectors: [KernelArgument] { [mean, variance, arguments.weight, arguments.bias].map { .buffer($0.buffer) } }

  /// A work-item for each vector of channels of each block of rows.
  var normalizeGrid: Grid {
    let rowsPerItem = Int(device.traits.isVector ? BATCH_NORM_ROWS : BATCH_NORM_TILE_ROWS)
    return device.planeGrid(device.vectors(in: channels), rows.dividedUp(by: rowsPerItem))
  }

  /// The gradients of weight and bias, and the sums that the input's needs, from those of chunks of `rows` rows, which
  /// `enqueue` is given two buffers for. Launches are those of `enqueue` and, in the vector family, one that adds up the
  /// chunks; in the tile family these are parts of the gradients, which those who read them add up.
  func parameterGradients(
    _ rows: Int, on tape: Tape,
    _ enqueue: (_ pass: RowReduction, _ sums: Buffer, _ products: Buffer) throws -> Void
  ) throws -> NormSums {
    let (weight, bias) = (arguments.weight, arguments.bias)
    guard arguments.training || weight.requiresGradient || bias.requiresGradient else {
      let unread = arguments.weight.buffer
      return NormSums(sums: unread, products: device.traits.isVector ? nil : unread, chunks: 0)
    }
    let pass = RowReduction(rows: rows, columns: channels, most: Self.mostGradientChunks, on: device)
    let weightTarget = try tape.gradientTarget(of: weight)
    let biasTarget = try tape.gradientTarget(of: bias)
    let sums =
      try device.traits.isVector
      ? addUpChunks(pass, weightTarget, biasTarget, enqueue) : chunkParts(pass, weightTarget, biasTarget, enqueue)
    try weightTarget?.finish()
    try biasTarget?.finish()
    return sums
  }

  /// The chunks' sums added up for parameters and input. One launch and those of `enqueue`.
  private func addUpChunks(
    _ pass: RowReduction, _ weight: GradientTarget?, _ bias: GradientTarget?,
    _ enqueue: (_ pass: RowReduction, _ sums: Buffer, _ products: Buffer) throws -> Void
  ) throws -> NormSums {
    let chunks = pass.chunks.count, totals = try device.allocate(byteCount: 2 * channels * 4)
    let sums = try device.allocate(byteCount: chunks * channels * 4)
    let products = try device.allocate(byteCount: chunks * channels * 4)
    try enqueue(pass, sums, products)
    let second = RowReduction(atOnce: chunks, columns: channels, on: device)
    try device.launch(
      BatchNormKernels.parameterGradients,
      over: second.grid, moving: 2 * chunks * channels,
      [
        .buffer(sums), .buffer(products), .buffer(variance.buffer), .buffer(totals),
        .buffer(weight?.gradient.buffer ?? totals), .buffer(bias?.gradient.buffer ?? totals),
        .int(chunks), .int(channels), .float(arguments.epsilon), .int(Self.mode(weight)), .int(Self.mode(bias)),
      ])
    return NormSums(sums: totals, products: nil, chunks: 1)
  }

  /// The chunks' sums as parts of the parameters' gradients. The launches are those of `enqueue`, and one for each gradient
  /// that is added to what is there.
  private func chunkParts(
    _ pass: RowReduction, _ weight: GradientTarget?, _ bias: GradientTarget?,
    _ enqueue: (_ pass: RowReduction, _ sums: Buffer, _ products: Buffer) throws -> Void
  ) throws -> NormSums {
    let chunks = pass.chunks.count
    func parts(of target: GradientTarget?) throws -> (buffer: Buffer, add: () throws -> Void) {
      if let target, chunks > 1 || !target.accumulate {
        let parts = try target.parts(chunks)
        return (parts.buffer, parts.add)
      }
      let buffer = try device.allocate(byteCount: chunks * channels * 4)
      return (
        buffer, { if let target { try addParts(buffer, count: chunks, to: target.gradient, accumulate: true) } }
      )
    }
    let (sums, addSums) = try parts(of: bias), (products, addProducts) = try parts(of: weight)
    try enqueue(pass, sums, products)
    try addSums()
    try addProducts()
    return NormSums(sums: sums, products: products, chunks: arguments.training ? chunks : 0)
  }

  /// Sums over chunks of rows of x, whose gradients are the rows of dy. One launch.
  func enqueueChunkGradients(
    _ dy: Tensor, _ x: Tensor, _ pass: RowReduction, _ sums: Buffer, _ products: Buffer
  ) throws {
    try device.launch(
      BatchNormKernels.chunkGradients,
      over: pass.grid, moving: 2 * x.count,
      [.buffer(dy.buffer), .buffer(x.buffer)] + vectors
        + [.buffer(sums), .buffer(products), .int(x.count / channels), .int(channels), .int(pass.chunks.length)]
        + pass.groupArguments + [.float(arguments.epsilon)] + arguments.activation.arguments)
  }

  /// The normalised x. One launch.
  func enqueueForward(_ operands: BatchNormOperands) throws {
    let (x, y) = (operands.x, operands.y)
    try device.launch(
      BatchNormKernels.forward, over: normalizeGrid,
      moving: 2 * x.count,
      [.buffer(x.buffer), .buffer(y.buffer)] + vectors
        + [.int(rows), .int(channels), .float(arguments.epsilon)] + arguments.activation.arguments)
  }

  /// The gradient of x.
  fileprivate func inputGradient(_ dy: Tensor, _ x: Tensor, _ sums: NormSums) throws -> Tensor {
    let dx = try device.tensor(x.shape)
    dx.columnsCancel = arguments.training
    try BatchNormRoutes.backward.enqueue(
      self, BatchNormGradientOperands(dy: dy, x: x, dx: dx, sums: sums), KernelChoice(device.traits), on: device)
    return dx
  }

  /// The gradient of x. One launch.
  func enqueueInputGradient(_ operands: BatchNormGradientOperands) throws {
    let (dy, x) = (operands.dy, operands.x)
    let pass = inputGradientPass(rows: rows, atOnce: Int(BATCH_NORM_GRADIENT_ROWS), vectorGrid: normalizeGrid)
    try device.launch(
      BatchNormKernels.backward, over: pass.grid,
      moving: 3 * x.count,
      [.buffer(dy.buffer), .buffer(x.buffer)] + vectors + operands.sums.arguments
        + [.buffer(operands.dx.buffer), .int(rows), .int(channels)] + pass.arguments + arguments.activation.arguments)
  }

  /// The grid of the launch for an input's gradient, and what the family's kernel is told behind its sizes.
  ///
  /// - Parameters:
  ///   - rows: of pixels, or windows.
  ///   - atOnce: rows that a work-item of the tile family loads at once.
  func inputGradientPass(
    rows: Int, atOnce: Int, vectorGrid: @autoclosure () -> Grid
  ) -> (grid: Grid, arguments: [KernelArgument]) {
    if device.traits.isVector { return (vectorGrid(), [.float(arguments.epsilon), .int(arguments.training ? 1 : 0)]) }
    let groups = RowReduction.gradientGroups(rows: rows, columns: channels, atOnce: atOnce, on: device)
    return (groups.grid, [.int(groups.vectors), .float(arguments.epsilon)])
  }

  private static func mode(_ target: GradientTarget?) -> Int32 {
    target.map { $0.accumulate ? BATCH_NORM_GRADIENT_ADD : BATCH_NORM_GRADIENT_OVERWRITE } ?? BATCH_NORM_GRADIENT_SKIP
  }

  /// Chunks of a gradient's rows, which each group of the tile family adds up for itself.
  private static let mostGradientChunks = 64
}

/// The sums over the batch that the gradient of a normalisation's input needs.
package struct NormSums {
  /// In the vector family the totals, `[2, C]`; in the tile family the chunks' sums of the output's gradient,
  /// `[chunks, C]`.
  let sums: Buffer
  /// In the tile family the chunks' sums of the gradient times the normalised input.
  let products: Buffer?
  /// Chunks to add up; none in evaluation.
  let chunks: Int

  /// The kernels' arguments.
  var arguments: [KernelArgument] {
    products.map { [.buffer(sums), .buffer($0), .int(chunks)] } ?? [.buffer(sums)]
  }
}
