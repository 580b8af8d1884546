/// The sizes of a local-memory tile: the macros that the tile family's kernels are compiled with. See `local_tile.cl`.
public struct LocalTile: Hashable, Sendable {
  /// Rows and columns that a work-group computes, and terms of the sums per step.
  public let rows: Int
  public let columns: Int
  public let depth: Int
  /// Rows and columns that a work-item computes.
  public let itemRows: Int
  public let itemColumns: Int

  /// Work-items that hold the tile's sums.
  private var sliceItems: Int { (rows / itemRows) * (columns / itemColumns) }

  /// Slices of a deep tile's terms, each with work-items of its own.
  package var slices: Int { depth > 16 ? 256 / sliceItems : 1 }

  /// Work-items in a group.
  public var groupItems: Int { sliceItems * slices }

  /// Bytes of local memory: two steps of both operands, padded by a vector.
  public var localBytes: Int { 2 * depth * (rows + 4 + columns + 4) * 4 }

  /// The macros. The family is written with vectors of four, whatever the device prefers.
  package var options: [String: Int] {
    [
      "TILE_M": rows, "TILE_N": columns, "TILE_K": depth, "ITEM_M": itemRows, "ITEM_N": itemColumns,
      "VECTOR_WIDTH": 4,
    ]
  }

  /// Whether a work-group of the device can hold the tile.
  package func fits(_ traits: DeviceTraits) -> Bool {
    groupItems <= traits.maximumTileItems && localBytes <= traits.localMemoryBytes
  }

  /// For matrix products only: beside what a convolution keeps of its images, so many sums do not fit 128 registers.
  package static let large = LocalTile(rows: 128, columns: 128, depth: 8, itemRows: 8, itemColumns: 8)
  package static let tall = LocalTile(rows: 128, columns: 64, depth: 16, itemRows: 4, itemColumns: 8)
  package static let square = LocalTile(rows: 64, columns: 64, depth: 16, itemRows: 4, itemColumns: 8)
  package static let narrow = LocalTile(rows: 64, columns: 32, depth: 16, itemRows: 4, itemColumns: 4)
  package static let slim = LocalTile(rows: 64, columns: 16, depth: 16, itemRows: 4, itemColumns: 4)
  package static let flat = LocalTile(rows: 16, columns: 64, depth: 16, itemRows: 4, itemColumns: 4)
  package static let small = LocalTile(rows: 32, columns: 32, depth: 16, itemRows: 4, itemColumns: 4)
  /// Deep tiles, for sums of middling length. The deepest is for matrix products only: convolutions of so few rows and
  /// columns gather more than they multiply.
  package static let deep = LocalTile(rows: 32, columns: 32, depth: 32, itemRows: 4, itemColumns: 4)
  package static let deepest = LocalTile(rows: 16, columns: 16, depth: 64, itemRows: 4, itemColumns: 4)
  /// One more that only a tuning chooses.
  private static let wide = LocalTile(rows: 64, columns: 128, depth: 16, itemRows: 4, itemColumns: 8)
  /// Every configuration that there are kernels for.
  package static let all = [large, deepest] + ofConvolutions
  /// Those that convolutions have kernels for.
  package static let ofConvolutions = [tall, square, narrow, slim, flat, small, wide, deep]
  /// Registers that NVIDIA's compiler may use for a work-item of any of them: two groups of 256 items to a multiprocessor.
  package static let registerLimit = 128
}
