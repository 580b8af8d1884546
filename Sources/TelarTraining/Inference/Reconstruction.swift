import TelarData
import TelarNN

/// An autoencoder's output for an image.
public struct Reconstruction: Sendable, Equatable {
  /// `[height, width, channels]`, clamped to 0 black to 1 white.
  public var pixels: [Float]
  /// The loss in the network's units: of normalized pixels, where it was trained on those.
  public var meanSquaredError: Double

  public init(pixels: [Float], meanSquaredError: Double) {
    self.pixels = pixels
    self.meanSquaredError = meanSquaredError
  }
}

extension TrainedNetwork {
  /// Reconstructs images.
  ///
  /// - Throws: `SafetensorsError` when the network is not an autoencoder, or takes images of another size.
  public func reconstruct(_ images: [NamedImage]) throws -> [Reconstruction] {
    try checkpoint.checkUse(as: .reconstruction)
    let size = imageSize.byteCount
    let normalization = checkpoint.info.normalization
    var reconstructions: [Reconstruction] = []
    try run(images) { range, input, output in
      let (originals, values) = (try input.values(), try output.values())
      for index in 0..<range.count {
        let places = (index * size)..<((index + 1) * size)
        let error = places.reduce(0.0) { sum, place in
          let difference = Double(values[place]) - Double(originals[place])
          return sum + difference * difference
        }
        reconstructions.append(
          Reconstruction(
            pixels: places.map { min(max(normalization.pixel(values[$0], $0 % imageSize.channels), 0), 1) },
            meanSquaredError: error / Double(size)))
      }
    }
    return reconstructions
  }
}
