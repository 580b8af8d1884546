import CKernels

/// The last pass of products whose sums over k are cut into splits, on devices of the tile family. Kernel in
/// `sum_splits.cl`.
private let sumSplitsKernel = Kernel("sum_splits", "sum_splits", options: ["VECTOR_WIDTH": 4])

/// The sums of a product's splits, and what their sum goes through to the product's output.
struct SplitSums {
  /// `[splits, count]`, where a matrix of `count` elements has rows of `columns`.
  var parts: Buffer
  var splits: Int
  var count: Int
  var columns: Int
  /// An element for each column; `nil` for none.
  var bias: Buffer?
  /// Read when `beta` is not 0; may be the output.
  var c: Buffer?
  var alpha: Float = 1
  var beta: Float = 0
  var epilogue: Epilogue

  /// out = epilogue(alpha · sum of the parts + beta · c + bias). One launch.
  func enqueue(to out: Buffer, on device: any Device) throws {
    let (vectors, items) = (Int(SUM_SPLITS_VECTORS), Int(SUM_SPLITS_ITEMS))
    let groups = count.dividedUp(by: 4 * vectors)
    device.profiler?.declare(flops: Double(splits * count), bytes: 4 * Double((splits + 1) * count))
    try device.launch(
      sumSplitsKernel, over: Grid(groups * vectors, items, local: (vectors, items, 1)),
      [
        .buffer(parts), .buffer(c ?? out), .buffer(bias ?? device.zeros(byteCount: columns * 4)), .buffer(out),
        .int(count), .int(columns), .int(splits), .float(alpha), .float(beta),
      ] + epilogue.tileArguments(writing: out, on: device))
  }
}
