/// Sums over the rows of a matrix. Kernels in `column_sum.cl` and `column_sum_tile.cl`.
enum ColumnSumKernels {
  static let columnSum = FamilyKernel("column_sum", "column_sum")
  static let addParts = Kernel("column_sum", "add_parts")
}

/// sum (+)= the sums of x over everything but its last axis: the gradient of a bias from that of the output.
///
/// - Shapes: x `[…, C]`; sum `[C]`
/// - Parameter accumulate: whether to add to what `sum` holds or to overwrite it.
/// - Cost: one launch up to 128 rows, in the tile family 512, otherwise two; reads x.
package func columnSum(_ x: Tensor, into sum: Tensor, accumulate: Bool) throws {
  let columns = x.shape.last!
  try checkIndexable("columnSum", x.count)
  precondition(sum.count == columns, "a sum of \(sum.shape) for columns of \(x.shape)")
  let device = x.device
  device.profiler?.declare(flops: Double(x.count), bytes: Double(x.count) * 4)
  if columns == 1 {
    // A single column is a row of consecutive elements, which vectors hold.
    try sumElements(x, into: sum.buffer, scale: 1, accumulate: accumulate)
    return
  }
  func launch(_ source: Buffer, _ target: Buffer, rows: Int, _ pass: RowReduction, accumulate: Bool) throws {
    try device.launch(
      ColumnSumKernels.columnSum, over: pass.grid,
      [.buffer(source), .buffer(target), .int(rows), .int(columns), .int(pass.chunks.length)]
        + pass.groupArguments + [.int(accumulate ? 1 : 0)])
  }
  let rows = x.count / columns
  let pass = RowReduction(rows: rows, columns: columns, on: device)
  let chunks = pass.chunks.count
  if chunks == 1 {
    try launch(x.buffer, sum.buffer, rows: rows, pass, accumulate: accumulate)
  } else {
    let partial = try device.allocate(byteCount: chunks * columns * 4)
    try launch(x.buffer, partial, rows: rows, pass, accumulate: false)
    let second = RowReduction(atOnce: chunks, columns: columns, on: device)
    try launch(partial, sum.buffer, rows: chunks, second, accumulate: accumulate)
  }
}

/// The gradient of a bias where it wants one, from that of the output, as ``columnSum(_:into:accumulate:)`` computes it;
/// nothing is read where it is known to be zero.
func biasGradient(of output: Tensor, into bias: Tensor?, on tape: Tape) throws {
  guard let bias, let target = try tape.gradientTarget(of: bias) else { return }
  try output.device.inRole(.biasGradient) {
    if output.columnsCancel { return try target.addZeros() }
    try columnSum(output, into: target.gradient, accumulate: target.accumulate)
  }
  try target.finish()
}

extension GradientTarget {
  /// Writes a gradient that is zero.
  func addZeros() throws {
    if accumulate { return }
    try gradient.device.fill(gradient.buffer, at: 0, byteCount: gradient.count * 4, pattern: 0)
  }
}

/// sum (+)= the sum of `count` tensors of its shape that lie one behind another in `parts`; the vector family adds them in
/// their order. One launch.
func addParts(_ parts: Tensor, count: Int, to sum: Tensor, accumulate: Bool) throws {
  let (device, buffers) = (sum.device, [KernelArgument.buffer(parts.buffer), .buffer(sum.buffer)])
  if device.traits.isVector {
    try device.launch(
      ColumnSumKernels.addParts, over: device.elementwiseGrid(sum.count), moving: parts.count + sum.count,
      buffers + [.int(sum.count), .int(count), .int(accumulate ? 1 : 0)])
  } else {
    // Parts are the rows of a matrix.
    let pass = RowReduction(atOnce: count, columns: sum.count, on: device)
    try device.launch(
      ColumnSumKernels.columnSum, over: pass.grid, moving: parts.count + sum.count,
      buffers + [.int(count), .int(sum.count), .int(count)] + pass.groupArguments + [.int(accumulate ? 1 : 0)])
  }
}
