/// The routes of convolutions. A transposed convolution runs the transposed pass forward, and the forward pass for the
/// gradient of its input.
package enum ConvRoutes {
  /// y = epilogue(conv2d(x, weight) + bias)
  package static let forward = Routes<ConvProblem, ConvOperands>(
    "conv2d forward",
    [
      Route("first-layer", fits: { $0.isFirstLayer && $1.isVector }) { try $0.enqueueFirst($1) },
      Route("one-channel", fits: { $0.isFromOne($1) }) { try $0.enqueueFromOne($1) },
      Route("depthwise", fits: { $0.isDepthwise($1) }) { try $0.enqueueDepthwise($1) },
      .local("local-tile") { try $0.enqueueForwardTile($1, $2) },
      .vector("winograd", fits: { $0.isWinograd(outputs: $0.outSize, $1, $2) }) { try $0.enqueueWinograd($1, $2) },
      .vector("images", fits: { problem, _, traits in problem.fillsTiles(traits) }) { try $0.enqueueImages($1, $2) },
      .vector("window") { try $0.enqueueWindow($1, $2) },
    ])

  /// x = epilogue(transposed convolution of y + bias): also the gradient of a convolution's input.
  package static let transposed = Routes<ConvProblem, ConvOperands>(
    "conv2d transposed",
    [
      Route("to-one-channel", fits: { ToOnePlan($0, $1) != nil }) { try $0.enqueueToOne($1) },
      Route("depthwise", fits: { $0.isDepthwise($1) }) { try $0.enqueueDepthwiseTransposed($1) },
      .chosen("products-and-sums", fits: { $0.hasFewChannels($1) && $0.hasFewProducts }) {
        try $0.enqueueTransposedByProducts($1)
      },
      .chosen("dot-products", fits: { $0.hasFewChannels($1) }) { try $0.enqueueTransposedDot($1) },
      Route("tiled-outputs", fits: { $0.tilesOutputs && $1.isVector }) { try $0.enqueueTiledOutputs($1) },
      .local("local-tile") { try $0.enqueueTransposedTile($1, $2) },
      .vector("winograd", fits: { $0.isWinograd(outputs: $0.size, $1, $2) }) {
        try $0.enqueueWinogradTransposed($1, $2)
      },
      .vector("images", fits: { problem, _, traits in problem.fillsTiles(traits) }) {
        try $0.enqueueImagesTransposed($1, $2)
      },
      .vector("phases") { try $0.enqueuePhases($1, $2) },
    ])

  /// dweight (+)= the gradient of the weight, from x and dy.
  package static let weightGradient = Routes<ConvProblem, ConvGradientOperands>(
    "conv2d weight gradient",
    [
      Route("one-channel", fits: { $0.isFromOneGradient($1) }) { try $0.enqueueFromOneGradient($1) },
      Route("depthwise", fits: { $0.isDepthwise($1) }) { try $0.enqueueDepthwiseGradient($1) },
      .local("local-tile", sumsBias: true) { try $0.enqueueWeightGradientTile($1, $2) },
      .vector("winograd", fits: { $0.isWinogradGradient($1, $2) }) { try $0.enqueueWinogradGradient($1, $2) },
      .vector("window") { try $0.enqueueWindowGradient($1, $2) },
    ])

  /// y = activation(max-pooling of conv2d(x, weight) + bias). Where none fits, the two are operators of their own.
  package static let pooled = Routes<ConvPoolProblem, ConvPoolOperands>(
    "conv2d maxPool2d forward",
    [
      .vector("winograd", fits: { $0.isWinograd($1, $2) }) { try $0.enqueueWinograd($1, $2) },
      .vector("images", fits: { problem, _, traits in problem.fitsImages(traits) }) { try $0.enqueueImages($1, $2) },
    ])

  /// y = max-pooling of conv2d(x, weight) + bias by 2×2 windows, with ReLU and dropout before or behind it, in the tile
  /// family.
  package static let pooled2x2 = Routes<ConvPoolProblem, ConvPool2x2Operands>(
    "conv2d maxPool2d 2×2 forward",
    [
      .local("local-tile", fits: { $0.sumsAreShort }) { try $0.enqueueTile($1, $2) },
      .chosen("convolution-then-pool", fits: { _, _ in true }) { try $0.enqueueConvolutionThenPool($1) },
    ])
}

extension ConvProblem {
  /// y = epilogue(conv2d(x, weight) + bias), by the first route that fits.
  package func enqueueForward(_ operands: ConvOperands) throws {
    let y = operands.y
    try ConvRoutes.forward.enqueue(self, forwardChoice(on: y.device), operands.epilogue, to: y) {
      operands.with($0)
    }
  }

  /// x = epilogue(transposed convolution of y + bias), by the first route that fits.
  package func enqueueTransposed(_ operands: ConvOperands) throws {
    let x = operands.x
    try ConvRoutes.transposed.enqueue(self, transposedChoice(on: x.device), operands.epilogue, to: x) {
      operands.with($0)
    }
  }

  /// dweight (+)= the gradient of the weight, by the first route that fits, and that of the bias if it is wanted.
  package func enqueueWeightGradient(_ operands: ConvGradientOperands) throws {
    let device = operands.x.device
    let route = try ConvRoutes.weightGradient.enqueue(
      self, operands, weightGradientChoice(on: device), on: device)
    if let bias = operands.bias, !route.sumsBias { try bias.enqueue() }
  }

  /// What a route of the forward pass is chosen by on a device.
  package func forwardChoice(on device: any Device) -> KernelChoice {
    choice(
      on: device, m: batch * outSize.height * outSize.width, n: groupOutChannels, k: taps * groupChannels,
      batches: geometry.groups, .forward)
  }

  /// What a route of the transposed pass is chosen by on a device.
  package func transposedChoice(on device: any Device) -> KernelChoice {
    let batches = geometry.groups * geometry.stride.height * geometry.stride.width
    return choice(
      on: device, m: phasePixels, n: groupChannels, k: phaseTaps * groupOutChannels, batches: batches, .transposed)
  }

  /// What a route of the weight's gradient is chosen by on a device.
  package func weightGradientChoice(on device: any Device) -> KernelChoice {
    choice(on: device, m: taps * groupChannels, n: groupOutChannels, k: nil, batches: geometry.groups, .weightGradient)
  }

  private func choice(
    on device: any Device, m: Int, n: Int, k: Int?, batches: Int, _ operation: TunedProduct.Operation
  ) -> KernelChoice {
    KernelChoice(device.traits) {
      let chosen = device.kernel(m: m, n: n, k: k, batches: batches, upTo: .tall, for: self.product(operation))
      if case .tile = chosen, !self.fitsLocalTiles { return .vector(device.traits.registerTile(forColumns: n)) }
      return chosen
    }
  }
}
