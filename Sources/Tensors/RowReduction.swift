import CKernels

/// How the rows of a matrix are summed, column by column: the chunks of rows, and the launch of one pass over them.
///
/// In the vector family a work-item walks down a chunk; in the tile family a work-group shares it out (`group_sum.cl`).
/// It depends on the sizes, the family and the largest work-group only, so that sums are added in the same order each
/// time.
struct RowReduction {
  let chunks: ReductionChunks
  let grid: Grid
  /// What the tile family's kernels take behind the length of a chunk: the vectors of columns that a group sums.
  var groupArguments: [KernelArgument] { groupVectors == 0 ? [] : [.int(groupVectors)] }
  /// The vectors of columns that a group of the tile family sums, and the groups side by side.
  let groupVectors, groupsAcross: Int

  /// A pass over chunks of rows; those of a usual batch are one.
  ///
  /// - Parameter most: the most chunks that the tile family may have.
  init(rows: Int, columns: Int, most: Int = .max, on device: any Device) {
    self.init(rows: rows, columns: columns, on: device) { groups in
      if let groups {
        rows <= Self.rowsOfOneChunk
          ? .whole(rows)
          : ReductionChunks(
            of: rows, most: min(most, max(1, Self.wantedGroups / groups.across)), shortest: 2 * groups.lanes)
      } else {
        .rows(rows)
      }
    }
  }

  /// A pass over all rows at once, which are few: the chunks of another pass, or parts of a sum.
  init(atOnce rows: Int, columns: Int, on device: any Device) {
    self.init(rows: rows, columns: columns, on: device) { _ in .whole(rows) }
  }

  private init(
    rows: Int, columns: Int, on device: any Device, cut: (_ groups: ColumnGroups?) -> ReductionChunks
  ) {
    if device.traits.isVector {
      chunks = cut(nil)
      grid = device.planeGrid(device.vectors(in: columns), chunks.count)
      (groupVectors, groupsAcross) = (0, 0)
      return
    }
    // A few rows do not need the lanes that vectors side by side leave.
    let lanes = powerOfTwo(from: rows.dividedUp(by: Int(GROUP_SUM_ROWS)))
    let widest = ColumnGroups(
      columns: columns, vectors: max(Self.widestVectors, device.groupSumItems / lanes), on: device)
    chunks = cut(widest)
    var groups = widest
    // Few groups: narrower ones are more, as long as each work-item has a row.
    while groups.vectors > Self.narrowestVectors, groups.across * chunks.count < Self.enoughGroups,
      groups.lanes < chunks.length
    {
      groups = ColumnGroups(columns: columns, vectors: groups.vectors / 2, on: device)
    }
    grid = Grid(groups.across * groups.items, chunks.count, local: (groups.items, 1, 1))
    (groupVectors, groupsAcross) = (groups.vectors, groups.across)
  }

  /// The launch of the tile family for an input's gradient: groups that take the rows in turns, and the vectors of columns
  /// that each of them has.
  static func gradientGroups(rows: Int, columns: Int, atOnce: Int, on device: any Device) -> (grid: Grid, vectors: Int)
  {
    let groups = ColumnGroups(columns: columns, vectors: widestVectors, on: device)
    let down = min(
      rows.dividedUp(by: groups.lanes * atOnce), max(1, Self.mostGradientGroups.dividedUp(by: groups.across)))
    return (Grid(groups.across * groups.items, down, local: (groups.items, 1, 1)), groups.vectors)
  }

  /// Groups, each of which begins with the sums of all chunks.
  private static let mostGradientGroups = 1024
  /// Work-groups that keep a large GPU busy: those that rows are cut for, and those that are enough.
  private static let wantedGroups = 512
  private static let enoughGroups = 256
  /// Rows that one group sums fast enough to save a second pass.
  private static let rowsOfOneChunk = 512
  /// Vectors of columns a group, where there are many rows: 128 bytes of a row, the line of a cache, and 32, the least that
  /// memory reads.
  private static let widestVectors = 8
  private static let narrowestVectors = 2
}

/// Work-groups of the tile family side by side over the columns of a matrix.
private struct ColumnGroups {
  /// Work-items in a group.
  let items: Int
  /// Vectors of columns of a group: a power of two.
  let vectors: Int
  /// Groups side by side.
  let across: Int
  /// Work-items that share out the rows of a vector.
  var lanes: Int { items / vectors }

  init(columns: Int, vectors most: Int, on device: any Device) {
    let all = device.vectors(in: columns)
    items = device.groupSumItems
    vectors = min(most, powerOfTwo(from: all))
    across = all.dividedUp(by: vectors)
  }
}

extension Device {
  /// Work-items of a group that reduces: a power of two.
  var groupSumItems: Int { min(Int(GROUP_SUM_ITEMS), powerOfTwo(from: traits.maximumWorkGroupSize / 2 + 1)) }

  /// A grid of `groups` × `rows` × `planes` work-groups of at most `most` work-items, a power of two.
  func groupGrid(_ groups: Int, _ rows: Int = 1, _ planes: Int = 1, most: Int = Int(GROUP_SUM_ITEMS)) -> Grid {
    let items = min(most, groupSumItems)
    return Grid(groups * items, rows, planes, local: (items, 1, 1))
  }
}
