/// The grids of kernels whose work-items are independent, and what a profile is told of their work.
extension Device {
  /// A grid for kernels whose work-items compute a vector of consecutive elements each.
  package func elementwiseGrid(_ count: Int) -> Grid {
    itemGrid(vectors(in: count))
  }

  /// How many vectors hold `count` consecutive elements.
  package func vectors(in count: Int) -> Int {
    count.dividedUp(by: traits.vectorWidth)
  }

  /// A one-dimensional grid of independent work-items.
  package func itemGrid(_ count: Int) -> Grid { Grid(count, local: (min(groupSize, powerOfTwo(from: count)), 1, 1)) }

  /// A two-dimensional grid of independent work-items, in groups that are as wide as the rows allow.
  package func planeGrid(_ columns: Int, _ rows: Int) -> Grid {
    let x = min(groupSize, powerOfTwo(from: columns))
    return Grid(columns, rows, local: (x, min(groupSize / x, powerOfTwo(from: rows)), 1))
  }

  /// Launches a kernel that moves so many floats to and from memory, and says so to the profile.
  package func launch(_ kernel: Kernel, over grid: Grid, moving floats: Int, _ arguments: [KernelArgument]) throws {
    profiler?.declare(flops: 0, bytes: 4 * Double(floats))
    try launch(kernel, over: grid, arguments)
  }

  /// Work-items in a group: GPUs want whole wavefronts, processors enough to make a group worth its start.
  private var groupSize: Int { traits.isVector ? 16 : 64 }
}

/// The smallest power of two that is at least `count`.
func powerOfTwo(from count: Int) -> Int {
  count <= 1 ? 1 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
}
