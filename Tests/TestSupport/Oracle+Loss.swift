import Foundation
import Tensors

extension Oracle {
  /// The mean of -log softmax(logits)[label] and its gradient.
  public static func crossEntropy(_ logits: OracleTensor, labels: [Int32])
    -> (loss: OracleTensor, gradient: OracleTensor)
  {
    let (rows, columns) = (logits.shape[0], logits.shape[1])
    var loss = 0.0
    var gradient = OracleTensor(zeros: logits.shape)
    for r in 0..<rows {
      let row = Array(logits.values[r * columns..<(r + 1) * columns])
      let largest = row.max()!
      let exponentials = row.map { exp($0 - largest) }
      let sum = exponentials.reduce(0, +)
      loss += log(sum) + largest - row[Int(labels[r])]
      for k in 0..<columns {
        gradient.values[r * columns + k] = (exponentials[k] / sum - (k == Int(labels[r]) ? 1 : 0)) / Double(rows)
      }
    }
    return (OracleTensor([1], [loss / Double(rows)]), gradient)
  }

  /// The mean of (prediction - target)² and its gradient for the prediction.
  public static func meanSquaredError(_ prediction: OracleTensor, _ target: OracleTensor)
    -> (loss: OracleTensor, gradient: OracleTensor)
  {
    let difference = prediction.combined(with: target, -)
    let count = Double(difference.count)
    let loss = difference.values.reduce(0) { $0 + $1 * $1 } / count
    return (OracleTensor([1], [loss]), difference.map { 2 * $0 / count })
  }

  public static func activation(_ x: Double, _ kind: Activation) -> Double {
    switch kind {
    case .none: x
    case .relu: x > 0 || x.isNaN ? x : 0
    case .leakyReLU(let slope): x > 0 ? x : Double(slope) * x
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    }
  }

  /// The derivative, at 0 that of negative numbers.
  public static func activationDerivative(_ x: Double, _ kind: Activation) -> Double {
    switch kind {
    case .none: return 1
    case .relu: return x > 0 ? 1 : 0
    case .leakyReLU(let slope): return x > 0 ? 1 : Double(slope)
    case .sigmoid:
      let y = 1 / (1 + exp(-x))
      return y * (1 - y)
    case .tanh:
      let y = Foundation.tanh(x)
      return 1 - y * y
    }
  }

  /// The largest value's index: the first of equal ones; NaN counts as the largest.
  public static func argMax(_ row: [Double]) -> Int {
    if let firstNaN = row.firstIndex(where: \.isNaN) { return firstNaN }
    return row.firstIndex(of: row.max()!)!
  }
}
