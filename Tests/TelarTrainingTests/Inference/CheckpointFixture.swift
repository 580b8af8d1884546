import TelarNN
import TelarTraining
import TestSupport

/// Checkpoints of small networks of 28 × 28 images whose answers are known without training.
struct CheckpointFixture {
  let folder: TemporaryFolder
  var path: String { folder.path + "/model.safetensors" }

  init() throws { folder = try TemporaryFolder() }

  /// The identity on images, as one linear layer per row would be too large: a 1×1 convolution of weight 1.
  static let autoencoder = Architecture {
    Part("encoder") { Conv2d(1, 1, kernelSize: 1, bias: false) }
    Part("decoder") { Dropout(0.5) }
  }

  /// Means of windows of 2 × 28 pixels, of which the first ten are the classes' rows in `SmallDataSet`.
  static let classifier = Architecture {
    Part("encoder") {
      AvgPool2d(Pair(2, 28))
      Flatten()
    }
    Part("classifier") { Linear(14, 10, bias: false) }
  }

  /// Ones where output and input have the same place.
  static let classifierWeight = (0..<140).map { Float($0 % 14 == $0 / 14 ? 1 : 0) }

  /// Writes a file with these tensors.
  @discardableResult
  func write(
    _ architecture: Architecture?, _ tensors: [(String, [Int], [Float])], _ info: CheckpointInfo? = nil,
    extra: OrderedMembers<String> = [:]
  ) throws -> String {
    var writer = SafetensorsWriter()
    writer.metadata["network"] = architecture?.json.text
    for (key, value) in info?.metadata ?? [:] { writer.metadata[key] = value }
    for (key, value) in extra { writer.metadata[key] = value }
    for (key, shape, values) in tensors { writer.add(key, shape: shape, values) }
    try writer.write(to: path)
    return path
  }

  func writeAutoencoder(_ info: CheckpointInfo? = nil, weight: Float = 1) throws -> Checkpoint {
    // An optimizer's state, which is no part of the network.
    let state = [("encoder.0.weight", [1, 1, 1, 1], [weight]), ("optimizer/encoder.0.weight/m", [2], [Float(1), 2])]
    return try Checkpoint(write(Self.autoencoder, state, info))
  }

  func writeClassifier(_ info: CheckpointInfo? = nil, scale: Float = 1) throws -> Checkpoint {
    try Checkpoint(
      write(
        Self.classifier, [("classifier.0.weight", [10, 14], Self.classifierWeight.map { $0 * scale })], info))
  }
}
