extension Oracle {
  /// The results of a batch normalisation.
  public struct BatchNorm {
    public var y: OracleTensor
    /// What was subtracted and what divided by: the batch's in training, the running ones in evaluation.
    public var mean: [Double]
    public var variance: [Double]
    public var runningMean: OracleTensor
    public var runningVariance: OracleTensor
  }

  /// Semantics of torch.nn.functional.batch_norm, over all dimensions but the last.
  public static func batchNorm2d(
    _ x: OracleTensor, weight: OracleTensor, bias: OracleTensor, runningMean: OracleTensor,
    runningVariance: OracleTensor, training: Bool, momentum: Double, epsilon: Double
  ) -> BatchNorm {
    let c = x.shape[x.shape.count - 1]
    let rows = x.count / c
    var result = BatchNorm(
      y: x, mean: runningMean.values, variance: runningVariance.values, runningMean: runningMean,
      runningVariance: runningVariance)
    for channel in 0..<c {
      let column = (0..<rows).map { x.values[$0 * c + channel] }
      if training {
        let mean = column.reduce(0, +) / Double(rows)
        let squares = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        result.mean[channel] = mean
        result.variance[channel] = squares / Double(rows)
        result.runningMean.values[channel] = (1 - momentum) * runningMean.values[channel] + momentum * mean
        result.runningVariance.values[channel] =
          (1 - momentum) * runningVariance.values[channel] + momentum * squares / Double(rows - 1)
      }
      let deviation = (result.variance[channel] + epsilon).squareRoot()
      for row in 0..<rows {
        result.y.values[row * c + channel] =
          (column[row] - result.mean[channel]) / deviation * weight.values[channel] + bias.values[channel]
      }
    }
    return result
  }

  /// The gradients of a batch normalisation, from the chain rule term by term: through the value itself, through the
  /// mean, and through the variance.
  public static func batchNorm2dGradients(
    _ x: OracleTensor, weight: OracleTensor, dy: OracleTensor, _ forward: BatchNorm, training: Bool, epsilon: Double
  ) -> (dx: OracleTensor, weight: OracleTensor, bias: OracleTensor) {
    let c = x.shape[x.shape.count - 1]
    let rows = x.count / c
    var dx = OracleTensor(zeros: x.shape)
    var dw = OracleTensor(zeros: [c])
    var db = OracleTensor(zeros: [c])
    for channel in 0..<c {
      let mean = forward.mean[channel]
      let deviation = (forward.variance[channel] + epsilon).squareRoot()
      let indices = (0..<rows).map { $0 * c + channel }
      var varianceGradient = 0.0
      var meanGradient = 0.0
      for i in indices {
        let normalized = (x.values[i] - mean) / deviation
        dw.values[channel] += dy.values[i] * normalized
        db.values[channel] += dy.values[i]
        let g = dy.values[i] * weight.values[channel]
        varianceGradient += g * (x.values[i] - mean) * -0.5 / (deviation * deviation * deviation)
        meanGradient -= g / deviation
      }
      for i in indices {
        dx.values[i] = dy.values[i] * weight.values[channel] / deviation
        if training {
          // The variance's own dependence on the mean vanishes: deviations from the mean sum to zero.
          dx.values[i] += varianceGradient * 2 * (x.values[i] - mean) / Double(rows) + meanGradient / Double(rows)
        }
      }
    }
    return (dx, dw, db)
  }
}
