/// The sizes of a local-memory tile: the macros that the tile family's kernels are compiled with, and the launch size
/// that belongs to them. See `local_tile.cl`.
struct TileConfiguration: Hashable, Sendable {
  /// Rows and columns that a work-group computes, and products it adds in a step.
  var rows: Int
  var columns: Int
  var depth: Int
  /// Rows and columns that a work-item of it computes.
  var itemRows: Int
  var itemColumns: Int

  /// Work-items in a group.
  var groupItems: Int { (rows / itemRows) * (columns / itemColumns) }

  /// Bytes of local memory: two steps of both operands, padded by a vector.
  var localBytes: Int { 2 * depth * (rows + 4 + columns + 4) * 4 }

  /// The macros. The family is written with vectors of four, whatever the device prefers.
  var options: [String: Int] {
    [
      "TILE_M": rows, "TILE_N": columns, "TILE_K": depth, "ITEM_M": itemRows, "ITEM_N": itemColumns,
      "VECTOR_WIDTH": 4,
    ]
  }

  /// The launch that computes `batches` products of m × n. Row tiles come first: only that dimension has no small limit.
  func grid(m: Int, n: Int, batches: Int = 1) -> Grid {
    Grid(tiles(m, by: rows) * groupItems, tiles(n, by: columns), batches, local: (groupItems, 1, 1))
  }

  private func tiles(_ size: Int, by tile: Int) -> Int { max(1, size.dividedUp(by: tile)) }

  // MARK: Choice

  static let large = TileConfiguration(rows: 128, columns: 128, depth: 8, itemRows: 8, itemColumns: 8)
  static let square = TileConfiguration(rows: 64, columns: 64, depth: 16, itemRows: 4, itemColumns: 4)
  static let narrow = TileConfiguration(rows: 64, columns: 32, depth: 16, itemRows: 4, itemColumns: 4)
  static let slim = TileConfiguration(rows: 64, columns: 16, depth: 16, itemRows: 4, itemColumns: 4)
  static let flat = TileConfiguration(rows: 16, columns: 64, depth: 16, itemRows: 4, itemColumns: 4)
  static let all = [large, square, narrow, slim, flat]

  /// The tile for `batches` products of m × n: the largest that has little to do past the edges, still makes enough
  /// groups for the device, and that the device can hold.
  static func best(m: Int, n: Int, batches: Int = 1, on properties: DeviceProperties) -> TileConfiguration {
    let largeTiles = m.dividedUp(by: large.rows) * n.dividedUp(by: large.columns) * batches
    let wanted: TileConfiguration
    if m <= flat.rows {
      wanted = flat
    } else if n <= slim.columns {
      wanted = slim
    } else if n <= narrow.columns {
      wanted = narrow
    } else if m >= large.rows, n >= large.columns, largeTiles >= 2 * properties.computeUnits {
      wanted = large
    } else {
      wanted = square
    }
    return [wanted, narrow].first { $0.fits(properties) } ?? slim
  }

  private func fits(_ properties: DeviceProperties) -> Bool {
    groupItems <= properties.maximumWorkGroupSize && localBytes <= properties.localMemoryBytes
  }

  /// How a sum over k is cut so that there are enough groups for the device: products in a chunk, and chunks.
  func split(m: Int, n: Int, k: Int, batches: Int = 1, on properties: DeviceProperties) -> (chunk: Int, count: Int) {
    let tiles = tiles(m, by: rows) * tiles(n, by: columns) * batches
    let wanted = Self.groupsPerUnit * properties.computeUnits / tiles
    let count = max(1, min(wanted, k / Self.leastChunk))
    let chunk = max(depth, k.dividedUp(by: count).dividedUp(by: depth) * depth)
    return (chunk, max(1, k.dividedUp(by: chunk)))
  }

  /// Groups for each unit of the device: enough to hide the wait for memory.
  private static let groupsPerUnit = 4
  /// Products below which a chunk of its own costs more than it brings.
  private static let leastChunk = 256
}

/// A kernel of the tile family, in each configuration.
final class LocalTileKernel: Sendable {
  private let byConfiguration: [TileConfiguration: Kernel]

  init(_ program: String, _ name: String) {
    byConfiguration = Dictionary(
      uniqueKeysWithValues: TileConfiguration.all.map { ($0, Kernel(program, name, options: $0.options)) })
  }

  subscript(configuration: TileConfiguration) -> Kernel { byConfiguration[configuration]! }
}
