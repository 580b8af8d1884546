/// General matrix multiplication on devices of the tile family. Kernel in `gemm_tile.cl`.
private let gemmTileKernel = LocalTileKernel(
  "gemm_tile", "gemm_tile", flags: ["ALIGNED", "A_IS_TRANSPOSED", "B_IS_TRANSPOSED"])

extension GemmProblem {
  /// The product by local-memory tiles: one launch, and one more where k is cut because m × n alone would leave the device idle.
  func enqueue(_ configuration: LocalTile, on device: any Device) throws {
    precondition(isPlain, "\(batch) products and \(biasCount) biases in a launch of the tile family")
    if m == 0 || n == 0 { return }
    let split = configuration.split(m: m, n: n, k: k, on: device.traits)
    if split.count == 1 {
      return try multiply(
        configuration, chunk: split.chunk, chunks: 1, to: out, bias: bias, finish: (alpha, beta, epilogue), on: device)
    }
    let parts = try device.allocate(byteCount: split.count * m * n * 4)
    try multiply(
      configuration, chunk: split.chunk, chunks: split.count, to: parts, bias: nil, finish: (1, 0, .none), on: device)
    try SplitSums(
      parts: parts, splits: split.count, count: m * n, columns: n, bias: bias, c: c, alpha: alpha, beta: beta,
      epilogue: epilogue
    ).enqueue(to: out, on: device)
  }

  private func multiply(
    _ configuration: LocalTile, chunk: Int, chunks: Int, to target: Buffer, bias: Buffer?,
    finish: (alpha: Float, beta: Float, epilogue: Epilogue), on device: any Device
  ) throws {
    let (isATransposed, isBTransposed) = (a.columnStep != 1, b.columnStep != 1)
    let (aPitch, bPitch) = (isATransposed ? a.columnStep : a.rowStep, isBTransposed ? b.columnStep : b.rowStep)
    // Whether rows of all matrices start at multiples of 16 bytes, as buffers do, and are whole vectors of four.
    let isAligned = [n, aPitch, bPitch, isATransposed ? m : k, isBTransposed ? k : n].allSatisfy {
      $0.isMultiple(of: 4)
    }
    device.profiler?.declare(
      flops: 2 * Double(m) * Double(n) * Double(k), bytes: Double(m * k + k * n + m * n) * 4)
    try device.launch(
      gemmTileKernel[configuration, isAligned, isATransposed, isBTransposed],
      over: configuration.grid(m: m, n: n, batches: chunks),
      [
        .buffer(a.buffer), .buffer(b.buffer), .buffer(c ?? out), .buffer(bias ?? device.zeros(byteCount: n * 4)),
        .buffer(target), .int(m), .int(n), .int(k), .int(aPitch), .int(bPitch), .int(chunk), .float(finish.alpha),
        .float(finish.beta),
      ] + finish.epilogue.arguments(writing: target))
  }
}
