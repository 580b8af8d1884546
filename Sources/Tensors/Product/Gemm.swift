import CKernels

/// General matrix multiplication by register tiles. Kernels in `gemm.cl`.
enum GemmKernels {
  static let vector = RegisterTileKernel("gemm", "gemm")
  static let pack = RegisterTileKernel("gemm", "gemm_pack")
  static let packed = RegisterTileKernel("gemm", "gemm_packed")
}

/// A kernel of the vector family, of which there is one for each register tile.
final class RegisterTileKernel: Sendable {
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

  subscript(tile: RegisterTile) -> Kernel { byTile[tile.rows * 16 + tile.vectors]! }
}

extension DeviceTraits {
  /// The register tile for a matrix with this many columns: the narrowest that holds them all, or the widest.
  func registerTile(forColumns columns: Int) -> RegisterTile {
    registerTiles.last { $0.columns >= columns } ?? registerTiles[0]
  }
}

/// A matrix operand: elements `[row, column]` at `row * rowStep + column * columnStep` of the buffer, one of which is 1.
package struct MatrixView {
  var buffer: Buffer
  var rowStep: Int
  var columnStep: Int
}

/// One product out = epilogue(alpha · A B + beta · C + bias), with everything that a kernel needs to know.
package struct GemmProblem {
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
  var epilogue: Epilogue
  /// How many products there are with the same A, and how far B lies behind that of the one before. Their results lie
  /// one behind another, or in turns of `groupRows` rows, which divide m. The tile family has one only.
  var batch = 1
  var batchStep = 0
  var groupRows: Int
  /// Elements of the bias, which the columns take in turn; in the tile family one for each column.
  var biasCount: Int
  /// Where the product is a parameter's gradient: what `out` and `beta` were taken from.
  var gradient: GradientTarget?
  /// The sums of B's columns over k, which is whole then, where they are wanted as well: of a weight's gradient, which has A
  /// transposed and B not, the gradient of the bias.
  var sums: BiasGradient?
  /// Whether this is a single product with a bias for each column.
  var isPlain: Bool { batch == 1 && biasCount == n }

  init(
    m: Int, n: Int, k: Int, a: MatrixView, b: MatrixView, out: Buffer, c: Buffer? = nil, bias: Buffer? = nil,
    alpha: Float = 1, beta: Float = 0, epilogue: Epilogue = .none
  ) {
    (self.m, self.n, self.k) = (m, n, k)
    (groupRows, biasCount) = (m, n)
    (self.a, self.b, self.out) = (a, b, out)
    (self.c, self.bias) = (c, bias)
    (self.alpha, self.beta, self.epilogue) = (alpha, beta, epilogue)
  }

  /// Whether packing A and B in a launch of its own repays itself.
  var isLarge: Bool {
    isPlain && min(m, n) >= Self.leastPackedSide && m * n * k >= Self.leastPackedProducts
  }

  /// The product by tiles that read A and B as they lie. One launch.
  func enqueue(_ tile: RegisterTile, on device: any Device) throws {
    let columnTiles = n.dividedUp(by: tile.columns)
    let rowTiles = m.dividedUp(by: tile.rows)
    // Strips long enough to reuse a block of B, and enough of them to keep all units busy evenly; where A's rows of a
    // strip can stay in the L2 cache, the next column tile finds them there.
    let itemsPerUnit = b.columnStep == 1 ? Self.itemsPerUnit : Self.transposingItemsPerUnit
    let wanted = max(1, device.traits.computeUnits * itemsPerUnit / max(1, columnTiles * batch))
    let cached = Self.cachedBytes(device.traits) / (4 * max(1, k) * tile.rows)
    let strip = max(1, min(cached >= Self.shortestStrip ? cached : .max, Self.longestStrip, rowTiles / wanted))
    let zeros = try device.zeros(byteCount: n * 4)
    device.profiler?.declare(
      flops: 2 * Double(m) * Double(n) * Double(k * batch), bytes: Double(m * k + (k * n + m * n) * batch) * 4)
    try device.launch(
      GemmKernels.vector[tile], over: Grid(columnTiles, rowTiles.dividedUp(by: strip), batch),
      [
        .buffer(a.buffer), .buffer(b.buffer), .buffer(c ?? out), .buffer(bias ?? zeros), .buffer(out),
        .int(m), .int(n), .int(k), .int(a.rowStep), .int(a.columnStep), .int(b.rowStep), .int(b.columnStep),
        .int(batchStep), .int(batch), .int(groupRows), .int(biasCount), .int(strip), .float(alpha), .float(beta),
      ] + epilogue.arguments(writing: out))
  }

  /// The product in two launches, the first of which packs A and B.
  ///
  /// - Precondition: ``isPlain``, and no size is 0.
  func enqueuePacked(_ tile: RegisterTile, on device: any Device) throws {
    let (columnTiles, rowTiles) = (n.dividedUp(by: tile.columns), m.dividedUp(by: tile.rows))
    let aPanels = try device.tensor([rowTiles, k, tile.rows])
    let bPanels = try device.tensor([columnTiles, k, tile.columns])
    device.profiler?.declare(flops: 0, bytes: Double(m * k + k * n + aPanels.count + bPanels.count) * 4)
    try device.launch(
      GemmKernels.pack[tile],
      over: Grid(k.dividedUp(by: Self.packSteps), 2, max(columnTiles.dividedUp(by: Self.packTiles), rowTiles)),
      [
        .buffer(a.buffer), .buffer(b.buffer), .buffer(aPanels.buffer), .buffer(bPanels.buffer), .int(m), .int(n),
        .int(k), .int(a.rowStep), .int(a.columnStep), .int(b.rowStep), .int(b.columnStep),
      ])
    // As many rows as the L2 cache holds a block of k of, in strips of about one length, but enough work-items.
    let block = k <= Self.longestBlock ? k : Self.packedBlock
    let most = max(1, Self.cachedBytes(device.traits) / (4 * block * tile.rows))
    let columnParts = columnTiles.dividedUp(by: Self.packedTiles)
    let wanted = device.traits.computeUnits * Self.packedItemsPerUnit
    let strips = min(rowTiles, max(rowTiles.dividedUp(by: most), wanted.dividedUp(by: columnParts)))
    let strip = rowTiles.dividedUp(by: strips)
    let zeros = try device.zeros(byteCount: n * 4)
    device.profiler?.declare(
      flops: 2 * Double(m) * Double(n) * Double(k), bytes: Double(aPanels.count + bPanels.count + m * n) * 4)
    try device.launch(
      GemmKernels.packed[tile],
      over: Grid(columnParts, rowTiles.dividedUp(by: strip)),
      [
        .buffer(aPanels.buffer), .buffer(bPanels.buffer), .buffer(c ?? out), .buffer(bias ?? zeros), .buffer(out),
        .int(m), .int(n), .int(k), .int(Self.packedTiles), .int(strip), .int(block), .float(alpha),
        .float(beta),
      ] + epilogue.arguments(writing: out))
  }

  /// Products, and rows of A and columns of B, from which on the launch that packs repays itself.
  private static let leastPackedProducts = 32 << 20
  private static let leastPackedSide = 256
  /// What a work-item packs.
  private static let (packSteps, packTiles) = (Int(GEMM_PACK_STEPS), Int(GEMM_PACK_TILES))
  /// Rows of a packed panel at a time: fewer would be added to out more often, more leave few rows of A in the cache. As
  /// many as the longest block are not worth a second one.
  private static let (packedBlock, longestBlock) = (256, 512)
  /// Column tiles of a work-item, for which a block of A is read from the L2 cache.
  private static let packedTiles = 4
  /// Work-items for each unit, so that they end at about the same time.
  private static let packedItemsPerUnit = 8
  /// Bytes of A's rows that stay in the L2 cache beside a panel of B.
  private static func cachedBytes(_ traits: DeviceTraits) -> Int { traits.l2CacheBytes / 8 * 5 }
  /// Work-items for each of a device's units where there are few column tiles: each packs its columns of B anew. Fewer
  /// where it has to transpose them.
  private static let itemsPerUnit = 4
  private static let transposingItemsPerUnit = 2
  /// Row tiles in a strip: fewer do not repay the packing of B, more are not needed to.
  private static let shortestStrip = 12
  private static let longestStrip = 64
}

