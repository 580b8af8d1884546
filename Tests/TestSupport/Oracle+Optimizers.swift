import Foundation

extension Oracle {
  /// Parameters after Adam's steps with the given gradients, from zero state; semantics of torch.optim.Adam, and where
  /// the weight decay is decoupled of torch.optim.AdamW.
  public static func adam(
    _ parameters: [Double], gradients: [[Double]], learningRate: Double, beta1: Double, beta2: Double,
    epsilon: Double, weightDecay: Double, isDecoupled: Bool = false
  ) -> [Double] {
    var p = parameters
    var m = [Double](repeating: 0, count: p.count)
    var v = m
    for (index, gradient) in gradients.enumerated() {
      let t = Double(index + 1)
      for i in p.indices {
        if isDecoupled { p[i] -= learningRate * weightDecay * p[i] }
        let g = gradient[i] + (isDecoupled ? 0 : weightDecay * p[i])
        m[i] = beta1 * m[i] + (1 - beta1) * g
        v[i] = beta2 * v[i] + (1 - beta2) * g * g
        let unbiasedMean = m[i] / (1 - pow(beta1, t))
        let unbiasedSquare = v[i] / (1 - pow(beta2, t))
        p[i] -= learningRate * unbiasedMean / (unbiasedSquare.squareRoot() + epsilon)
      }
    }
    return p
  }

  /// Parameters after steps of gradient descent; semantics of torch.optim.SGD.
  public static func sgd(
    _ parameters: [Double], gradients: [[Double]], learningRate: Double, momentum: Double, nesterov: Bool,
    weightDecay: Double
  ) -> [Double] {
    var p = parameters
    var velocity: [Double]?
    for gradient in gradients {
      var g = zip(gradient, p).map { $0 + weightDecay * $1 }
      if momentum != 0 {
        let v = velocity.map { zip($0, g).map { momentum * $0 + $1 } } ?? g
        velocity = v
        g = nesterov ? zip(g, v).map { $0 + momentum * $1 } : v
      }
      p = zip(p, g).map { $0 - learningRate * $1 }
    }
    return p
  }

  /// Parameters after steps of RMSprop, from zero state; semantics of torch.optim.RMSprop.
  public static func rmsprop(
    _ parameters: [Double], gradients: [[Double]], learningRate: Double, alpha: Double, epsilon: Double,
    momentum: Double, isCentered: Bool, weightDecay: Double
  ) -> [Double] {
    var p = parameters
    var square = [Double](repeating: 0, count: p.count)
    var (mean, velocity) = (square, square)
    for gradient in gradients {
      for i in p.indices {
        let g = gradient[i] + weightDecay * p[i]
        square[i] = alpha * square[i] + (1 - alpha) * g * g
        mean[i] = alpha * mean[i] + (1 - alpha) * g
        let divisor = (square[i] - (isCentered ? mean[i] * mean[i] : 0)).squareRoot() + epsilon
        velocity[i] = momentum * velocity[i] + g / divisor
        p[i] -= learningRate * velocity[i]
      }
    }
    return p
  }
}
