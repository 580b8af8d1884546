/// The kernel in `rmsprop.cl`.
enum RMSpropKernels {
  static let step = Kernel("rmsprop", "rmsprop_step")
}

/// One step of RMSprop over all parameters, in place.
///
/// - Shapes: five arrays of `parameters.count` elements
/// - Parameters:
///   - squareAverage: the running mean of squared gradients, zeros before the first step.
///   - gradientAverage: the running mean of gradients, zeros before the first step, whose square is taken from the mean
///     square; `nil` for plain RMSprop.
///   - velocity: the updates' running sum, zeros before the first step; not touched without momentum, when it may be any
///     tensor.
///   - alpha: what is kept of the running means in a step.
///   - weightDecay: is added to the gradient, times the parameter.
/// - Cost: one launch.
/// - Source: semantics of torch.optim.RMSprop, but for a variance that rounding makes negative, which counts as zero.
public func rmspropStep(
  parameters: Tensor, gradients: Tensor, squareAverage: Tensor, gradientAverage: Tensor? = nil, velocity: Tensor,
  learningRate: Double, alpha: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, weightDecay: Double = 0
) throws {
  let count = parameters.count
  precondition(
    gradients.count == count && squareAverage.count == count && (gradientAverage?.count ?? count) == count
      && (momentum == 0 || velocity.count == count),
    """
    arrays of different sizes: \(count), \(gradients.count), \(squareAverage.count), \
    \(gradientAverage?.count ?? count), \(velocity.count)
    """)
  try checkIndexable("rmspropStep", count)
  let device = parameters.device
  device.stepValues.setRates(learningRate)
  let moved = 5 + (gradientAverage == nil ? 0 : 2) + (momentum == 0 ? 0 : 2)
  try device.launch(
    RMSpropKernels.step, over: device.elementwiseGrid(count), moving: moved * count,
    [
      .buffer(parameters.buffer), .buffer(gradients.buffer), .buffer(squareAverage.buffer),
      .buffer((gradientAverage ?? squareAverage).buffer), .buffer(velocity.buffer),
      .buffer(try device.stepValues.buffer(on: device)), .int(count), .float(Float(alpha)), .float(Float(1 - alpha)),
      .float(Float(epsilon)), .float(Float(momentum)), .float(Float(weightDecay)),
      .int(gradientAverage == nil ? 0 : 1),
    ])
}
