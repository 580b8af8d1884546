/// General matrix multiplication on devices of the tile family. Kernels in `gemm_tile.cl`.
enum GemmTileKernels {
  static let gemm = LocalTileKernel("gemm_tile", "gemm_tile")
  static let sumSplits = LocalTileKernel("gemm_tile", "sum_splits")
}

extension GemmProblem {
  /// The product by local-memory tiles: one launch, and one more where k is cut because m × n alone would leave the device idle.
  func enqueue(_ configuration: LocalTile, on device: any Device) throws {
    precondition(isPlain, "\(batch) products and \(biasCount) biases in a launch of the tile family")
    let split = configuration.split(m: m, n: n, k: k, on: device.traits)
    let zeros = try device.zeros(byteCount: n * 4)
    let finish: [KernelArgument] = [.float(alpha), .float(beta)] + epilogue.arguments(writing: out)
    func multiply(to target: Buffer, bias: Buffer, _ last: [KernelArgument]) throws {
      device.profiler?.declare(
        flops: 2 * Double(m) * Double(n) * Double(k), bytes: Double(m * k + k * n + m * n) * 4)
      try device.launch(
        GemmTileKernels.gemm[configuration], over: configuration.grid(m: m, n: n, batches: split.count),
        [
          .buffer(a.buffer), .buffer(b.buffer), .buffer(c ?? out), .buffer(bias), .buffer(target),
          .int(m), .int(n), .int(k), .int(a.rowStep), .int(a.columnStep), .int(b.rowStep), .int(b.columnStep),
          .int(split.chunk),
        ] + last)
    }
    if split.count == 1 { return try multiply(to: out, bias: bias ?? zeros, finish) }

    let parts = try device.allocate(byteCount: split.count * m * n * 4)
    try multiply(to: parts, bias: zeros, [.float(1), .float(0)] + Epilogue.none.arguments(writing: parts))
    device.profiler?.declare(flops: Double(split.count * m * n), bytes: Double((split.count + 1) * m * n) * 4)
    try device.launch(
      GemmTileKernels.sumSplits[configuration], over: Grid(n.dividedUp(by: 4), m, local: (16, 4, 1)),
      [
        .buffer(parts), .buffer(c ?? out), .buffer(bias ?? zeros), .buffer(out), .int(m), .int(n), .int(split.count),
      ] + finish)
  }
}
