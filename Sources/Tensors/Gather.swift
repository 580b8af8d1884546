import CKernels

/// Batches from a data set that lies on the device. Kernels in `gather.cl`.
enum GatherKernels {
  static let bytes = Kernel("gather", "gather_bytes")
  static let labels = Kernel("gather", "gather_labels")
}

/// Images `order[offset ..< offset + count]` of a data set of bytes, as value · scale + shift.
///
/// - Shapes: images `[*, height, width]` bytes → `[count, height, width, 1]`
/// - Parameters:
///   - order: 32-bit integers on the device, each the number of an image that is there.
///   - scale: by default what takes 255 to 1.
/// - Cost: one launch.
public func gatherBatch(
  _ images: Buffer, height: Int, width: Int, order: Buffer, offset: Int, count: Int, scale: Float = 1 / 255,
  shift: Float = 0
) throws -> Tensor {
  try checkIndexable("gatherBatch", count * height * width)
  precondition(offset >= 0 && (offset + count) * 4 <= order.byteCount, "batch \(offset) + \(count) is past the order")
  let y = try images.device.tensor([count, height, width, 1])
  images.device.stepValues.setBatch(offset)
  try images.device.launch(
    GatherKernels.bytes, over: images.device.planeGrid(images.device.vectors(in: height * width), count),
    moving: y.count + y.count / 4,
    [
      .buffer(images), .buffer(order), .buffer(try images.device.stepValues.buffer(on: images.device)),
      .buffer(y.buffer), .int(count), .int(height * width), .float(scale), .float(shift),
    ])
  return y
}

/// Labels `order[offset ..< offset + count]` of a data set whose labels are bytes.
///
/// - Cost: one launch.
public func gatherLabels(_ labels: Buffer, order: Buffer, offset: Int, count: Int) throws -> LabelTensor {
  try checkIndexable("gatherLabels", count)
  precondition(offset >= 0 && (offset + count) * 4 <= order.byteCount, "batch \(offset) + \(count) is past the order")
  let y = LabelTensor(count: count, buffer: try labels.device.allocate(byteCount: count * 4))
  labels.device.stepValues.setBatch(offset)
  try labels.device.launch(
    GatherKernels.labels, over: labels.device.itemGrid(count), moving: 2 * count,
    [
      .buffer(labels), .buffer(order), .buffer(try labels.device.stepValues.buffer(on: labels.device)),
      .buffer(y.buffer), .int(count),
    ])
  return y
}

extension StepValues {
  /// Where the batch of a step begins in the order of its data set.
  package func setBatch(_ offset: Int) { set(STEP_VALUE_BATCH, to: UInt32(offset)) }
}
