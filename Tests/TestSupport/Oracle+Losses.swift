import Foundation

extension Oracle {
  /// The losses by element other than the squared error.
  public enum ElementLoss: Sendable, CustomStringConvertible {
    case absolute
    case huber(delta: Double)
    case binary
    case binaryLogits

    /// The loss of a prediction for a target, as written down in textbooks.
    public func callAsFunction(_ y: Double, _ t: Double) -> Double {
      func cut(_ x: Double) -> Double { max(-100, log(x)) }
      switch self {
      case .absolute: return abs(y - t)
      case .huber(let delta):
        let a = abs(y - t)
        return a <= delta ? a * a / 2 : delta * (a - delta / 2)
      case .binary: return -(t * cut(y) + (1 - t) * cut(1 - y))
      case .binaryLogits: return log1p(exp(-abs(y))) + max(0, y) - y * t
      }
    }

    /// The derivative by the prediction.
    public func derivative(_ y: Double, _ t: Double) -> Double {
      switch self {
      case .absolute: return y == t ? 0 : y > t ? 1 : -1
      case .huber(let delta): return max(-delta, min(delta, y - t))
      case .binary: return (1 - t) / (1 - y) - t / y
      case .binaryLogits: return 1 / (1 + exp(-y)) - t
      }
    }

    public var description: String {
      switch self {
      case .absolute: "absolute"
      case .huber(let delta): "huber \(delta)"
      case .binary: "binary"
      case .binaryLogits: "binary of logits"
      }
    }
  }

  /// The mean over all elements, and its gradient for the prediction.
  public static func mean(_ loss: ElementLoss, _ prediction: OracleTensor, _ target: OracleTensor)
    -> (loss: OracleTensor, gradient: OracleTensor)
  {
    let count = Double(prediction.count)
    let sum = prediction.combined(with: target) { loss($0, $1) }.values.reduce(0, +)
    return (
      OracleTensor([1], [sum / count]), prediction.combined(with: target) { loss.derivative($0, $1) / count }
    )
  }

  /// Cross entropy against smoothed labels with weights of classes: the cross entropy of the whole distribution q of each row
  /// that the label stands for, Σ_c q[c] w[c] (−log p[c]), and its gradient by the chain rule of softmax.
  public static func crossEntropy(
    _ logits: OracleTensor, labels: [Int32], weights: [Double], smoothing: Double
  ) -> (loss: OracleTensor, gradient: OracleTensor) {
    let (rows, columns) = (logits.shape[0], logits.shape[1])
    let total = labels.reduce(0) { $0 + weights[Int($1)] }
    var loss = 0.0
    var gradient = OracleTensor(zeros: logits.shape)
    for r in 0..<rows {
      let row = Array(logits.values[r * columns..<(r + 1) * columns])
      let largest = row.max()!
      let logSum = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
      for c in 0..<columns {
        // Smoothing weights each class by its own weight, the label's class by its weight too.
        let q = smoothing / Double(columns) + (c == Int(labels[r]) ? 1 - smoothing : 0)
        loss += q * weights[c] * (logSum - row[c])
        for k in 0..<columns {
          let slope = exp(row[k] - logSum) - (k == c ? 1 : 0)
          gradient.values[r * columns + k] += q * weights[c] * slope / total
        }
      }
    }
    return (OracleTensor([1], [loss / total]), gradient)
  }
}
