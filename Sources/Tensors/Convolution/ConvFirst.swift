/// Convolutions of one channel with 3×3 filters and a stride of 1, whose weights stay in registers, by themselves and
/// with the max-pooling behind them. Kernels in `conv2d_first.cl`.
enum ConvFirstKernels {
  static let forward = Kernel("conv2d_first", "conv2d_first")
  static let pool = Kernel("conv2d_first", "conv2d_first_pool")
  static let dropoutPool = Kernel("conv2d_first", "conv2d_first_dropout_pool")
  static let poolGradient = Kernel("conv2d_first", "conv2d_first_pool_weight_gradient")
  /// Parts of the batch that a weight gradient is summed in: enough work-items for a processor's threads.
  static let gradientParts = 32
}

extension ConvProblem {
  /// Whether the filters are 3×3 of one channel, with a stride and dilation of 1.
  var isFirstLayer: Bool {
    channels == 1 && geometry.kernelSize == 3 && geometry.stride == 1 && geometry.dilation == 1
  }

  /// The forward pass. One launch, and one more with padding.
  func enqueueFirst(_ operands: ConvOperands) throws {
    let device = operands.device
    let (problem, x) = try padded(operands.x)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvFirstKernels.forward, over: Grid(device.vectors(in: outChannels), outSize.height, batch),
      [
        .buffer(x.buffer), .buffer(operands.weight.buffer), .buffer(operands.biasBuffer(channels: outChannels)),
        .buffer(operands.y.buffer), .int(batch), .pair(problem.size), .pair(outSize), .int(outChannels),
      ] + operands.epilogue.arguments(writing: operands.y.buffer))
  }
}

/// A first layer's convolution and the 2×2 max-pooling behind it, whose input wants no gradient. The convolution's output
/// is never written.
struct ConvFirstPool {
  let problem: ConvProblem
  let pool: PoolGeometry
  let weight: Tensor
  let bias: Tensor?
  /// The images with their padding, and the convolution of those.
  private let x: Tensor
  private let paddedProblem: ConvProblem
  private let poolShape: [Int]

  private var device: any Device { x.device }

  init(_ x: Tensor, weight: Tensor, bias: Tensor?, _ problem: ConvProblem, _ pool: PoolGeometry) throws {
    (self.problem, self.pool, self.weight, self.bias) = (problem, pool, weight, bias)
    poolShape = try checkedPoolShape(problem.outShape, pool, "maxPool2d")
    (paddedProblem, self.x) = try problem.padded(x)
  }

  /// The pooled output and, where they are kept, the argmax. One launch.
  func forward(_ activation: Activation, keep: Bool) throws -> (y: Tensor, argmax: Buffer) {
    let y = try device.tensor(poolShape)
    let argmax = try keep ? device.allocate(byteCount: y.count * 2) : y.buffer
    device.profiler?.declare(flops: problem.flops, bytes: Double(x.count + y.count + weight.count) * 4)
    try device.launch(
      ConvFirstKernels.pool, over: Grid(device.vectors(in: problem.outChannels), y.shape[1], problem.batch),
      try inputs + [
        .buffer(y.buffer), .buffer(argmax), .int(problem.batch), .pair(paddedProblem.paddedSize),
        .pair(Pair(y.shape[1], y.shape[2])), .int(problem.outChannels), .int(keep ? 1 : 0),
      ] + activation.arguments)
    return (y, argmax)
  }

  /// Max-pooling of dropout of ReLU, and the argmax of what is positive. One launch.
  ///
  /// - Precondition: ``DeviceTraits/keepsDropoutNumbers(of:)`` of the convolution's output.
  func forward(dropout probability: Float, key: DropoutKey) throws -> (y: Tensor, argmax: Buffer) {
    let mask = try dropoutArguments(probability: probability, key: key, on: device)
    let y = try device.tensor(poolShape)
    let argmax = try device.allocate(byteCount: y.count * 2)
    device.profiler?.declare(flops: problem.flops, bytes: Double(x.count + y.count + y.count / 2 + weight.count) * 4)
    try device.launch(
      ConvFirstKernels.dropoutPool, over: Grid(poolShape[1], problem.batch),
      try inputs + [
        .buffer(y.buffer), .buffer(argmax), .int(problem.batch), .pair(paddedProblem.size), .pair(problem.outSize),
        .pair(Pair(poolShape[1], poolShape[2])), .int(problem.outChannels),
      ] + mask)
    return (y, argmax)
  }

  /// The gradients of weight and bias from that of the pooled output, times `scale`. Three launches.
  func differentiate(_ dy: Tensor, _ argmax: Buffer, scale: Float, on tape: Tape) throws {
    let (batch, outChannels) = (problem.batch, problem.outChannels)
    let parts = min(batch, ConvFirstKernels.gradientParts)
    let weights = try device.tensor([parts] + weight.shape), biases = try device.tensor([parts, outChannels])
    device.profiler?.declare(flops: problem.flops, bytes: Double(x.count) * 4 + Double(dy.count) * 6)
    try device.launch(
      ConvFirstKernels.poolGradient, over: Grid(device.vectors(in: outChannels), parts),
      [
        .buffer(x.buffer), .buffer(dy.buffer), .buffer(argmax), .buffer(weights.buffer), .buffer(biases.buffer),
        .int(batch), .pair(paddedProblem.paddedSize), .pair(Pair(dy.shape[1], dy.shape[2])), .int(outChannels),
        .int(parts), .float(scale),
      ])
    for (sums, parameter) in [(weights, weight), (biases, bias)] {
      guard let parameter, let target = try tape.gradientTarget(of: parameter) else { continue }
      try addParts(sums.buffer, count: parts, to: target.gradient, accumulate: target.accumulate)
      try target.finish()
    }
  }

  /// Images, weight and bias.
  private var inputs: [KernelArgument] {
    get throws {
      [
        .buffer(x.buffer), .buffer(weight.buffer),
        .buffer(try bias?.buffer ?? device.zeros(byteCount: problem.outChannels * 4)),
      ]
    }
  }
}
