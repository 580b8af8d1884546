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
  guard let sums = try BiasGradient(of: output, into: bias, on: tape) else { return }
  try sums.enqueue()
  try sums.target.finish()
}

/// The gradient of a bias that is yet to be summed: by a launch of its own, or beside the weight's gradient.
package struct BiasGradient {
  /// The gradient of what the bias was added to: the bias's is the sum over everything but its last axis.
  package let output: Tensor
  package let target: GradientTarget

  package init(of output: Tensor, to target: GradientTarget) { (self.output, self.target) = (output, target) }

  /// `nil` where the bias wants no gradient.
  fileprivate init?(of output: Tensor, into bias: Tensor?, on tape: Tape) throws {
    guard let bias, let target = try tape.gradientTarget(of: bias) else { return nil }
    self.init(of: output, to: target)
  }

  /// The gradient that a weight's gradient may compute too. Where it is known to be zero it is written here.
  static func beside(_ output: Tensor, into bias: Tensor?, on tape: Tape) throws -> BiasGradient? {
    guard output.columnsCancel else { return try BiasGradient(of: output, into: bias, on: tape) }
    try biasGradient(of: output, into: bias, on: tape)
    return nil
  }

  /// Sums it by a launch or two of its own.
  func enqueue() throws {
    try output.device.inRole(.biasGradient) {
      if output.columnsCancel { return try target.addZeros() }
      try columnSum(output, into: target.gradient, accumulate: target.accumulate)
    }
  }
}

/// Memory that a launch writes a gradient to: the gradient itself, or parts of it one behind another.
package struct GradientParts {
  package let buffer: Buffer
  let count: Int
  let target: GradientTarget
  /// The parts, where those who read the gradient add them up.
  let pending: GradientSlot.Parts?

  /// Whether to add to what is there.
  var accumulate: Bool { count == 1 && target.accumulate }

  /// Adds up the parts, once they are written, where there are several and nobody else does. One launch.
  package func add() throws {
    if count == 1 { return }
    if let pending { return target.slot!.leave(pending) }
    try addParts(buffer, count: count, to: target.gradient, accumulate: target.accumulate)
  }
}

extension GradientTarget {
  /// Memory for a gradient that is computed in parts.
  package func parts(_ count: Int) throws -> GradientParts {
    if count > 1, let claimed = try slot?.claimParts(count) {
      return GradientParts(buffer: claimed.buffer, count: count, target: self, pending: claimed.parts)
    }
    let buffer = try count == 1 ? gradient.buffer : gradient.device.allocate(byteCount: count * gradient.count * 4)
    return GradientParts(buffer: buffer, count: count, target: self, pending: nil)
  }

  /// Writes a gradient that is zero.
  package func addZeros() throws {
    if accumulate || slot?.claimZeros() == true { return }
    try gradient.device.fill(gradient.buffer, at: 0, byteCount: gradient.count * 4, pattern: 0)
  }
}

/// sum (+)= the sum of `count` tensors of its shape that lie one behind another in `parts`; the vector family adds them in
/// their order. One launch.
func addParts(_ parts: Buffer, count: Int, to sum: Tensor, accumulate: Bool) throws {
  let (device, buffers) = (sum.device, [KernelArgument.buffer(parts), .buffer(sum.buffer)])
  if device.traits.isVector {
    try device.launch(
      ColumnSumKernels.addParts, over: device.elementwiseGrid(sum.count), moving: (count + 1) * sum.count,
      buffers + [.int(sum.count), .int(count), .int(accumulate ? 1 : 0)])
  } else {
    // Parts are the rows of a matrix.
    let pass = RowReduction(atOnce: count, columns: sum.count, on: device)
    try device.launch(
      ColumnSumKernels.columnSum, over: pass.grid, moving: (count + 1) * sum.count,
      buffers + [.int(count), .int(sum.count), .int(count)] + pass.groupArguments + [.int(accumulate ? 1 : 0)])
  }
}