/// alpha · op(a) op(b) + beta · c, where op transposes on request. No gradient is recorded: see ``linear(_:weight:bias:activation:)``.
///
/// - Shapes: a `[m, k]`, or `[k, m]` transposed; b `[k, n]`, or `[n, k]` transposed; c `[m, n]` → `[m, n]`
/// - Throws: ``ShapeError`` when the sizes do not fit, or `beta` is not 0 and there is no `c`.
/// - Cost: one launch, or two for large matrices.
public func gemm(
  _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false, alpha: Float = 1, beta: Float = 0,
  c: Tensor? = nil
) throws -> Tensor {
  try gemm(a, b, transposeA: transposeA, transposeB: transposeB, alpha: alpha, beta: beta, c: c, route: nil)
}

/// The same by the route of that name, which must be able to run on the device; by the first that fits where it is `nil`.
package func gemm(
  _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false, alpha: Float = 1, beta: Float = 0,
  c: Tensor? = nil, route: String?
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
  guard max(m * k, k * n, m * n) <= Int(Int32.max) else {
    throw ShapeError("gemm", "\(m)×\(k) by \(k)×\(n) is more than a kernel can index")
  }
  let out = try a.device.tensor([m, n])
  let problem = GemmProblem(
    m: m, n: n, k: k,
    a: transposeA ? .columns(of: a) : .rows(of: a), b: transposeB ? .columns(of: b) : .rows(of: b),
    out: out.buffer, c: c?.buffer, alpha: alpha, beta: beta)
  try problem.enqueue(on: a.device, route: route)
  return out
}
