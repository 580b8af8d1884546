import CKernels
import Foundation

/// Batches of augmented images. Kernels in `augment.cl`.
enum AugmentKernels {
  static let gather = Kernel("augment", "gather_augmented")
  static let noise = Kernel("augment", "add_noise")
}

/// What is done to one image of `[height, width]`.
public struct ImageChange: Hashable, Sendable {
  /// Where pixel (Y, X) comes from: from column `column[0]`·X + `column[1]`·Y + `column[2]`, and the row likewise.
  /// Between pixels, values are interpolated linearly.
  public var column: SIMD3<Float> = [1, 0, 0], row: SIMD3<Float> = [0, 1, 0]
  /// What bytes are multiplied by, and what is added then; the result is cut off at 0 and 255.
  public var factor: Float = 1, term: Float = 0
  /// The rows and columns of a rectangle that is filled.
  public var erasedRows = 0..<0, erasedColumns = 0..<0
  /// What the image's noise is drawn from.
  public var noiseKey: SIMD2<UInt32> = [0, 0]

  public init() {}

  /// Appends the row of the kernels' table.
  fileprivate func append(to words: inout [UInt32]) {
    for i in 0..<3 { words.append(column[i].bitPattern) }
    for i in 0..<3 { words.append(row[i].bitPattern) }
    words.append(factor.bitPattern)
    words.append(term.bitPattern)
    words.append(UInt32(erasedRows.lowerBound << 16 | erasedRows.upperBound))
    words.append(UInt32(erasedColumns.lowerBound << 16 | erasedColumns.upperBound))
    words.append(noiseKey[0])
    words.append(noiseKey[1])
  }
}

/// What is done to each image of a data set, in a device's memory.
public final class ImageChanges {
  /// The number of images.
  public let count: Int
  fileprivate let table: Buffer
  fileprivate let levels: Buffer

  /// - Cost: allocates 48 bytes an image and 16 KiB, and uploads the latter.
  public init(count: Int, on device: any Device) throws {
    self.count = count
    table = try device.allocate(byteCount: count * Int(AUGMENT_WORDS) * 4)
    levels = try device.allocate(byteCount: Int(NOISE_LEVELS) * 4)
    try levels.write(Self.noiseLevels)
  }

  /// Sets what is done to the images, in the order of the data set.
  ///
  /// - Precondition: there is a change for each image, whose rectangle ends below row and column 32,768.
  /// - Cost: uploads 48 bytes an image.
  public func set(_ changes: some Sequence<ImageChange>) throws {
    var words: [UInt32] = []
    words.reserveCapacity(count * Int(AUGMENT_WORDS))
    for change in changes { change.append(to: &words) }
    precondition(words.count == count * Int(AUGMENT_WORDS), "changes for other than \(count) images")
    try table.write(words)
  }

  /// The values of noise of deviation 1, all equally likely: quantiles of the normal distribution at the middles of 4,096
  /// equal shares, times what makes their deviation 1. The largest is 3.7.
  package static let noiseLevels: [Float] = {
    let count = Int(NOISE_LEVELS)
    var upper = (count / 2..<count).map { level -> Double in
      let share = (Double(level) + 0.5) / Double(count)
      var z = 0.0
      // Newton's method on the distribution, which is concave above its middle, so that it rises to the root.
      for _ in 0..<60 { z += (share - (1 - erfc(z / 2.0.squareRoot()) / 2)) * (2 * .pi).squareRoot() * exp(z * z / 2) }
      return z
    }
    let deviation = (upper.reduce(0) { $0 + $1 * $1 } / Double(upper.count)).squareRoot()
    upper = upper.map { $0 / deviation }
    return (upper.reversed().map { -$0 } + upper).map(Float.init)
  }()
}

/// Images `order[offset ..< offset + count]` of a data set of bytes, each changed and then scaled and shifted by channel.
///
/// - Shapes: images `[*, height, width, channels]` bytes → `[count, height, width, channels]`
/// - Parameters:
///   - order: 32-bit integers on the device, each the number of an image that is there.
///   - scaling: the scales and shifts, which decide the number of channels.
///   - changes: what is done to each image of the data set.
///   - fill: the byte that stands beside images and where they are erased.
/// - Precondition: height and width are below 32,768, and fill is from 0 to 255.
/// - Cost: one launch.
public func gatherBatch(
  _ images: Buffer, height: Int, width: Int, order: Buffer, offset: Int, count: Int, by scaling: ChannelScaling,
  changes: ImageChanges, fill: Float = 0
) throws -> Tensor {
  precondition(max(height, width) < 1 << 15 && 0...255 ~= fill, "\(height)×\(width) pixels, filled with \(fill)")
  return try gather(AugmentKernels.gather, images, [height, width, scaling.channels], order, offset, count) {
    y, _, values in
    [
      .buffer(images), .buffer(order), .buffer(values), .buffer(changes.table), .buffer(scaling.tables), .buffer(y),
      .int(count), .int(height), .int(width), .int(scaling.channels), .float(fill),
    ]
  }
}

/// Adds normal noise to a batch that ``gatherBatch(_:height:width:order:offset:count:by:changes:fill:)`` made.
///
/// - Shapes: x `[count, height, width, channels]` → the same
/// - Parameters:
///   - order: that of the batch, and `offset` where it begins there.
///   - deviation: the noise's, of bytes, which the channels' scales change as they changed the bytes.
///   - changes: where the key of each image's noise is.
/// - Throws: ``ShapeError`` when x is no batch of images of the scaling's channels.
/// - Cost: one launch. No gradient: it is for what a network is given.
public func addNoise(
  to x: Tensor, order: Buffer, offset: Int, deviation: Float, by scaling: ChannelScaling, changes: ImageChanges
) throws -> Tensor {
  guard x.shape.count == 4, x.shape[3] == scaling.channels else {
    throw ShapeError("addNoise", "a batch of shape \(x.shape) for \(scaling.channels) channels")
  }
  let (device, count) = (x.device, x.shape[0])
  precondition(offset >= 0 && (offset + count) * 4 <= order.byteCount, "batch \(offset) + \(count) is past the order")
  let y = try device.tensor(x.shape)
  let length = count == 0 ? 0 : x.count / count
  device.stepValues.setBatch(offset)
  try device.launch(
    AugmentKernels.noise, over: device.planeGrid(length.dividedUp(by: Int(PHILOX_BLOCK_NUMBERS)), count),
    moving: 2 * x.count,
    [
      .buffer(x.buffer), .buffer(order), .buffer(try device.stepValues.buffer(on: device)), .buffer(changes.table),
      .buffer(changes.levels), .buffer(scaling.tables), .buffer(y.buffer), .int(count), .int(length),
      .int(scaling.channels), .float(deviation),
    ])
  return y
}
