/// Stochastic gradient descent: `torch.optim.SGD`. Weight decay is added to the gradient.
public struct SGD: SummingOptimizer {
  public static var name: String { "SGD" }

  public var learningRate: Double
  public var momentum: Double
  public var nesterov: Bool
  public var weightDecay: Double

  public init(learningRate: Double = 1e-3, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  public init(attributes: inout AttributeReader) throws {
    self.init(
      learningRate: try attributes.double("learning_rate", default: 1e-3, .positive),
      momentum: try attributes.double("momentum", default: 0, .nonNegative),
      nesterov: try attributes.flag("nesterov", default: false),
      weightDecay: try attributes.double("weight_decay", default: 0, .nonNegative))
    if nesterov, momentum == 0 { throw attributes.error("nesterov", "needs a momentum above 0") }
  }

  public var attributes: JSON.Members {
    [
      "learning_rate": .number(learningRate), "momentum": .number(momentum), "nesterov": .boolean(nesterov),
      "weight_decay": .number(weightDecay),
    ]
  }

  public var stateNames: [String] { momentum == 0 ? [] : ["momentum_buffer"] }

  public func announce(learningRate: Double, step: Int, on device: any Device) {
    device.stepValues.setRates(learningRate)
  }

  package func update(
    parameters: Tensor, gradients: Tensor, sums: GradientSums?, state: [Tensor], learningRate: Double, step: Int
  ) throws {
    try sgdStep(
      parameters: parameters, gradients: gradients, sums: sums, velocity: state.first ?? gradients,
      learningRate: learningRate, momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
  }
}
