extension LocalTile {
  /// The launch that computes `batches` products of m × n, and has at least `beside` groups more in each batch, which lie
  /// past the last row. Row tiles come first: only that dimension has no small limit.
  func grid(m: Int, n: Int, batches: Int = 1, beside: Int = 0) -> Grid {
    let across = tiles(n, by: columns)
    let down = tiles(m, by: rows) + beside.dividedUp(by: across)
    return Grid(down * groupItems, across, batches, local: (groupItems, 1, 1))
  }

  private func tiles(_ size: Int, by tile: Int) -> Int { max(1, size.dividedUp(by: tile)) }

  // MARK: Choice

  /// The tile for `batches` products of m × n: one that has little to do past the edges, and then the largest, up to
  /// `largest`, of which there is a group for each of the device's units, or else the smallest.
  ///
  /// - Parameter k: the terms of a sum, where a second pass would add up sums that are cut. A deep tile is then chosen
  ///   unless they are many; `nil` where nothing is gained by that.
  static func best(
    m: Int, n: Int, k: Int?, batches: Int = 1, upTo largest: LocalTile = large, on traits: DeviceTraits
  ) -> LocalTile {
    let tile = shallow(m: m, n: n, batches: batches, upTo: largest, on: traits)
    guard let k, k <= mostDeepTerms, tile.split(m: m, n: n, k: k, batches: batches, on: traits).count > 1 else {
      return tile
    }
    let possible = (largest == large ? [deep, deepest] : [deep]).filter { $0.fits(traits) }
    return possible.first { $0.tiles(m, n) * batches >= traits.computeUnits } ?? possible.last ?? tile
  }

  private static func shallow(
    m: Int, n: Int, batches: Int, upTo largest: LocalTile, on traits: DeviceTraits
  ) -> LocalTile {
    let wanted: [LocalTile]
    if m <= flat.rows {
      wanted = [flat]
    } else if n <= slim.columns {
      wanted = [slim]
    } else if n <= narrow.columns {
      wanted = [narrow, small]
    } else {
      wanted = [largest, square, narrow, small]
    }
    let possible = wanted.filter { $0.fits(traits) }
    return possible.first { tile in
      // Large tiles need twice as many, since the last ones leave units idle for longest.
      let groups = tile.tiles(m, n) * batches
      return tile == largest
        ? m >= tile.rows && n >= tile.columns && groups >= 2 * traits.computeUnits : groups >= traits.computeUnits
    } ?? possible.last ?? slim
  }

  /// How the sum over k of `batches` products of m × n is cut where they alone are too few groups for the device:
  /// products in a chunk, and chunks.
  func split(m: Int, n: Int, k: Int, batches: Int = 1, on traits: DeviceTraits) -> (chunk: Int, count: Int) {
    let (groups, units) = (tiles(m, n) * batches, traits.computeUnits)
    guard groups < units, slices == 1 || k > Self.mostDeepTerms else { return (max(depth, k), 1) }
    // A group for each unit, even of short chunks; of long ones more, which hide each other's wait for memory.
    let short = min(units.dividedUp(by: groups), k / Self.shortestChunk)
    let long = min(Self.groupsPerUnit * units / groups, k / Self.longChunk)
    let chunk = max(depth, k.dividedUp(by: max(1, short, long)).dividedUp(by: depth) * depth)
    return (chunk, max(1, k.dividedUp(by: chunk)))
  }

  private func tiles(_ m: Int, _ n: Int) -> Int { tiles(m, by: rows) * tiles(n, by: columns) }

  private static let groupsPerUnit = 4
  /// Products that repay a pass over the sums of a chunk of their own.
  private static let shortestChunk = 64
  private static let longChunk = 256
  /// The longest sums that one work-group computes, in a deep tile: longer ones are cut for several groups, whose sums a
  /// second pass adds up.
  static let mostDeepTerms = 1024
}

/// A kernel of the tile family, in each configuration and with each setting of its flags: macros that are 0 or 1.
final class LocalTileKernel: Sendable {
  private let byConfiguration: [LocalTile: [Kernel]]

  init(_ program: String, _ name: String, flags: [String]) {
    byConfiguration = Dictionary(
      uniqueKeysWithValues: LocalTile.all.map { tile in
        let kernels = (0..<1 << flags.count).map { setting in
          let values = flags.indices.map { (flags[$0], setting >> $0 & 1) }
          return Kernel(
            program, name, options: tile.options.merging(values) { $1 }, registerLimit: LocalTile.registerLimit)
        }
        return (tile, kernels)
      })
  }

  /// The kernel of a configuration with its flags set so, in their order.
  subscript(configuration: LocalTile, flags: Bool...) -> Kernel {
    byConfiguration[configuration]![flags.indices.reduce(0) { $0 | (flags[$1] ? 1 << $1 : 0) }]
  }
}
