/// Height, width and channels of images.
public struct ImageSize: Sendable, Hashable {
  public var height: Int
  public var width: Int
  /// 1 grey; 3 red, green and blue; 4 these and opacity.
  public var channels: Int

  /// The numbers of channels that images have.
  public static let channelCounts = [1, 3, 4]

  /// The size of Fashion-MNIST's images.
  public static let fashionMNIST = ImageSize(height: 28, width: 28, channels: 1)

  /// - Precondition: the channels are 1, 3 or 4, and the others above zero.
  public init(height: Int, width: Int, channels: Int) {
    precondition(
      height > 0 && width > 0 && Self.channelCounts.contains(channels), "images of \(height)×\(width)×\(channels)")
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// The bytes of an image.
  public var byteCount: Int { height * width * channels }

  /// The shape of an image as networks take it, `[H, W, C]`.
  public var shape: [Int] { [height, width, channels] }

  /// `28×28` for grey images, `32×32×3` for others: height, width and channels.
  public var text: String { channels == 1 ? "\(height)×\(width)" : "\(height)×\(width)×\(channels)" }
}
