/// Adam with PyTorch's defaults: `torch.optim.Adam`. Weight decay is added to the gradient.
public struct Adam: SummingOptimizer {
  public static var name: String { "Adam" }

  public var learningRate: Double
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  public var weightDecay: Double

  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public init(attributes: inout AttributeReader) throws {
    self.init(
      learningRate: try attributes.double("learning_rate", default: 1e-3, .positive),
      beta1: try attributes.double("beta1", default: 0.9, .share),
      beta2: try attributes.double("beta2", default: 0.999, .share),
      epsilon: try attributes.double("epsilon", default: 1e-8, .zeroToOne),
      weightDecay: try attributes.double("weight_decay", default: 0, .nonNegative))
  }

  public var attributes: JSON.Members {
    [
      "learning_rate": .number(learningRate), "beta1": .number(beta1), "beta2": .number(beta2),
      "epsilon": .number(epsilon), "weight_decay": .number(weightDecay),
    ]
  }

  public var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }

  public func announce(learningRate: Double, step: Int, on device: any Device) {
    device.stepValues.setAdamRates(learningRate: learningRate, beta1: beta1, beta2: beta2, decay: nil, step: step)
  }

  package func update(
    parameters: Tensor, gradients: Tensor, sums: GradientSums?, state: [Tensor], learningRate: Double, step: Int
  ) throws {
    try adamStep(
      parameters: parameters, gradients: gradients, sums: sums, firstMoment: state[0], secondMoment: state[1],
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      isDecoupled: false, step: step)
  }
}
