import CKernels
import Foundation

/// The kernels of an optimizer's step over flat arrays, in `optimizer.cl` and `optimizer_tile.cl`.
struct OptimizerKernel {
  let whole, ofSums: Kernel

  static let adam = OptimizerKernel(
    whole: Kernel("optimizer", "adam_step"), ofSums: Kernel("optimizer_tile", "adam_step_tile"))
  static let sgd = OptimizerKernel(
    whole: Kernel("optimizer", "sgd_step"), ofSums: Kernel("optimizer_tile", "sgd_step_tile"))
  static let rmsprop = OptimizerKernel(
    whole: Kernel("optimizer", "rmsprop_step"), ofSums: Kernel("optimizer_tile", "rmsprop_step_tile"))

  /// A step of whole gradients or, on devices of the tile family, of gradients that are in part sums which the launch adds
  /// up. One launch.
  ///
  /// - Parameters:
  ///   - state: arrays as long as the parameters.
  ///   - settings: what else the kernel is told.
  ///   - floats: that are read or written.
  func enqueue(
    parameters: Tensor, gradients: Tensor, sums: GradientSums?, state: [Tensor], settings: [KernelArgument],
    moving floats: Int
  ) throws {
    let (device, count) = (parameters.device, parameters.count)
    let arrays = [parameters, gradients].map { KernelArgument.buffer($0.buffer) }
    let state = try state.map { KernelArgument.buffer($0.buffer) } + [.buffer(device.stepValues.buffer(on: device))]
    if let sums {
      try device.launch(
        ofSums, over: sums.grid(on: device), moving: floats,
        arrays + sums.arguments + state + settings + sums.lossArguments)
    } else {
      try device.launch(
        whole, over: device.elementwiseGrid(count), moving: floats, arrays + state + [.int(count)] + settings)
    }
  }
}

/// One step of Adam over all parameters, in place.
///
/// - Shapes: four arrays of `parameters.count` elements
/// - Parameters:
///   - firstMoment: the running mean of gradients, zeros before the first step.
///   - secondMoment: the running mean of squared gradients, zeros before the first step.
///   - weightDecay: is added to the gradient, times the parameter.
///   - isDecoupled: whether, instead, the learning rate times `weightDecay` times the parameter is taken from it, as in
///     AdamW.
///   - step: the number of this step, from 1.
/// - Cost: one launch.
/// - Source: semantics of torch.optim.Adam and AdamW; Kingma & Ba 2015, Loshchilov & Hutter 2019.
public func adamStep(
  parameters: Tensor, gradients: Tensor, firstMoment: Tensor, secondMoment: Tensor, learningRate: Double,
  beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
  isDecoupled: Bool = false, step: Int
) throws {
  try adamStep(
    parameters: parameters, gradients: gradients, sums: nil, firstMoment: firstMoment, secondMoment: secondMoment,
    learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
    isDecoupled: isDecoupled, step: step)
}

/// The same of gradients that are in part sums which the launch adds up, on devices of the tile family.
package func adamStep(
  parameters: Tensor, gradients: Tensor, sums: GradientSums?, firstMoment: Tensor, secondMoment: Tensor,
  learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, isDecoupled: Bool,
  step: Int
) throws {
  let count = parameters.count
  precondition(
    gradients.count == count && firstMoment.count == count && secondMoment.count == count,
    "arrays of different sizes: \(count), \(gradients.count), \(firstMoment.count), \(secondMoment.count)")
  precondition(step > 0, "steps count from 1, not \(step)")
  try checkIndexable("adamStep", count)
  let device = parameters.device
  device.stepValues.setAdamRates(
    learningRate: learningRate, beta1: beta1, beta2: beta2, decay: isDecoupled ? weightDecay : nil, step: step)
  try OptimizerKernel.adam.enqueue(
    parameters: parameters, gradients: gradients, sums: sums, state: [firstMoment, secondMoment],
    settings: [
      .float(Float(1 - beta1)), .float(Float(beta2)), .float(Float(1 - beta2)), .float(Float(epsilon)),
      .float(isDecoupled ? 0 : Float(weightDecay)),
    ],
    moving: 7 * count)
}

/// One step of stochastic gradient descent over all parameters, in place.
///
/// - Shapes: three arrays of `parameters.count` elements
/// - Parameter velocity: the gradients' running sum, zeros before the first step; not touched without momentum, when
///   it may be any tensor.
/// - Cost: one launch.
/// - Source: semantics of torch.optim.SGD.
public func sgdStep(
  parameters: Tensor, gradients: Tensor, velocity: Tensor, learningRate: Double, momentum: Double = 0,
  nesterov: Bool = false, weightDecay: Double = 0
) throws {
  try sgdStep(
    parameters: parameters, gradients: gradients, sums: nil, velocity: velocity, learningRate: learningRate,
    momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
}

/// The same of gradients that are in part sums which the launch adds up, on devices of the tile family.
package func sgdStep(
  parameters: Tensor, gradients: Tensor, sums: GradientSums?, velocity: Tensor, learningRate: Double,
  momentum: Double, nesterov: Bool, weightDecay: Double
) throws {
  let count = parameters.count
  precondition(
    gradients.count == count && (momentum == 0 || velocity.count == count),
    "arrays of different sizes: \(count), \(gradients.count), \(velocity.count)")
  try checkIndexable("sgdStep", count)
  let device = parameters.device
  device.stepValues.setRates(learningRate)
  try OptimizerKernel.sgd.enqueue(
    parameters: parameters, gradients: gradients, sums: sums, state: [velocity],
    settings: [.float(Float(momentum)), .float(Float(weightDecay)), .int(nesterov ? 1 : 0)],
    moving: (momentum == 0 ? 3 : 5) * count)
}

extension StepValues {
  /// The rates of a step of Adam.
  ///
  /// - Parameter decay: the weight decay, where it is decoupled from the gradient.
  package func setAdamRates(learningRate: Double, beta1: Double, beta2: Double, decay: Double?, step: Int) {
    setRates(
      learningRate / (1 - pow(beta1, Double(step))), 1 / (1 - pow(beta2, Double(step))).squareRoot(),
      decay.map { 1 - learningRate * $0 } ?? 1)
  }

  /// The rates of an optimizer's step, in the order of its kernel.
  package func setRates(_ rates: Double...) {
    for (index, rate) in rates.enumerated() { set(STEP_VALUE_RATES + Int32(index), to: Float(rate)) }
  }
}
