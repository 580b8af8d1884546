extension Oracle {
  /// alpha · op(a) · op(b) + beta · c, where op transposes if asked; a missing c counts as zeros.
  public static func gemm(
    _ a: OracleTensor, _ b: OracleTensor, transposeA: Bool = false, transposeB: Bool = false, alpha: Double = 1,
    beta: Double = 0, c: OracleTensor? = nil
  ) -> OracleTensor {
    let m = transposeA ? a.shape[1] : a.shape[0]
    let k = transposeA ? a.shape[0] : a.shape[1]
    let n = transposeB ? b.shape[0] : b.shape[1]
    precondition(k == (transposeB ? b.shape[1] : b.shape[0]), "inner sizes differ")
    var y = OracleTensor(zeros: [m, n])
    for i in 0..<m {
      for j in 0..<n {
        var sum = 0.0
        for p in 0..<k {
          sum += a.values[transposeA ? p * m + i : i * k + p] * b.values[transposeB ? j * k + p : p * n + j]
        }
        y.values[i * n + j] = alpha * sum + (c.map { beta * $0.values[i * n + j] } ?? 0)
      }
    }
    return y
  }

  /// x `[N, in]` · weight `[in, out]` + bias `[out]`.
  public static func linear(_ x: OracleTensor, weight: OracleTensor, bias: OracleTensor?) -> OracleTensor {
    var y = gemm(x, weight)
    if let bias { addBias(bias, to: &y) }
    return y
  }

  /// The gradients of a linear layer for the output's gradient dy `[N, out]`.
  public static func linearGradients(_ x: OracleTensor, weight: OracleTensor, dy: OracleTensor)
    -> (dx: OracleTensor, weight: OracleTensor, bias: OracleTensor)
  {
    (gemm(dy, weight, transposeB: true), gemm(x, dy, transposeA: true), columnSum(dy))
  }

  /// Sums over all dimensions but the last.
  public static func columnSum(_ x: OracleTensor) -> OracleTensor {
    let columns = x.shape[x.shape.count - 1]
    var y = OracleTensor(zeros: [columns])
    for (index, value) in x.values.enumerated() { y.values[index % columns] += value }
    return y
  }

  /// Adds bias `[C]` along the last dimension.
  static func addBias(_ bias: OracleTensor, to y: inout OracleTensor) {
    let columns = y.shape[y.shape.count - 1]
    precondition(bias.shape == [columns], "a bias of \(bias.shape) for \(y.shape)")
    for index in y.values.indices { y.values[index] += bias.values[index % columns] }
  }
}
