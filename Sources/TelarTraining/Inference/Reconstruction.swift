import TelarData
import TelarNN

/// What an autoencoder makes of an image.
public struct Reconstruction: Sendable, Equatable {
  /// `[height, width]`, 0 black to 1 white; what a network puts beyond is cut.
  public var pixels: [Float]
  /// In the network's own numbers, as its loss: of normalised pixels, where it was trained on such.
  public var meanSquaredError: Double

  public init(pixels: [Float], meanSquaredError: Double) {
    self.pixels = pixels
    self.meanSquaredError = meanSquaredError
  }
}

extension TrainedNetwork {
  /// What the network makes of each image.
  ///
  /// - Throws: `SafetensorsError` where the network is no autoencoder, or takes images of another size.
  public func reconstruct(_ images: [GreyImage]) throws -> [Reconstruction] {
    try checkpoint.checkUse(as: .reconstruction)
    let size = imageSize.height * imageSize.width
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
            pixels: places.map { min(max(normalization.pixel(values[$0]), 0), 1) },
            meanSquaredError: error / Double(size)))
      }
    }
    return reconstructions
  }
}
