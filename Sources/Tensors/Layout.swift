import CKernels

/// Changes of layout. Kernels in `layout.cl` and `layout_tile.cl`.
enum LayoutKernels {
  static let transposeBatch = FamilyKernel("layout", "transpose_batch")
  /// Rows that a work-item transposes.
  static let transposeRows = Int(LAYOUT_TRANSPOSE_ROWS)
  /// Rows and columns of the square that a work-group transposes.
  static let tile = Int(LAYOUT_TILE)
}

/// Images as rows of features, in PyTorch's order (C, H, W).
///
/// - Shapes: x `[N, H, W, C]` → `[N, C·H·W]`; a tensor `[N, F]` stays as it is
/// - Throws: ``ShapeError`` for other shapes.
/// - Cost: one launch; none when H·W or C is 1, where both orders are the same.
public func flatten(_ x: Tensor) throws -> Tensor {
  if x.shape.count == 2 { return x }
  let (n, h, w, c) = try imageShape(x, "flatten")
  return try transposed(x, batch: n, rows: h * w, columns: c, to: [n, c * h * w])
}

/// Rows of features, in PyTorch's order (C, H, W), as images.
///
/// - Shapes: x `[N, channels·height·width]` → `[N, height, width, channels]`
/// - Throws: ``ShapeError`` when x is not a matrix of so many columns.
/// - Cost: one launch; none when height·width or channels is 1.
public func unflatten(_ x: Tensor, channels: Int, height: Int, width: Int) throws -> Tensor {
  guard x.shape.count == 2, channels > 0, height > 0, width > 0, x.shape[1] == channels * height * width else {
    throw ShapeError("unflatten", "\(x.shape) cannot be \(channels) channels of \(height)×\(width)")
  }
  try checkIndexable("unflatten", x.count)
  return try transposed(
    x, batch: x.shape[0], rows: channels, columns: height * width, to: [x.shape[0], height, width, channels])
}

/// Channels-last images as PyTorch has them by default.
///
/// - Shapes: x `[N, H, W, C]` → `[N, C, H, W]`
/// - Cost: one launch; none when H·W or C is 1.
public func permuteToChannelsFirst(_ x: Tensor) throws -> Tensor {
  let (n, h, w, c) = try imageShape(x, "permuteToChannelsFirst")
  return try transposed(x, batch: n, rows: h * w, columns: c, to: [n, c, h, w])
}

/// PyTorch's images as channels-last ones.
///
/// - Shapes: x `[N, C, H, W]` → `[N, H, W, C]`
/// - Cost: one launch; none when H·W or C is 1.
public func permuteToChannelsLast(_ x: Tensor) throws -> Tensor {
  let (n, c, h, w) = try imageShape(x, "permuteToChannelsLast")
  return try transposed(x, batch: n, rows: c, columns: h * w, to: [n, h, w, c])
}

private func imageShape(_ x: Tensor, _ place: String) throws -> (Int, Int, Int, Int) {
  guard x.shape.count == 4 else { throw ShapeError(place, "the input must have four dimensions, not \(x.shape)") }
  try checkIndexable(place, x.count)
  return (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
}

/// Transposes each of `batch` matrices of x and calls the result `shape`.
private func transposed(_ x: Tensor, batch: Int, rows: Int, columns: Int, to shape: [Int]) throws -> Tensor {
  let isView = rows == 1 || columns == 1
  let y: Tensor
  if isView {
    y = x.viewed(as: shape)
  } else {
    y = try x.device.tensor(shape)
    try enqueueTranspose(x, batch: batch, rows: rows, columns: columns, to: y)
  }
  if let tape = Tape.of(x) {
    let inputShape = x.shape
    // A view has the output function of x, so that the epilogue of what follows can apply its gradient too.
    let function = isView ? tape.outputFunction(of: x) : .none
    tape.record(y, outputFunction: function) { dz in
      let dx = try transposed(dz, batch: batch, rows: columns, columns: rows, to: inputShape)
      try tape.accumulate(dx, into: x, before: function)
    }
  }
  return y
}

/// Transposes each of `batch` matrices of x. One launch.
private func enqueueTranspose(_ x: Tensor, batch: Int, rows: Int, columns: Int, to y: Tensor) throws {
  let (device, buffers) = (x.device, [KernelArgument.buffer(x.buffer), .buffer(y.buffer)])
  if device.traits.isVector {
    let blocks = rows.dividedUp(by: LayoutKernels.transposeRows)
    try device.launch(
      LayoutKernels.transposeBatch, over: device.planeGrid(device.vectors(in: columns), batch * blocks),
      moving: 2 * x.count, buffers + [.int(batch), .int(rows), .int(columns)])
  } else {
    let tile = LayoutKernels.tile
    try device.launch(
      LayoutKernels.transposeBatch,
      over: device.groupGrid(columns.dividedUp(by: tile), rows.dividedUp(by: tile), batch), moving: 2 * x.count,
      buffers + [.int(rows), .int(columns)])
  }
}
