/// Sums of all elements, and arg-max. Kernels in `reduce.cl` and `reduce_tile.cl`.
enum ReduceKernels {
  static let chunkSum = FamilyKernel("reduce", "chunk_sum")
  static let chunkSquareSum = FamilyKernel("reduce", "chunk_square_sum")
  static let argMax = Kernel("reduce", "argmax")
  static let countCorrect = Kernel("reduce", "count_correct")
}

/// How a reduction is cut into chunks. It depends on the size and the family of kernels only, so sums are added in the
/// same order on every device of a family.
struct ReductionChunks {
  /// Elements or rows in a chunk; the last one may have fewer.
  let length: Int
  let count: Int

  /// - Parameters:
  ///   - size: what is reduced, in elements or rows.
  ///   - most: chunks at most: enough for all threads of a large device, few enough for one work-item to add up.
  ///   - shortest: the least length that is worth a work-item.
  init(of size: Int, most: Int, shortest: Int) {
    length = max(shortest, (size + most - 1) / most)
    count = (size + length - 1) / length
  }

  /// One chunk.
  static func whole(_ size: Int) -> ReductionChunks { ReductionChunks(of: size, most: 1, shortest: 1) }

  /// Chunks of rows, in the vector family; those of a usual batch are one.
  static func rows(_ count: Int) -> ReductionChunks { ReductionChunks(of: count, most: 256, shortest: 128) }

  /// Chunks of consecutive elements: for a work-item of the vector family in multiples of the 16 lanes that sums are kept
  /// in; for a work-group of the tile family in multiples of a vector for each of its items.
  static func elements(_ count: Int, on device: any Device) -> ReductionChunks {
    let (unit, shortest) = device.traits.isVector ? (16, 8) : (elementGroupItems * device.traits.vectorWidth, 1)
    let units = ReductionChunks(of: count.dividedUp(by: unit), most: 1_024, shortest: shortest)
    return ReductionChunks(length: units.length * unit, count: units.count)
  }

  /// Work-items of a group that reduces a chunk of consecutive elements.
  static let elementGroupItems = 128

  private init(length: Int, count: Int) {
    self.length = length
    self.count = count
  }
}

/// The sum of all elements.
///
/// - Shapes: any → `[1]`
/// - Cost: two launches, and one for the gradient.
public func sum(_ x: Tensor) throws -> Tensor { try reduce(x, scale: 1) }

/// The mean of all elements.
///
/// - Shapes: any → `[1]`
/// - Cost: two launches, and one for the gradient.
public func mean(_ x: Tensor) throws -> Tensor { try reduce(x, scale: 1 / Float(x.count)) }

private func reduce(_ x: Tensor, scale: Float) throws -> Tensor {
  try checkIndexable("sum", x.count)
  let y = try x.device.tensor([1])
  try sumElements(x, into: y.buffer, scale: scale, accumulate: false)
  if let tape = Tape.of(x) {
    let shape = x.shape
    tape.record(y) { dy in try tape.accumulate(broadcast(dy, to: shape, scale: scale), into: x) }
  }
  return y
}

/// destination[0] (+)= the sum of x, times scale.
func sumElements(_ x: Tensor, into destination: Buffer, scale: Float, accumulate: Bool) throws {
  let device = x.device
  func launch(_ source: Buffer, _ target: Buffer, _ count: Int, _ length: Int, chunks: Int, last: Bool) throws {
    try device.launch(
      ReduceKernels.chunkSum, over: device.chunkGrid(chunks),
      moving: count + chunks,
      [
        .buffer(source), .buffer(target), .int(count), .int(length), .float(last ? scale : 1),
        .int(last && accumulate ? 1 : 0),
      ])
  }
  let chunks = ReductionChunks.elements(x.count, on: device)
  if chunks.count == 1 {
    try launch(x.buffer, destination, x.count, chunks.length, chunks: 1, last: true)
  } else {
    let partial = try device.allocate(byteCount: chunks.count * 4)
    try launch(x.buffer, partial, x.count, chunks.length, chunks: chunks.count, last: false)
    try launch(partial, destination, chunks.count, chunks.count, chunks: 1, last: true)
  }
}

extension Device {
  /// A grid that reduces chunks of consecutive elements: a work-item each, in the tile family a work-group, and where one
  /// reduces all a large one.
  func chunkGrid(_ chunks: Int) -> Grid {
    if traits.isVector { return itemGrid(chunks) }
    return chunks == 1 ? groupGrid(1) : groupGrid(chunks, most: ReductionChunks.elementGroupItems)
  }
}

/// The index of the largest value of each row: the first of equal ones; NaN counts as the largest.
///
/// - Shapes: x `[N, classes]` → labels `[N]`
/// - Throws: ``ShapeError`` when x is not a matrix.
/// - Cost: one launch.
public func argMax(_ x: Tensor) throws -> LabelTensor {
  let (rows, columns) = try matrixShape(x, "argMax")
  let labels = LabelTensor(count: rows, buffer: try x.device.allocate(byteCount: rows * 4))
  try x.device.launch(
    ReduceKernels.argMax, over: x.device.itemGrid(rows), moving: x.count + rows,
    [.buffer(x.buffer), .buffer(labels.buffer), .int(rows), .int(columns)])
  return labels
}

/// In how many rows the largest value is at the label's place. Waits for the device.
///
/// - Shapes: logits `[N, classes]`, labels `[N]`
/// - Throws: ``ShapeError`` when logits is not a matrix or the labels are not as many as its rows.
/// - Cost: one launch and one synchronisation.
public func correctCount(_ logits: Tensor, _ labels: LabelTensor) throws -> Int {
  let (rows, columns) = try matrixShape(logits, "correctCount")
  guard labels.count == rows else {
    throw ShapeError("correctCount", "\(labels.count) labels for logits of shape \(logits.shape)")
  }
  let chunks = ReductionChunks.labels(rows)
  let hits = try logits.device.allocate(byteCount: chunks.count * 4)
  try logits.device.launch(
    ReduceKernels.countCorrect, over: logits.device.itemGrid(chunks.count), moving: logits.count + rows,
    [
      .buffer(logits.buffer), .buffer(labels.buffer), .buffer(hits), .int(rows), .int(columns), .int(chunks.length),
    ])
  return try hits.read(Int32.self, count: chunks.count).reduce(0) { $0 + Int($1) }
}

/// The share of rows whose largest value is at the label's place. Waits for the device.
public func accuracy(_ logits: Tensor, _ labels: LabelTensor) throws -> Double {
  Double(try correctCount(logits, labels)) / Double(labels.count)
}

extension ReductionChunks {
  /// Chunks of rows of logits, which a work-item goes through one by one.
  static func labels(_ rows: Int) -> ReductionChunks { ReductionChunks(of: rows, most: 256, shortest: 1) }
}

/// Rows and columns of a tensor `[N, classes]`.
func matrixShape(_ x: Tensor, _ place: String) throws -> (rows: Int, columns: Int) {
  guard x.shape.count == 2 else { throw ShapeError(place, "the input must be [N, classes], not \(x.shape)") }
  try checkIndexable(place, x.count)
  return (x.shape[0], x.shape[1])
}
