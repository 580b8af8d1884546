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
  try rmspropStep(
    parameters: parameters, gradients: gradients, sums: nil, squareAverage: squareAverage,
    gradientAverage: gradientAverage, velocity: velocity, learningRate: learningRate, alpha: alpha, epsilon: epsilon,
    momentum: momentum, weightDecay: weightDecay)
}

/// The same of gradients that are in part sums which the launch adds up, on devices of the tile family.
package func rmspropStep(
  parameters: Tensor, gradients: Tensor, sums: GradientSums?, squareAverage: Tensor, gradientAverage: Tensor?,
  velocity: Tensor, learningRate: Double, alpha: Double, epsilon: Double, momentum: Double, weightDecay: Double
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
  parameters.device.stepValues.setRates(learningRate)
  try OptimizerKernel.rmsprop.enqueue(
    parameters: parameters, gradients: gradients, sums: sums,
    state: [squareAverage, gradientAverage ?? squareAverage, velocity],
    settings: [
      .float(Float(alpha)), .float(Float(1 - alpha)), .float(Float(epsilon)), .float(Float(momentum)),
      .float(Float(weightDecay)), .int(gradientAverage == nil ? 0 : 1),
    ],
    moving: (5 + (gradientAverage == nil ? 0 : 2) + (momentum == 0 ? 0 : 2)) * count)
}
