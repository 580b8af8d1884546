import TelarIO
import TelarTraining

/// The weights of a network's first layer as small images, read from a run's checkpoint.
struct FirstLayerImages {
  /// `encoder.0 (Conv2d)`
  let name: String
  /// The number of filters or neurons in the layer; there are images of the first ``limit``.
  let count: Int
  let height: Int
  let width: Int
  /// Grey is zero, white the filter's largest absolute weight, black its negative.
  let pictures: [[Float]]

  static let limit = 32
  /// The most weights of a layer that is read.
  private static let largestCount = 1 << 24

  /// - Returns: `nil` when the network does not begin with a convolution of a grey image or a linear layer of its
  ///   pixels.
  /// - Throws: `SafetensorsError` for a checkpoint that is missing or damaged.
  init?(_ run: RunResult, inputHeight: Int = 28, inputWidth: Int = 28) throws {
    guard let (name, kind) = Self.first(in: run.record.at("network")) else { return nil }
    let file = try SafetensorsFile(run.checkpoint)
    let shape = try file.info(name + ".weight").shape
    guard shape.allSatisfy({ $0 > 0 }), try file.info(name + ".weight").count <= Self.largestCount else { return nil }
    switch (kind, shape.count) {
    case ("Conv2d", 4) where shape[1] == 1 && shape[2] <= 64 && shape[3] <= 64: (height, width) = (shape[2], shape[3])
    case ("Linear", 2) where shape[1] == inputHeight * inputWidth: (height, width) = (inputHeight, inputWidth)
    default: return nil
    }
    let weights = try file.floats(name + ".weight")
    let size = height * width
    self.name = "\(name) (\(kind))"
    count = shape[0]
    pictures = (0..<min(Self.limit, count)).map { index in
      let filter = weights[(index * size)..<((index + 1) * size)]
      let largest = filter.map(abs).filter(\.isFinite).max() ?? 0
      return filter.map { largest > 0 && $0.isFinite ? 0.5 + 0.5 * $0 / largest : 0.5 }
    }
  }

  /// The key and the type of the first layer with weights.
  private static func first(in network: JSON?) -> (name: String, kind: String)? {
    guard case .object(let parts)? = network else { return nil }
    for (part, layers) in parts {
      for (index, layer) in layers.elements.enumerated() {
        guard let kind = layer["layer"]?.string else { return nil }
        if ["Conv2d", "Linear", "ConvTranspose2d", "BatchNorm2d"].contains(kind) { return ("\(part).\(index)", kind) }
      }
    }
    return nil
  }
}
