import TelarData
import TelarNN

/// A checkpoint's network on a device, for images given as bytes.
public final class TrainedNetwork {
  public let checkpoint: Checkpoint
  public let network: Network
  /// The size of the input images.
  public let imageSize: ImageSize
  /// Images per batch: ``largestBatch``, or fewer when a sample grows large within the network.
  private let batchSize: Int

  /// The most images per batch, and the most elements of a batch behind any layer.
  private static let largestBatch = 500
  private static let largestBatchInside = 1 << 25

  /// - Throws: `SafetensorsError` for a checkpoint that cannot be used for its own loss, `DeviceError`.
  public init(_ checkpoint: Checkpoint, on device: any Device) throws {
    try checkpoint.checkUse()
    self.checkpoint = checkpoint
    imageSize = try checkpoint.imageSize()
    network = try Checkpoint.checked(checkpoint.path) {
      try Network(checkpoint.architecture, on: device, inputShape: checkpoint.info.inputShape, seed: 0)
    }
    try network.load(from: checkpoint.file)
    batchSize = max(1, min(Self.largestBatch, Self.largestBatchInside / checkpoint.largestSampleInside))
  }

  /// Runs the network on images in batches.
  ///
  /// - Parameters:
  ///   - pixels: the pixels of a range of images, `[count, height, width, channels]`, 0 black to 255 white.
  ///   - body: called with the range of each batch, its input and its output.
  func run(
    _ count: Int, _ pixels: (Range<Int>) -> [UInt8],
    _ body: (_ range: Range<Int>, _ input: Tensor, _ output: Tensor) throws -> Void
  ) throws {
    let table = PixelTable(checkpoint.info.normalization, channels: imageSize.channels)
    for start in stride(from: 0, to: count, by: batchSize) {
      let range = start..<min(start + batchSize, count)
      let input = try network.device.tensor(
        [range.count] + checkpoint.info.inputShape, table.values(of: pixels(range)))
      try Checkpoint.checked(checkpoint.path) { try body(range, input, network(input)) }
    }
  }

  /// Runs the network on images of its input size in batches.
  ///
  /// - Throws: `SafetensorsError` for an image of another size.
  func run(
    _ images: [NamedImage], _ body: (_ range: Range<Int>, _ input: Tensor, _ output: Tensor) throws -> Void
  ) throws {
    for image in images { try checkSize(image.size) }
    try run(images.count, { images[$0].flatMap(\.pixels) }, body)
  }

  /// - Throws: `SafetensorsError` when the network takes images of another size.
  func checkSize(_ size: ImageSize) throws {
    guard size == imageSize else {
      throw SafetensorsError(
        .mismatch, path: checkpoint.path, "takes images of \(imageSize.text), and these are \(size.text)")
    }
  }
}
