import Telar

/// Lion: each parameter moves by the learning rate in the direction of the sign of a running mean of gradients
/// (Chen et al., Symbolic Discovery of Optimization Algorithms, arXiv:2302.06675).
///
/// It computes on the host, so on a GPU each step waits for the device; Telar's own optimizers are kernels.
struct Lion: Optimizer {
  static var name: String { "Lion" }

  var learningRate: Double
  var beta1: Double
  var beta2: Double
  var weightDecay: Double

  init(learningRate: Double = 1e-4, beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
  }

  /// All settings by their keywords, and the optimizer that they describe.
  var attributes: JSON.Members {
    [
      "learning_rate": .number(learningRate), "beta1": .number(beta1), "beta2": .number(beta2),
      "weight_decay": .number(weightDecay),
    ]
  }

  init(attributes: inout AttributeReader) throws {
    self.init(
      learningRate: try attributes.double("learning_rate", default: 1e-4, .positive),
      beta1: try attributes.double("beta1", default: 0.9, .share),
      beta2: try attributes.double("beta2", default: 0.99, .share),
      weightDecay: try attributes.double("weight_decay", default: 0, .nonNegative))
  }

  /// An array of this name, as long as the parameters, is kept and saved with the run.
  var stateNames: [String] { ["exp_avg"] }

  /// One step on all parameters, which lie one behind another.
  func update(parameters: Tensor, gradients: Tensor, state: [Tensor], learningRate: Double, step: Int) throws {
    var (values, means) = (try parameters.values(), try state[0].values())
    let (rate, decay, b1, b2) = (Float(learningRate), Float(weightDecay), Float(beta1), Float(beta2))
    for (index, gradient) in try gradients.values().enumerated() {
      let direction = b1 * means[index] + (1 - b1) * gradient
      let sign: Float = direction == 0 ? 0 : direction < 0 ? -1 : 1
      values[index] -= rate * (sign + decay * values[index])
      means[index] = b2 * means[index] + (1 - b2) * gradient
    }
    try parameters.buffer.write(values)
    try state[0].buffer.write(means)
  }
}
