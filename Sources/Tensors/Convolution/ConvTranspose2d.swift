/// The transposed convolution: each input pixel adds its filter to the output around it, plus bias, then the activation.
///
/// - Shapes: x `[N, H, W, C]`, weight `[KH, KW, O/groups, C]`, bias `[O]` → `[N, Ho, Wo, O]`; see
///   ``ConvGeometry/transposedOutputSize(of:)``
/// - Throws: ``ShapeError`` when shapes and attributes do not fit.
/// - Cost: two launches, the first packs the weight, or multiplies it for few output channels; on processors mostly one
///   to three and more channels by filters that neither overlap nor leave gaps, and to one channel by filters of 2×2 to
///   6×6 with a stride of 1 or 2. Gradients: one at most for an activation, two for x, up to three for the weight, up to
///   two for the bias, on GPUs none but one to add up parts, which is zero, and not computed, before a batch normalisation
///   in training.
/// - Source: semantics of torch.nn.functional.conv_transpose2d.
public func convTranspose2d(
  _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, activation: Activation = .none
) throws -> Tensor {
  try convTranspose2d(x, weight: weight, bias: bias, geometry, epilogue: .activation(activation))
}

/// The same with dropout of ReLU, or an activation, applied last. In the tile family dropout takes no launch.
package func convTranspose2d(
  _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, epilogue: Epilogue
) throws -> Tensor {
  let problem = try ConvProblem(transposing: x.shape, weight: weight.shape, bias: bias?.shape, geometry)
  let y = try x.device.tensor([problem.batch, problem.size.height, problem.size.width, problem.channels])
  try problem.enqueueTransposed(ConvOperands(x: y, weight: weight, bias: bias, epilogue, y: x))
  if let tape = Tape.of(x, weight, bias) {
    tape.record(y, outputFunction: epilogue.outputFunction) { dz in
      try problem.parameterGradients(dz, x, into: weight, .beside(dz, into: bias, on: tape), on: tape)
      if x.requiresGradient {
        try tape.accumulate(into: x) { dx, epilogue in
          try problem.enqueueForward(ConvOperands(x: dz, weight: weight, epilogue, y: dx))
        }
      }
    }
  }
  return y
}

extension ConvProblem {
  /// The convolution that the transposed convolution of x is the gradient of: x is its output.
  package init(transposing x: [Int], weight: [Int], bias: [Int]?, _ geometry: ConvGeometry) throws {
    let place = "conv_transpose2d"
    try geometry.validate(place, transposed: true)
    guard x.count == 4, weight.count == 4, !x.contains(0) else {
      throw ShapeError(
        place, "the input must be [N, H, W, C] and the weight [KH, KW, O/groups, C], not \(x) and \(weight)")
    }
    guard weight[0] == geometry.kernelSize.height, weight[1] == geometry.kernelSize.width else {
      throw ShapeError(place, "weight \(weight) is not of kernelSize \(geometry.kernelSize)")
    }
    guard x[3] % geometry.groups == 0, weight[3] == x[3], weight[2] > 0 else {
      throw ShapeError(
        place, "weight \(weight) does not fit \(x[3]) input channels in \(geometry.groups) groups")
    }
    let outChannels = weight[2] * geometry.groups
    guard bias == nil || bias == [outChannels] else {
      throw ShapeError(place, "bias \(bias!) does not fit \(outChannels) output channels")
    }
    let size = geometry.transposedOutputSize(of: Pair(x[1], x[2]))
    guard size.height > 0, size.width > 0 else {
      throw ShapeError(
        place, "padding \(geometry.padding) leaves nothing of the output for an image of \(x[1])×\(x[2])")
    }
    self.init(
      batch: x[0], size: size, channels: outChannels, outSize: Pair(x[1], x[2]), outChannels: x[3],
      geometry: geometry)
    try validate(place)
  }
}
