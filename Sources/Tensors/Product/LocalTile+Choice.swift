extension LocalTile {
  /// The launch that computes `batches` products of m × n. Row tiles come first: only that dimension has no small limit.
  func grid(m: Int, n: Int, batches: Int = 1) -> Grid {
    Grid(tiles(m, by: rows) * groupItems, tiles(n, by: columns), batches, local: (groupItems, 1, 1))
  }

  private func tiles(_ size: Int, by tile: Int) -> Int { max(1, size.dividedUp(by: tile)) }

  // MARK: Choice

  /// The tile for `batches` products of m × n: the largest that has little to do past the edges, still makes enough
  /// groups for the device, and that the device can hold.
  static func best(m: Int, n: Int, batches: Int = 1, on traits: DeviceTraits) -> LocalTile {
    let largeTiles = m.dividedUp(by: large.rows) * n.dividedUp(by: large.columns) * batches
    let wanted: LocalTile
    if m <= flat.rows {
      wanted = flat
    } else if n <= slim.columns {
      wanted = slim
    } else if n <= narrow.columns {
      wanted = narrow
    } else if m >= large.rows, n >= large.columns, largeTiles >= 2 * traits.computeUnits {
      wanted = large
    } else {
      wanted = square
    }
    return [wanted, narrow].first { $0.fits(traits) } ?? slim
  }

  /// How a sum over k is cut so that there are enough groups for the device: products in a chunk, and chunks.
  func split(m: Int, n: Int, k: Int, batches: Int = 1, on traits: DeviceTraits) -> (chunk: Int, count: Int) {
    let tiles = tiles(m, by: rows) * tiles(n, by: columns) * batches
    let wanted = Self.groupsPerUnit * traits.computeUnits / tiles
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
  private let byConfiguration: [LocalTile: Kernel]

  init(_ program: String, _ name: String) {
    byConfiguration = Dictionary(
      uniqueKeysWithValues: LocalTile.all.map { ($0, Kernel(program, name, options: $0.options)) })
  }

  subscript(configuration: LocalTile) -> Kernel { byConfiguration[configuration]! }
}
