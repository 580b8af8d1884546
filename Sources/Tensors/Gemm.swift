/// General matrix multiplication and how its kernels are chosen. Kernels in `gemm.cl`.
enum GemmKernels {
  static let vector = TiledKernel("gemm", "gemm")
}

/// A kernel of the vector family, of which there is one for each register tile.
final class TiledKernel: Sendable {
  private let byTile: [Int: Kernel]

  init(_ program: String, _ name: String) {
    var kernels: [Int: Kernel] = [:]
    for rows in 1...16 {
      for vectors in 1...4 {
        kernels[rows * 16 + vectors] = Kernel(
          program, "\(name)_\(rows)x\(vectors)", options: ["ROWS": rows, "VECTORS": vectors])
      }
    }
    byTile = kernels
  }

  subscript(tile: VectorTile) -> Kernel { byTile[tile.rows * 16 + tile.vectors]! }
}

extension DeviceProperties {
  /// The register tile for a matrix with this many columns: the narrowest that holds them all, or the widest.
  func vectorTile(forColumns columns: Int) -> VectorTile {
    vectorTiles.last { $0.columns >= columns } ?? vectorTiles[0]
  }
}

/// A matrix operand: elements `[row, column]` at `row * rowStep + column * columnStep` of the buffer, one of which is 1.
struct MatrixView {
  var buffer: Buffer
  var rowStep: Int
  var columnStep: Int
}

/// One product out = activation(alpha · A B + beta · C + bias), with everything that a kernel needs to know.
struct GemmProblem {
  var m: Int
  var n: Int
  var k: Int
  var a: MatrixView
  var b: MatrixView
  var out: Buffer
  /// Read when `beta` is not 0; may be `out`.
  var c: Buffer?
  var bias: Buffer?
  var alpha: Float
  var beta: Float
  var activation: Activation
  /// How many products there are with the same A, and how far B lies behind that of the one before; their results lie
  /// one behind another. The tile family has one only.
  var batch = 1
  var batchStep = 0
  init(
    m: Int, n: Int, k: Int, a: MatrixView, b: MatrixView, out: Buffer, c: Buffer? = nil, bias: Buffer? = nil,
    alpha: Float = 1, beta: Float = 0, activation: Activation = .none
  ) {
    (self.m, self.n, self.k) = (m, n, k)
    (self.a, self.b, self.out) = (a, b, out)
    (self.c, self.bias) = (c, bias)
    (self.alpha, self.beta, self.activation) = (alpha, beta, activation)
  }

  /// Enqueues the product: one launch; for the tile family see `GemmTile.swift`.
  func enqueue(on device: any Device) throws {
    // Several products in one launch are not tuned.
    if batch > 1 { return try enqueue(device.properties.vectorTile(forColumns: n), on: device) }
    switch device.kernel(m: m, n: n, for: product) {
    case .vector(let tile): try enqueue(tile, on: device)
    case .tile(let configuration): try enqueue(configuration, on: device)
    }
  }

  private func enqueue(_ tile: VectorTile, on device: any Device) throws {
    let columnTiles = n.dividedUp(by: tile.columns)
    let rowTiles = m.dividedUp(by: tile.rows)
    // Strips long enough to reuse a block of B, and enough of them to keep all units busy evenly; where A's rows of a
    // strip can stay in the second cache, the next column tile finds them there.
    let wanted = max(1, device.properties.computeUnits * 8 / max(1, columnTiles * batch))
    let cached = Self.cachedBytes / (4 * max(1, k) * tile.rows)
    let strip = max(1, min(cached >= Self.shortestStrip ? cached : .max, Self.longestStrip, rowTiles / wanted))
    let zeros = try device.zeros(byteCount: n * 4)
    device.profiler?.declare(
      flops: 2 * Double(m) * Double(n) * Double(k * batch), bytes: Double(m * k + (k * n + m * n) * batch) * 4)
    try device.launch(
      GemmKernels.vector[tile], over: Grid(columnTiles, rowTiles.dividedUp(by: strip), batch),
      [
        .buffer(a.buffer), .buffer(b.buffer), .buffer(c ?? out), .buffer(bias ?? zeros), .buffer(out),
        .int(m), .int(n), .int(k), .int(a.rowStep), .int(a.columnStep), .int(b.rowStep), .int(b.columnStep),
        .int(batchStep), .int(strip), .float(alpha), .float(beta),
      ] + activation.arguments)
  }

  /// Bytes of A's rows that stay in the second cache beside a panel of B.
  private static let cachedBytes = 320 << 10
  /// Row tiles in a strip: fewer do not repay the packing of B, more are not needed to.
  private static let shortestStrip = 12
  private static let longestStrip = 64
}

/// alpha · op(a) op(b) + beta · c, where op transposes on request. No gradient is recorded: see ``linear(_:weight:bias:activation:)``.
///
/// - Shapes: a `[m, k]`, or `[k, m]` transposed; b `[k, n]`, or `[n, k]` transposed; c `[m, n]` → `[m, n]`
/// - Throws: ``ShapeError`` when the sizes do not fit, or `beta` is not 0 and there is no `c`.
/// - Cost: one launch.
public func gemm(
  _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false, alpha: Float = 1, beta: Float = 0,
  c: Tensor? = nil
) throws -> Tensor {
  guard a.shape.count == 2, b.shape.count == 2 else {
    throw ShapeError("gemm", "operands must be matrices, not \(a.shape) and \(b.shape)")
  }
  let (m, k) = transposeA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
  let (k2, n) = transposeB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
  guard k == k2 else {
    throw ShapeError("gemm", "\(m)×\(k) and \(k2)×\(n) cannot be multiplied: \(k) and \(k2) differ")
  }
  guard beta == 0 || c?.shape == [m, n] else {
    throw ShapeError("gemm", "beta is \(beta) but c is \(c.map { "\($0.shape)" } ?? "missing"), not [\(m), \(n)]")
  }
  let out = try a.device.tensor([m, n])
  try GemmProblem(
    m: m, n: n, k: k,
    a: transposeA ? .columns(of: a) : .rows(of: a), b: transposeB ? .columns(of: b) : .rows(of: b),
    out: out.buffer, c: c?.buffer, alpha: alpha, beta: beta
  ).enqueue(on: a.device)
  return out
}
