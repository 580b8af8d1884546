import TelarData
import TelarNN

/// A checkpoint's network on a device, which is given images as bytes.
public final class TrainedNetwork {
  public let checkpoint: Checkpoint
  public let network: Network
  /// Height and width of the images that it takes.
  public let imageSize: (height: Int, width: Int)
  /// Images that are computed at once: as many as usual, or fewer where they grow large within the network.
  private let batchSize: Int

  /// The most images that are computed at once, and the most numbers that they may have at one place in the network.
  private static let largestBatch = 500
  private static let largestBatchInside = 1 << 25

  /// - Throws: `SafetensorsError` for a checkpoint that cannot be used for what it was trained for, `DeviceError`.
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

  /// Computes images in batches.
  ///
  /// - Parameters:
  ///   - pixels: `[count, height, width]`, 0 black to 255 white.
  ///   - body: is given the places of a batch's images, the network's input and its output.
  func run(_ pixels: [UInt8], _ body: (_ range: Range<Int>, _ input: Tensor, _ output: Tensor) throws -> Void) throws {
    let size = imageSize.height * imageSize.width
    precondition(pixels.count % size == 0, "\(pixels.count) pixels make no images of \(size)")
    let normalization = checkpoint.info.normalization
    let values = (0...255).map { Float($0) * normalization.scale + normalization.shift }
    let count = pixels.count / size
    for start in stride(from: 0, to: count, by: batchSize) {
      let range = start..<min(start + batchSize, count)
      let input = try network.device.tensor(
        [range.count] + checkpoint.info.inputShape,
        pixels[(range.lowerBound * size)..<(range.upperBound * size)].map { values[Int($0)] })
      try Checkpoint.checked(checkpoint.path) { try body(range, input, network(input)) }
    }
  }

  /// The pixels of images of the network's size, one after another.
  func pixels(of images: [GreyImage]) -> [UInt8] {
    for image in images {
      precondition(
        image.height == imageSize.height && image.width == imageSize.width,
        "\(image.name) is \(image.height) × \(image.width), not \(imageSize.height) × \(imageSize.width)")
    }
    return images.flatMap(\.pixels)
  }
}
