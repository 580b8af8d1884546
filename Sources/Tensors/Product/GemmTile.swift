/// General matrix multiplication on devices of the tile family. Kernel in `gemm_tile.cl`.
private let gemmTileKernel = LocalTileKernel(
  "gemm_tile", "gemm_tile", flags: ["ALIGNED", "A_IS_TRANSPOSED", "B_IS_TRANSPOSED"])

extension GemmProblem {
  /// The product by local-memory tiles: one launch, and one more where k is cut because m × n alone would leave the device
  /// idle. Sums of B's columns are computed beside it; where k is cut, a launch adds up theirs.
  func enqueue(_ configuration: LocalTile, on device: any Device) throws {
    precondition(isPlain, "\(batch) products and \(biasCount) biases in a launch of the tile family")
    if m == 0 || n == 0 { return }
    let split = configuration.split(m: m, n: n, k: k, on: device.traits)
    let beside =
      try hasSumsBeside(configuration) ? sums.map { try SumsBeside($0, chunks: split.count, configuration) } : nil
    try enqueue(configuration, split, beside, on: device)
    if let beside {
      try beside.parts.add()
    } else {
      // Behind the product, so that they are added once where the product is tried again in a smaller tile.
      try sums?.enqueue()
    }
  }

  private func enqueue(
    _ configuration: LocalTile, _ split: (chunk: Int, count: Int), _ beside: SumsBeside?, on device: any Device
  ) throws {
    if split.count == 1 {
      return try multiply(
        configuration, split, to: out, bias: bias, finish: (alpha, beta, epilogue), beside, on: device)
    }
    if let gradient {
      let parts = try gradient.parts(split.count)
      try multiply(configuration, split, to: parts.buffer, bias: nil, finish: (1, 0, .none), beside, on: device)
      return try parts.add()
    }
    let parts = try device.allocate(byteCount: split.count * m * n * 4)
    try multiply(configuration, split, to: parts, bias: nil, finish: (1, 0, .none), beside, on: device)
    try SplitSums(
      parts: parts, splits: split.count, count: m * n, columns: n, bias: bias, c: c, alpha: alpha, beta: beta,
      epilogue: epilogue
    ).enqueue(to: out, on: device)
  }

  /// Whether the kernel sums B's columns. A has one row where it is not transposed: an input of one feature.
  private func hasSumsBeside(_ configuration: LocalTile) -> Bool {
    isATransposed && !isBTransposed && (isAligned || configuration != .large)
  }

  private var isATransposed: Bool { a.columnStep != 1 }
  private var isBTransposed: Bool { b.columnStep != 1 }
  private var aPitch: Int { isATransposed ? a.columnStep : a.rowStep }
  private var bPitch: Int { isBTransposed ? b.columnStep : b.rowStep }
  /// Whether rows of all matrices start at multiples of 16 bytes, as buffers do, and are whole vectors of four.
  private var isAligned: Bool {
    [n, aPitch, bPitch, isATransposed ? m : k, isBTransposed ? k : n].allSatisfy { $0.isMultiple(of: 4) }
  }

  private func multiply(
    _ configuration: LocalTile, _ split: (chunk: Int, count: Int), to target: Buffer, bias: Buffer?,
    finish: (alpha: Float, beta: Float, epilogue: Epilogue), _ beside: SumsBeside?, on device: any Device
  ) throws {
    device.profiler?.declare(
      flops: 2 * Double(m) * Double(n) * Double(k), bytes: Double(m * k + k * n + m * n) * 4)
    try device.launch(
      gemmTileKernel[configuration, isAligned, isATransposed, isBTransposed],
      over: configuration.grid(m: m, n: n, batches: split.count, beside: beside?.groups ?? 0),
      [
        .buffer(a.buffer), .buffer(b.buffer), .buffer(c ?? out), .buffer(bias ?? device.zeros(byteCount: n * 4)),
        .buffer(target), .int(m), .int(n), .int(k), .int(aPitch), .int(bPitch), .int(split.chunk),
        .float(finish.alpha), .float(finish.beta),
      ] + finish.epilogue.tileArguments(writing: target, on: device)
        + (beside?.arguments ?? SumsBeside.noArguments(target)))
  }
}
