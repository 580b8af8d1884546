/// A convolution and max-pooling by 2×2 windows with ReLU and dropout in one operator of the tile family. Kernel in
/// `conv2d_pool_tile.cl`.
extension ConvPoolProblem {
  /// Whether ``FusedOps/conv2dMaxPool2x2(_:weight:bias:_:_:)`` computes it.
  package func isFusible2x2(_ traits: DeviceTraits) -> Bool {
    traits.poolsIn2x2(pool) && min(convolution.outSize.height, convolution.outSize.width) >= 2
  }

  /// Whether one work-group may compute a whole sum. The windows of longer ones would be cut apart.
  var sumsAreShort: Bool { convolution.taps * convolution.groupChannels <= LocalTile.mostDeepTerms }

  /// Outputs behind the last window are not computed. One launch.
  func enqueueTile(_ configuration: LocalTile, _ operands: ConvPool2x2Operands) throws {
    let (device, y) = (operands.x.device, operands.y)
    let columns = convolution.groupOutChannels
    device.profiler?.declare(flops: convolution.flops, bytes: convolution.bytes)
    try device.launch(
      ConvTileKernels.maxPool2x2[
        configuration, convolution.isAligned(columns), convolution.isAligned(convolution.groupChannels)],
      over: configuration.grid(
        m: 4 * y.count / convolution.outChannels, n: columns, batches: convolution.geometry.groups),
      [
        .buffer(operands.x.buffer), .buffer(operands.weight.buffer),
        .buffer(operands.bias?.buffer ?? device.zeros(byteCount: convolution.outChannels * 4)), .buffer(y.buffer),
        .buffer(operands.argmax),
      ] + convolution.sizeArguments + operands.window.arguments(writing: y.buffer, keep: operands.keep, on: device))
  }

  /// The same by two operators. Two launches; one more where the convolution's sums are cut.
  func enqueueConvolutionThenPool(_ operands: ConvPool2x2Operands) throws {
    let z = try operands.x.device.tensor(convolution.outShape)
    try convolution.enqueueForward(ConvOperands(x: operands.x, weight: operands.weight, bias: operands.bias, y: z))
    try enqueueMaxPool2x2(
      MaxPool2x2Operands(x: z, y: operands.y, argmax: operands.argmax, keep: operands.keep, window: operands.window))
  }
}

/// The tensors of a convolution with such a pooling behind it.
package struct ConvPool2x2Operands {
  package var x: Tensor
  package var weight: Tensor
  package var bias: Tensor?
  package var y: Tensor
  /// Written where `keep` says so.
  package var argmax: Buffer
  package var keep: Bool
  package var window: WindowFunction

  package init(
    x: Tensor, weight: Tensor, bias: Tensor?, y: Tensor, argmax: Buffer, keep: Bool, window: WindowFunction
  ) {
    (self.x, self.weight, self.bias, self.y) = (x, weight, bias, y)
    (self.argmax, self.keep, self.window) = (argmax, keep, window)
  }
}

extension FusedOps {
  /// Max-pooling by 2×2 windows of conv2d(x), with ReLU and dropout before or behind it. The convolution's own output is
  /// never written.
  ///
  /// - Shapes: x `[N, H, W, C]`, weight `[KH, KW, C/groups, O]`, bias `[O]` → `[N, Ho/2, Wo/2, O]`
  /// - Precondition: ``ConvPoolProblem/isFusible2x2(_:)``.
  /// - Throws: ``ShapeError`` as the operators do.
  /// - Cost: one launch by the route `local-tile`. Gradients: as those of the convolution, and one for pooling, ReLU
  ///   and dropout.
  package static func conv2dMaxPool2x2(
    _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, _ window: WindowFunction
  ) throws -> Tensor {
    let convolution = try ConvProblem(convolving: x.shape, weight: weight.shape, bias: bias?.shape, geometry)
    let problem = ConvPoolProblem(convolution, WindowFunction.windows)
    let device = x.device, tape = Tape.of(x, weight, bias)
    let shape = try checkedPoolShape(convolution.outShape, WindowFunction.windows, "maxPool2d")
    let y = try device.tensor(shape)
    let argmax = try tape == nil ? y.buffer : device.allocate(byteCount: y.count * 2)
    try ConvRoutes.pooled2x2.enqueue(
      problem,
      ConvPool2x2Operands(
        x: x, weight: weight, bias: bias, y: y, argmax: argmax, keep: tape != nil, window: window),
      problem.choice2x2(on: device), on: device)
    if let tape {
      tape.record(y) { dy in
        let dz = try window.gradient(dy, argmax: argmax, inputShape: convolution.outShape)
        try convolution.differentiate(x, weight: weight, bias: bias, dz, on: tape)
      }
    }
    return y
  }
}

extension ConvPoolProblem {
  /// What a route of ``ConvRoutes/pooled2x2`` is chosen by on a device: the tile that the convolution itself has.
  package func choice2x2(on device: any Device) -> KernelChoice { convolution.forwardChoice(on: device) }
}
