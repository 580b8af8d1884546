/// A convolution and the max-pooling behind it, whose windows neither overlap nor touch padding.
package struct ConvPoolProblem {
  package var convolution: ConvProblem
  package var pool: PoolGeometry

  package init(_ convolution: ConvProblem, _ pool: PoolGeometry) {
    self.convolution = convolution
    self.pool = pool
  }

  /// Whether the device is of the vector family, and there are windows that neither overlap nor touch padding.
  func hasWindowsApart(_ traits: DeviceTraits) -> Bool {
    traits.isVector && pool.isTiling && convolution.outSize.height >= pool.kernelSize.height
      && convolution.outSize.width >= pool.kernelSize.width
  }

  /// Whether this is a first layer with 2×2 pooling, whose kernels have no gradient of the input.
  func isFirstLayer(_ traits: DeviceTraits, wantsInputGradient: Bool) -> Bool {
    convolution.isFirstLayer && pool.kernelSize == 2 && hasWindowsApart(traits) && !wantsInputGradient
  }

  /// Whether ``FusedOps/conv2dMaxPool2d(_:weight:bias:_:_:activation:)`` computes it.
  ///
  /// - Parameters:
  ///   - wantsInputGradient: whether the gradient of the images is wanted.
  ///   - wantsGradient: whether any is: an activation is then not applied within the operator.
  package func isFusible(
    on traits: DeviceTraits, wantsInputGradient: Bool, wantsGradient: Bool, activation: Activation
  ) -> Bool {
    guard activation == .none || !wantsGradient else { return false }
    return isFirstLayer(traits, wantsInputGradient: wantsInputGradient)
      || ConvRoutes.pooled.route(for: self, KernelChoice(traits)) != nil
  }

  /// What a route is chosen by on a device.
  package func choice(on device: any Device) -> KernelChoice {
    let columns = convolution.groupOutChannels
    return KernelChoice(device.traits) {
      .vector(
        device.registerTile(
          forColumns: columns, for: self.convolution.product(.forwardPool, pool: self.pool.kernelSize)))
    }
  }
}

/// The tensors of a convolution's forward pass with its max-pooling.
package struct ConvPoolOperands {
  package var x: Tensor
  package var weight: Tensor
  package var bias: Tensor?
  package var activation: Activation
  /// The pooled output.
  package var y: Tensor
  /// Where the largest value of each window was, as `ushort`; written where `keep` says so.
  package var argmax: Buffer
  package var keep: Bool

  package init(
    x: Tensor, weight: Tensor, bias: Tensor?, _ activation: Activation, y: Tensor, argmax: Buffer, keep: Bool
  ) {
    (self.x, self.weight, self.bias, self.activation) = (x, weight, bias, activation)
    (self.y, self.argmax, self.keep) = (y, argmax, keep)
  }

  /// Those that a convolution by itself has too.
  var convolution: ConvOperands { ConvOperands(x: x, weight: weight, bias: bias, .activation(activation), y: y) }
}

extension FusedOps {
  /// Max-pooling of the activation of conv2d(x). The convolution's own output, which has several times the pool's
  /// elements, is never written.
  ///
  /// - Shapes: x `[N, H, W, C]`, weight `[KH, KW, C/groups, O]`, bias `[O]` → `[N, Ho, Wo, O]`, the pool's output size of
  ///   the convolution's
  /// - Precondition: ``ConvPoolProblem/isFusible(on:wantsInputGradient:wantsGradient:activation:)``.
  /// - Throws: ``ShapeError`` as ``conv2d(_:weight:bias:_:activation:)`` and ``maxPool2d(_:_:)`` do.
  /// - Cost: two launches, in place of three. Gradients: as those of the two operators; of a first layer with one channel
  ///   and 3×3 filters three in all.
  package static func conv2dMaxPool2d(
    _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, _ pool: PoolGeometry,
    activation: Activation = .none
  ) throws -> Tensor {
    let convolution = try ConvProblem(convolving: x.shape, weight: weight.shape, bias: bias?.shape, geometry)
    let problem = ConvPoolProblem(convolution, pool)
    let tape = Tape.of(x, weight, bias)
    precondition(tape == nil || activation == .none, "an activation within a pooled convolution has no gradient")
    if problem.isFirstLayer(x.device.traits, wantsInputGradient: tape != nil && x.requiresGradient) {
      let (layer, y, argmax) = try x.device.inRoute("first-layer") {
        let layer = try ConvFirstPool(x, weight: weight, bias: bias, convolution, pool)
        let (y, argmax) = try layer.forward(activation, keep: tape != nil)
        return (layer, y, argmax)
      }
      if let tape {
        tape.record(y) { dy in try layer.differentiate(dy, argmax, scale: 1, on: tape) }
      }
      return y
    }
    let y = try x.device.tensor(checkedPoolShape(convolution.outShape, pool, "maxPool2d"))
    let argmax = try tape == nil ? y.buffer : x.device.allocate(byteCount: y.count * 2)
    try problem.enqueueForward(
      ConvPoolOperands(x: x, weight: weight, bias: bias, activation, y: y, argmax: argmax, keep: tape != nil))
    guard let tape else { return y }
    tape.record(y) { dy in
      // Each element of dy goes to one of the convolution's outputs, so their sums are the same.
      try biasGradient(of: dy, into: bias, on: tape)
      let dz = try maxPool2dGradient(dy, argmax: argmax, pool, inputShape: convolution.outShape)
      try convolution.differentiate(x, weight: weight, dz, on: tape)
    }
    return y
  }

  /// Max-pooling of dropout of relu(conv2d(x)), a first layer's: see
  /// ``reluDropoutMaxPool2d(_:_:probability:key:)``. The gradient of the weights comes from the pooled values alone.
  ///
  /// - Precondition: ``ConvPoolProblem/isFusibleWithDropout(_:wantsInputGradient:)``.
  /// - Cost: one launch, two with padding, and three for the gradients.
  package static func conv2dReluDropoutMaxPool2d(
    _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, _ pool: PoolGeometry, probability: Float,
    key: DropoutKey
  ) throws -> Tensor {
    let convolution = try ConvProblem(convolving: x.shape, weight: weight.shape, bias: bias?.shape, geometry)
    let (layer, y, argmax) = try x.device.inRoute("first-layer") {
      let layer = try ConvFirstPool(x, weight: weight, bias: bias, convolution, pool)
      let (y, argmax) = try layer.forward(dropout: probability, key: key)
      return (layer, y, argmax)
    }
    if let tape = Tape.of(x, weight, bias) {
      tape.record(y) { dy in try layer.differentiate(dy, argmax, scale: 1 / (1 - probability), on: tape) }
    }
    return y
  }
}

extension ConvPoolProblem {
  /// Whether ``FusedOps/conv2dReluDropoutMaxPool2d(_:weight:bias:_:_:probability:key:)`` computes it: a first layer, the
  /// mask's numbers of two rows of whose output a work-item can keep.
  package func isFusibleWithDropout(_ traits: DeviceTraits, wantsInputGradient: Bool) -> Bool {
    isFirstLayer(traits, wantsInputGradient: wantsInputGradient)
      && traits.keepsDropoutNumbers(of: convolution.outShape)
  }

  /// y = activation(max-pooling of the convolution), by the first route that fits.
  package func enqueueForward(_ operands: ConvPoolOperands) throws {
    let device = operands.x.device
    try ConvRoutes.pooled.enqueue(self, operands, choice(on: device), on: device)
  }
}
