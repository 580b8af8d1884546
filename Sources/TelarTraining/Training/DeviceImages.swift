import TelarData
import TelarNN
import Tensors

/// A set of labelled images in a device's memory, a byte a pixel, from which the device itself gathers batches.
public final class DeviceImages {
  public let count: Int
  public let height: Int
  public let width: Int
  /// 1, 3 or 4.
  public let channels: Int
  public let normalization: Normalization
  /// `nil` where the normalization is the same for all channels.
  private let scaling: ChannelScaling?
  /// The normalization of each channel, for augmented images.
  private let channelScaling: ChannelScaling
  private let images: Buffer
  /// 16-bit integers.
  private let labels: Buffer
  /// The index of the image at each position, as 32-bit integers.
  private let order: Buffer

  /// A batch: images `[N, H, W, C]`, normalized, and their labels.
  public struct Batch {
    public let images: Tensor
    /// What a network is given: the images, with noise where an ``Augmentation`` has some.
    public let inputs: Tensor
    fileprivate let source: DeviceImages
    fileprivate let offset: Int

    /// Gathered on each access, by one launch, as an autoencoder needs none.
    public var labels: LabelTensor {
      get throws {
        try gatherLabels(source.labels, order: source.order, offset: offset, count: images.shape[0])
      }
    }
  }

  /// Uploads a set of images, in their own order.
  ///
  /// - Precondition: the normalization fits the images' channels.
  public init(_ source: LabelledImages, normalization: Normalization = .unit, on device: any Device) throws {
    count = source.count
    height = source.height
    width = source.width
    channels = source.channels
    precondition(normalization.fits(channels: source.channels), "\(normalization) for \(source.channels) channels")
    self.normalization = normalization
    channelScaling = try ChannelScaling(
      scales: (0..<channels).map(normalization.scale), shifts: (0..<channels).map(normalization.shift), on: device)
    scaling = normalization.channelCount == nil ? nil : channelScaling
    images = try device.allocate(byteCount: source.pixels.count)
    labels = try device.allocate(byteCount: source.count * 2)
    order = try device.allocate(byteCount: source.count * 4)
    try images.write(source.pixels)
    try labels.write(source.labels)
    try order.write([Int32](0..<Int32(source.count)))
  }

  /// The first `count` images of the set as it was uploaded, whatever order it is in, from the same memory.
  ///
  /// - Precondition: `count` is from 1 to the number of images.
  /// - Cost: uploads four bytes an image, for an order of its own.
  public func prefix(_ count: Int) throws -> DeviceImages { try DeviceImages(first: count, of: self) }

  private init(first count: Int, of source: DeviceImages) throws {
    precondition(1...source.count ~= count, "the first \(count) of \(source.count) images")
    self.count = count
    height = source.height
    width = source.width
    channels = source.channels
    normalization = source.normalization
    scaling = source.scaling
    channelScaling = source.channelScaling
    images = source.images
    labels = source.labels
    order = try source.order.device.allocate(byteCount: count * 4)
    try order.write([Int32](0..<Int32(count)))
  }

  /// The labels of the images as they were uploaded. Waits for the device.
  package func readLabels() throws -> [UInt16] { try labels.read(UInt16.self, count: count) }

  /// Changes the order in which ``batch(at:count:)`` finds the images.
  public func arrange(_ permutation: Permutation) throws {
    precondition(permutation.indices.count == count, "an order of \(permutation.indices.count) for \(count) images")
    try order.write(permutation.indices)
  }

  /// The images at `offset ..< offset + count` of the order. One launch, no waiting.
  public func batch(at offset: Int, count: Int) throws -> Batch {
    let images = try gathered(at: offset, count: count)
    return Batch(images: images, inputs: images, source: self, offset: offset)
  }

  /// The same with the images changed. One launch, or two with noise.
  package func batch(at offset: Int, count: Int, by augmenter: Augmenter) throws -> Batch {
    let (augmentation, changes) = (augmenter.augmentation, augmenter.changes)
    let images = try gatherBatch(
      images, height: height, width: width, order: order, offset: offset, count: count, by: channelScaling,
      changes: changes, fill: Float(augmentation.fill * 255))
    guard augmentation.noise > 0 else { return Batch(images: images, inputs: images, source: self, offset: offset) }
    let inputs = try addNoise(
      to: images, order: order, offset: offset, deviation: Float(augmentation.noise * 255), by: channelScaling,
      changes: changes)
    return Batch(images: images, inputs: inputs, source: self, offset: offset)
  }

  private func gathered(at offset: Int, count: Int) throws -> Tensor {
    if let scaling {
      return try gatherBatch(
        images, height: height, width: width, order: order, offset: offset, count: count, by: scaling)
    }
    return try gatherBatch(
      images, height: height, width: width, channels: channels, order: order, offset: offset, count: count,
      scale: normalization.scale(), shift: normalization.shift())
  }
}
