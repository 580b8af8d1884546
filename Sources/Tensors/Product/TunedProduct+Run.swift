/// A product that is run by itself, on values made for it, to see whether a kernel is right and how long it takes.
package struct PreparedProduct {
  package let output: Tensor
  /// Products in the longest sum.
  package let terms: Int
  /// Enqueues the product once, with the kernel that the device then has for it.
  package let enqueue: () throws -> Void
}

extension TunedProduct {
  /// The product on pseudo-random values from -0.5 to 0.5, or on their absolute values, whose result bounds what
  /// rounding can do to the first.
  package func prepare(on device: any Device, ofMagnitudes isOfMagnitudes: Bool = false) throws -> PreparedProduct {
    func operand(_ shape: [Int], seed: UInt32) throws -> Tensor {
      // The generator of Numerical Recipes, of which the upper bits are good.
      var state = seed
      return try device.tensor(
        shape,
        (0..<shape.reduce(1, *)).map { _ in
          state = state &* 1_664_525 &+ 1_013_904_223
          let value = Float(state >> 8) * 0x1p-24 - 0.5
          return isOfMagnitudes ? abs(value) : value
        })
    }
    switch operation {
    case .gemm, .gemmTransposedA, .gemmTransposedB, .gemmTransposedBoth:
      let (m, n, k) = (sizes[0], sizes[1], sizes[2])
      let isATransposed = operation == .gemmTransposedA || operation == .gemmTransposedBoth
      let isBTransposed = operation == .gemmTransposedB || operation == .gemmTransposedBoth
      let a = try operand(isATransposed ? [k, m] : [m, k], seed: 1)
      let b = try operand(isBTransposed ? [n, k] : [k, n], seed: 2)
      let out = try device.tensor([m, n])
      let problem = GemmProblem(
        m: m, n: n, k: k, a: isATransposed ? .columns(of: a) : .rows(of: a),
        b: isBTransposed ? .columns(of: b) : .rows(of: b), out: out.buffer)
      // The operands are kept with the problem's buffers.
      return PreparedProduct(output: out, terms: k) { try problem.enqueue(on: device) }
    case .forward, .forwardPool, .transposed, .weightGradient:
      return try prepare(ConvProblem(sizes: sizes), on: device, operand)
    }
  }

  private func prepare(
    _ problem: ConvProblem, on device: any Device, _ operand: ([Int], UInt32) throws -> Tensor
  ) throws -> PreparedProduct {
    let inShape = [problem.batch, problem.size.height, problem.size.width, problem.channels]
    let filterTerms = problem.taps * problem.groupChannels
    switch operation {
    case .forward:
      let x = try operand(inShape, 1), w = try operand(problem.weightShape, 2)
      let y = try device.tensor(problem.outShape)
      return PreparedProduct(output: y, terms: filterTerms) {
        try problem.enqueueForward(ConvOperands(x: x, weight: w, y: y))
      }
    case .forwardPool:
      let x = try operand(inShape, 1), w = try operand(problem.weightShape, 2)
      let pool = PoolGeometry(kernelSize: Pair(sizes[16], sizes[17]))
      let y = try device.tensor(checkedPoolShape(problem.outShape, pool, "maxPool2d"))
      let argmax = try device.allocate(byteCount: y.count * 2)
      return PreparedProduct(output: y, terms: filterTerms) {
        try ConvPoolProblem(problem, pool).enqueueForward(
          ConvPoolOperands(x: x, weight: w, bias: nil, .none, y: y, argmax: argmax, keep: true))
      }
    case .transposed:
      let y = try operand(problem.outShape, 1), w = try operand(problem.weightShape, 2)
      let x = try device.tensor(inShape)
      return PreparedProduct(output: x, terms: problem.taps * problem.groupOutChannels) {
        try problem.enqueueTransposed(ConvOperands(x: x, weight: w, y: y))
      }
    default:
      let x = try operand(inShape, 1), dy = try operand(problem.outShape, 2)
      let dw = try device.tensor(problem.weightShape)
      return PreparedProduct(output: dw, terms: problem.batch * problem.outSize.height * problem.outSize.width) {
        try problem.enqueueWeightGradient(ConvGradientOperands(x: x, dy: dy, dweight: dw, accumulate: false))
      }
    }
  }
}
