import Tensors

extension Oracle {
  /// Where a window of an output looks: its elements that are not padding, in row order.
  private static func forEachWindow(
    _ shape: [Int], _ g: PoolGeometry, _ body: (_ output: Int, _ inputs: [Int]) -> Void
  ) -> [Int] {
    let (n, h, w, c) = (shape[0], shape[1], shape[2], shape[3])
    let ho = (h + 2 * g.padding.height - g.kernelSize.height) / g.stride.height + 1
    let wo = (w + 2 * g.padding.width - g.kernelSize.width) / g.stride.width + 1
    for b in 0..<n {
      for oy in 0..<ho {
        for ox in 0..<wo {
          for channel in 0..<c {
            var inputs: [Int] = []
            for r in 0..<g.kernelSize.height {
              for s in 0..<g.kernelSize.width {
                let iy = oy * g.stride.height + r - g.padding.height
                let ix = ox * g.stride.width + s - g.padding.width
                if iy >= 0 && iy < h && ix >= 0 && ix < w { inputs.append(((b * h + iy) * w + ix) * c + channel) }
              }
            }
            body(((b * ho + oy) * wo + ox) * c + channel, inputs)
          }
        }
      }
    }
    return [n, ho, wo, c]
  }

  /// Where each output's largest input is: the first of equal ones, and the last NaN over everything.
  private static func winners(_ x: OracleTensor, _ g: PoolGeometry) -> (shape: [Int], inputs: [Int]) {
    var result: [Int: Int] = [:]
    let shape = forEachWindow(x.shape, g) { output, inputs in
      var best = inputs[0]
      for i in inputs where x.values[i] > x.values[best] || x.values[i].isNaN { best = i }
      result[output] = best
    }
    return (shape, (0..<shape.reduce(1, *)).map { result[$0]! })
  }

  /// Semantics of torch.nn.functional.max_pool2d.
  public static func maxPool2d(_ x: OracleTensor, _ g: PoolGeometry) -> OracleTensor {
    let (shape, inputs) = winners(x, g)
    return OracleTensor(shape, inputs.map { x.values[$0] })
  }

  public static func maxPool2dGradient(_ x: OracleTensor, dy: OracleTensor, _ g: PoolGeometry) -> OracleTensor {
    let (shape, inputs) = winners(x, g)
    precondition(dy.shape == shape)
    var dx = OracleTensor(zeros: x.shape)
    for (output, input) in inputs.enumerated() { dx.values[input] += dy.values[output] }
    return dx
  }

  /// Semantics of torch.nn.functional.avg_pool2d.
  public static func avgPool2d(_ x: OracleTensor, _ g: PoolGeometry) -> OracleTensor {
    var sums: [Int: Double] = [:]
    let shape = forEachWindow(x.shape, g) { output, inputs in
      sums[output] = inputs.reduce(0) { $0 + x.values[$1] } / divisor(inputs.count, g)
    }
    return OracleTensor(shape, (0..<shape.reduce(1, *)).map { sums[$0]! })
  }

  public static func avgPool2dGradient(_ shape: [Int], dy: OracleTensor, _ g: PoolGeometry) -> OracleTensor {
    var dx = OracleTensor(zeros: shape)
    let outputShape = forEachWindow(shape, g) { output, inputs in
      for i in inputs { dx.values[i] += dy.values[output] / divisor(inputs.count, g) }
    }
    precondition(dy.shape == outputShape)
    return dx
  }

  private static func divisor(_ present: Int, _ g: PoolGeometry) -> Double {
    Double(g.countIncludePad ? g.kernelSize.height * g.kernelSize.width : present)
  }
}
