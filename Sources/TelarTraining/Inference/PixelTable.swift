import TelarNN

/// The number that a network is given for each byte of each channel.
struct PixelTable {
  private let channels: Int
  /// `[channels, 256]`
  private let numbers: [Float]

  init(_ normalization: Normalization, channels: Int) {
    self.channels = channels
    numbers = (0..<channels).flatMap { channel in
      (0...255).map { Float($0) * normalization.scale(channel) + normalization.shift(channel) }
    }
  }

  /// The numbers of pixels, `[…, channels]`.
  func values(of bytes: [UInt8]) -> [Float] {
    channels == 1
      ? bytes.map { numbers[Int($0)] } : bytes.enumerated().map { numbers[$0 % channels * 256 + Int($1)] }
  }
}
