extension Oracle {
  /// Semantics of torch.nn.functional.group_norm for images `[N, H, W, C]`.
  public static func groupNorm(
    _ x: OracleTensor, groups: Int, weight: OracleTensor?, bias: OracleTensor?, epsilon: Double
  ) -> OracleTensor {
    var y = x
    let c = x.shape[3]
    for indices in groupIndices(x.shape, groups: groups) {
      let (mean, deviation) = statistics(indices.map { x.values[$0] }, epsilon)
      for i in indices {
        y.values[i] = (x.values[i] - mean) / deviation * (weight?.values[i % c] ?? 1) + (bias?.values[i % c] ?? 0)
      }
    }
    return y
  }

  /// The gradients, from the chain rule term by term: through the value itself, the mean and the variance.
  public static func groupNormGradients(
    _ x: OracleTensor, groups: Int, weight: OracleTensor?, dy: OracleTensor, epsilon: Double
  ) -> (dx: OracleTensor, weight: OracleTensor, bias: OracleTensor) {
    let c = x.shape[3]
    var dx = OracleTensor(zeros: x.shape), dw = OracleTensor(zeros: [c]), db = OracleTensor(zeros: [c])
    for indices in groupIndices(x.shape, groups: groups) {
      let (mean, deviation) = statistics(indices.map { x.values[$0] }, epsilon)
      let count = Double(indices.count)
      var (varianceGradient, meanGradient) = (0.0, 0.0)
      for i in indices {
        let centred = x.values[i] - mean
        dw.values[i % c] += dy.values[i] * centred / deviation
        db.values[i % c] += dy.values[i]
        let g = dy.values[i] * (weight?.values[i % c] ?? 1)
        varianceGradient += g * centred * -0.5 / (deviation * deviation * deviation)
        meanGradient -= g / deviation
        dx.values[i] = g / deviation
      }
      for i in indices { dx.values[i] += (varianceGradient * 2 * (x.values[i] - mean) + meanGradient) / count }
    }
    return (dx, dw, db)
  }

  /// The places of the elements of each group of each image.
  private static func groupIndices(_ shape: [Int], groups: Int) -> [[Int]] {
    let (pixels, c) = (shape[1] * shape[2], shape[3])
    return (0..<shape[0]).flatMap { image in
      (0..<groups).map { group in
        (0..<pixels).flatMap { pixel in
          (0..<(c / groups)).map { (image * pixels + pixel) * c + group * (c / groups) + $0 }
        }
      }
    }
  }

  private static func statistics(_ values: [Double], _ epsilon: Double) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, (variance + epsilon).squareRoot())
  }
}
