import CKernels

/// Batches from a data set that lies on the device. Kernels in `gather.cl`.
enum GatherKernels {
  static let bytes = Kernel("gather", "gather_bytes")
  static let bytesByChannel = Kernel("gather", "gather_bytes_by_channel")
  static let labels = Kernel("gather", "gather_labels")
}

/// Scales and shifts of an image's channels in a device's memory, for ``gatherBatch(_:height:width:order:offset:count:by:)``.
public struct ChannelScaling {
  /// The number of channels, 1, 3 or 4.
  public let channels: Int
  let tables: Buffer

  /// The most channels.
  package static let mostChannels = Int(GATHER_MOST_CHANNELS)

  /// - Parameters:
  ///   - scales: what bytes of each channel are multiplied by.
  ///   - shifts: what is added then.
  /// - Precondition: there are 1, 3 or 4 scales, and as many shifts.
  /// - Cost: uploads 160 bytes.
  public init(scales: [Float], shifts: [Float], on device: any Device) throws {
    precondition([1, 3, 4].contains(scales.count) && shifts.count == scales.count, "\(scales.count) channels")
    channels = scales.count
    let length = Int(GATHER_TABLE)
    tables = try device.allocate(byteCount: 2 * length * 4)
    try tables.write([scales, shifts].flatMap { values in (0..<length).map { values[$0 % values.count] } })
  }
}

/// Images `order[offset ..< offset + count]` of a data set of bytes, as value · scale + shift.
///
/// - Shapes: images `[*, height, width, channels]` bytes → `[count, height, width, channels]`
/// - Parameters:
///   - order: 32-bit integers on the device, each the number of an image that is there.
///   - scale: of all channels; by default what takes 255 to 1.
/// - Cost: one launch.
public func gatherBatch(
  _ images: Buffer, height: Int, width: Int, channels: Int = 1, order: Buffer, offset: Int, count: Int,
  scale: Float = 1 / 255, shift: Float = 0
) throws -> Tensor {
  try gather(GatherKernels.bytes, images, [height, width, channels], order, offset, count) { y, size, values in
    [
      .buffer(images), .buffer(order), .buffer(values), .buffer(y), .int(count), .int(size), .float(scale),
      .float(shift),
    ]
  }
}

/// Images `order[offset ..< offset + count]` of a data set of bytes, as value · scale + shift of each channel.
///
/// - Shapes: images `[*, height, width, channels]` bytes → `[count, height, width, channels]`
/// - Parameters:
///   - order: 32-bit integers on the device, each the number of an image that is there.
///   - scaling: the scales and shifts, which decide the number of channels.
/// - Cost: one launch.
public func gatherBatch(
  _ images: Buffer, height: Int, width: Int, order: Buffer, offset: Int, count: Int, by scaling: ChannelScaling
) throws -> Tensor {
  let shape = [height, width, scaling.channels]
  return try gather(GatherKernels.bytesByChannel, images, shape, order, offset, count) { y, size, values in
    [
      .buffer(images), .buffer(order), .buffer(values), .buffer(scaling.tables), .buffer(y), .int(count), .int(size),
      .int(scaling.channels),
    ]
  }
}

func gather(
  _ kernel: Kernel, _ images: Buffer, _ shape: [Int], _ order: Buffer, _ offset: Int, _ count: Int,
  _ arguments: (_ y: Buffer, _ size: Int, _ stepValues: Buffer) -> [KernelArgument]
) throws -> Tensor {
  let size = shape.reduce(1, *)
  try checkIndexable("gatherBatch", count * size)
  precondition(offset >= 0 && (offset + count) * 4 <= order.byteCount, "batch \(offset) + \(count) is past the order")
  let device = images.device
  let y = try device.tensor([count] + shape)
  device.stepValues.setBatch(offset)
  try device.launch(
    kernel, over: device.planeGrid(device.vectors(in: size), count), moving: y.count + y.count / 4,
    arguments(y.buffer, size, device.stepValues.buffer(on: device)))
  return y
}

/// Labels `order[offset ..< offset + count]` of a data set whose labels are 16-bit integers.
///
/// - Cost: one launch.
public func gatherLabels(_ labels: Buffer, order: Buffer, offset: Int, count: Int) throws -> LabelTensor {
  try checkIndexable("gatherLabels", count)
  precondition(offset >= 0 && (offset + count) * 4 <= order.byteCount, "batch \(offset) + \(count) is past the order")
  let y = LabelTensor(count: count, buffer: try labels.device.allocate(byteCount: count * 4))
  labels.device.stepValues.setBatch(offset)
  try labels.device.launch(
    GatherKernels.labels, over: labels.device.itemGrid(count), moving: 2 * count + count / 2,
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
