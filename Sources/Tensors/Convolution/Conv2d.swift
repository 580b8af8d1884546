/// The convolution of an image with a filter for each output channel, plus bias, then the activation.
///
/// - Shapes: x `[N, H, W, C]`, weight `[KH, KW, C/groups, O]`, bias `[O]` → `[N, Ho, Wo, O]`; see
///   ``ConvGeometry/outputSize(of:)``
/// - Throws: ``ShapeError`` when shapes and attributes do not fit.
/// - Cost: two launches, the first packs the weight, or pads the image for one channel and 3×3 filters; on processors
///   mostly one for larger filters of one channel. Gradients: one at most for an activation, two at most for x, up to
///   three for the weight, up to two for the bias, on GPUs none but one to add up parts, which is zero, and not computed,
///   before a batch normalisation in training. A batch of a few images takes one more where there is padding.
/// - Source: semantics of torch.nn.functional.conv2d.
public func conv2d(
  _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, activation: Activation = .none
) throws -> Tensor {
  try conv2d(x, weight: weight, bias: bias, geometry, epilogue: .activation(activation))
}

/// The same with dropout of ReLU, or an activation, applied last. In the tile family dropout takes no launch.
package func conv2d(
  _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, epilogue: Epilogue
) throws -> Tensor {
  let problem = try ConvProblem(convolving: x.shape, weight: weight.shape, bias: bias?.shape, geometry)
  let y = try x.device.tensor(problem.outShape)
  try problem.enqueueForward(ConvOperands(x: x, weight: weight, bias: bias, epilogue, y: y))
  if let tape = Tape.of(x, weight, bias) {
    tape.record(y, outputFunction: epilogue.outputFunction) { dz in
      try problem.differentiate(x, weight: weight, bias: bias, dz, on: tape)
    }
  }
  return y
}

extension ConvProblem {
  /// The gradients of the weight, of the bias, if given, and of x from that of the convolution's output.
  func differentiate(_ x: Tensor, weight: Tensor, bias: Tensor? = nil, _ dy: Tensor, on tape: Tape) throws {
    try parameterGradients(x, dy, into: weight, .beside(dy, into: bias, on: tape), on: tape)
    if x.requiresGradient {
      try tape.accumulate(into: x) { dx, epilogue in
        try enqueueTransposed(ConvOperands(x: dx, weight: weight, epilogue, y: dy))
      }
    }
  }

  /// The gradient of the weight where it wants one, from x and dy, and that of the bias.
  func parameterGradients(
    _ x: Tensor, _ dy: Tensor, into weight: Tensor, _ bias: BiasGradient?, on tape: Tape
  ) throws {
    let target = try tape.gradientTarget(of: weight)
    if let target {
      try x.device.inRole(.weightGradient) {
        try enqueueWeightGradient(ConvGradientOperands(x: x, dy: dy, weight: target, bias: bias))
      }
    } else {
      try bias?.enqueue()
    }
    try bias?.target.finish()
    try target?.finish()
  }
}

extension ConvProblem {
  /// The convolution of x with the weights.
  package init(convolving x: [Int], weight: [Int], bias: [Int]?, _ geometry: ConvGeometry) throws {
    let place = "conv2d"
    try geometry.validate(place, transposed: false)
    guard x.count == 4, weight.count == 4, !x.contains(0) else {
      throw ShapeError(
        place, "the input must be [N, H, W, C] and the weight [KH, KW, C/groups, O], not \(x) and \(weight)")
    }
    guard weight[0] == geometry.kernelSize.height, weight[1] == geometry.kernelSize.width else {
      throw ShapeError(place, "weight \(weight) is not of kernelSize \(geometry.kernelSize)")
    }
    guard x[3] % geometry.groups == 0, weight[3] % geometry.groups == 0, weight[2] == x[3] / geometry.groups else {
      throw ShapeError(
        place, "weight \(weight) does not fit \(x[3]) input channels in \(geometry.groups) groups")
    }
    guard bias == nil || bias == [weight[3]] else {
      throw ShapeError(place, "bias \(bias!) does not fit \(weight[3]) output channels")
    }
    let size = Pair(x[1], x[2])
    let outSize = geometry.outputSize(of: size)
    guard outSize.height > 0, outSize.width > 0 else {
      throw ShapeError(
        place,
        "kernelSize \(geometry.kernelSize) with dilation \(geometry.dilation) does not fit an image of \(x[1])×\(x[2])")
    }
    self.init(
      batch: x[0], size: size, channels: x[3], outSize: outSize, outChannels: weight[3], geometry: geometry)
    try validate(place)
  }
}
