import TelarData
import TelarNN

/// A checkpoint's network on a device, for images given as bytes.
public final class TrainedNetwork {
  public let checkpoint: Checkpoint
  public let network: Network
  /// Height and width of the input images.
  public let imageSize: (height: Int, width: Int)
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
  ///   - pixels: the pixels of a range of images, `[count, height, width]`, 0 black to 255 white.
  ///   - body: called with the range of each batch, its input and its output.
  func run(
    _ count: Int, _ pixels: (Range<Int>) -> [UInt8],
    _ body: (_ range: Range<Int>, _ input: Tensor, _ output: Tensor) throws -> Void
  ) throws {
    let normalization = checkpoint.info.normalization
    let values = (0...255).map { Float($0) * normalization.scale + normalization.shift }
    for start in stride(from: 0, to: count, by: batchSize) {
      let range = start..<min(start + batchSize, count)
      let input = try network.device.tensor(
        [range.count] + checkpoint.info.inputShape, pixels(range).map { values[Int($0)] })
      try Checkpoint.checked(checkpoint.path) { try body(range, input, network(input)) }
    }
  }

  /// Runs the network on images of its input size in batches.
  ///
  /// - Throws: `SafetensorsError` for an image of another size.
  func run(
    _ images: [GreyImage], _ body: (_ range: Range<Int>, _ input: Tensor, _ output: Tensor) throws -> Void
  ) throws {
    for image in images { try checkSize(image.height, image.width) }
    try run(images.count, { images[$0].flatMap(\.pixels) }, body)
  }

  /// - Throws: `SafetensorsError` when the network takes images of another size.
  func checkSize(_ height: Int, _ width: Int) throws {
    guard (height, width) == imageSize else {
      throw SafetensorsError(
        .mismatch, path: checkpoint.path,
        "takes images of \(imageSize.height)×\(imageSize.width), and these are \(height)×\(width)")
    }
  }
}
