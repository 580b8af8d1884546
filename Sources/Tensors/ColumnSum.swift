/// Sums over the rows of a matrix. Kernels in `column_sum.cl`.
enum ColumnSumKernels {
  static let columnSum = Kernel("column_sum", "column_sum")
  static let addParts = Kernel("column_sum", "add_parts")

  /// Rows that one work-item sums: few enough to keep rounding small and all units busy.
  static let partRows = 1024
}

/// sum (+)= the sums of x over everything but its last axis: the gradient of a bias from that of the output.
///
/// - Shapes: x `[…, C]`; sum `[C]`
/// - Cost: one launch, or two for more than 1,024 rows or when it adds.
package func columnSum(_ x: Tensor, into sum: Tensor, accumulate: Bool) throws {
  let columns = x.shape.last!
  let rows = x.count / columns
  precondition(sum.count == columns, "a sum of \(sum.shape) for columns of \(x.shape)")
  let device = x.device
  let parts = rows.dividedUp(by: ColumnSumKernels.partRows)
  let isWhole = parts == 1 && !accumulate
  let partial = isWhole ? sum : try device.tensor([parts, columns])
  device.profiler?.declare(flops: Double(x.count), bytes: Double(x.count) * 4)
  try device.launch(
    ColumnSumKernels.columnSum, over: Grid(columns.dividedUp(by: device.properties.vectorTiles[0].width), parts),
    [.buffer(x.buffer), .buffer(partial.buffer), .int(rows), .int(columns), .int(ColumnSumKernels.partRows)])
  if isWhole { return }
  try device.launch(
    ColumnSumKernels.addParts, over: device.elementwiseGrid(columns),
    [.buffer(partial.buffer), .buffer(sum.buffer), .int(columns), .int(parts), .int(accumulate ? 1 : 0)])
}
