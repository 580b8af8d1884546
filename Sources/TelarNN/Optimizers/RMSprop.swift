/// Gradients divided by the root of their running mean square (Hinton 2012), with PyTorch's defaults:
/// `torch.optim.RMSprop`. Weight decay is added to the gradient.
public struct RMSprop: SummingOptimizer {
  public static var name: String { "RMSprop" }

  public var learningRate: Double
  /// What is kept of the running means in a step.
  public var alpha: Double
  public var epsilon: Double
  public var momentum: Double
  /// Whether the gradients' variance takes the place of their mean square.
  public var isCentered: Bool
  public var weightDecay: Double

  public init(
    learningRate: Double = 1e-2, alpha: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0,
    isCentered: Bool = false, weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.alpha = alpha
    self.epsilon = epsilon
    self.momentum = momentum
    self.isCentered = isCentered
    self.weightDecay = weightDecay
  }

  public init(attributes: inout AttributeReader) throws {
    self.init(
      learningRate: try attributes.double("learning_rate", default: 1e-2, .positive),
      alpha: try attributes.double("alpha", default: 0.99, .share),
      epsilon: try attributes.double("epsilon", default: 1e-8, .zeroToOne),
      momentum: try attributes.double("momentum", default: 0, .nonNegative),
      isCentered: try attributes.flag("centered", default: false),
      weightDecay: try attributes.double("weight_decay", default: 0, .nonNegative))
  }

  public var attributes: JSON.Members {
    [
      "learning_rate": .number(learningRate), "alpha": .number(alpha), "epsilon": .number(epsilon),
      "momentum": .number(momentum), "centered": .boolean(isCentered), "weight_decay": .number(weightDecay),
    ]
  }

  public var stateNames: [String] {
    ["square_avg"] + (momentum == 0 ? [] : ["momentum_buffer"]) + (isCentered ? ["grad_avg"] : [])
  }

  public func announce(learningRate: Double, step: Int, on device: any Device) {
    device.stepValues.setRates(learningRate)
  }

  package func update(
    parameters: Tensor, gradients: Tensor, sums: GradientSums?, state: [Tensor], learningRate: Double, step: Int
  ) throws {
    try rmspropStep(
      parameters: parameters, gradients: gradients, sums: sums, squareAverage: state[0],
      gradientAverage: isCentered ? state.last : nil, velocity: momentum == 0 ? state[0] : state[1],
      learningRate: learningRate, alpha: alpha, epsilon: epsilon, momentum: momentum, weightDecay: weightDecay)
  }
}
