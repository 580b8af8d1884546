import Foundation
import TelarData
import TelarNN
import TelarTraining
import TestSupport
import Testing

@Suite("Checkpoints in use")
struct CheckpointUseTests {
  let fixture: CheckpointFixture
  init() throws { fixture = try CheckpointFixture() }

  /// What is said of a file whose metadata says this.
  private func problem(
    network: String? = nil, tensors: [(String, [Int], [Float])] = [], metadata: OrderedMembers<String> = [:]
  ) throws -> String {
    var all = metadata
    all["network"] = network
    let path = try fixture.write(nil, tensors, extra: all)
    let error = #expect(throws: SafetensorsError.self) { try Checkpoint(path).checkUse() }
    #expect(error?.kind == .mismatch || error?.kind == .malformed)
    return error?.problem ?? ""
  }

  @Test func `what is no part of the network is left alone`() throws {
    let checkpoint = try fixture.writeAutoencoder()
    #expect(checkpoint.info == CheckpointInfo(loss: .reconstruction))
    #expect(checkpoint.outputShape == [28, 28, 1])
    #expect(try checkpoint.imageSize() == .fashionMNIST)
  }

  @Test func `a file of PyTorch's is told what it lacks`() throws {
    let message = try problem(tensors: [("0.weight", [1], [1])])
    #expect(message.hasPrefix("has no architecture in its metadata"))
    #expect(message.contains(#"metadata={"network": JSON}"#))
  }

  @Test func `uses that a network is not for are refused`() throws {
    func refusal(_ checkpoint: Checkpoint, as loss: Loss?) -> String {
      (#expect(throws: SafetensorsError.self) { try checkpoint.checkUse(as: loss) })?.problem ?? ""
    }
    #expect(refusal(try fixture.writeAutoencoder(), as: .classification).hasPrefix("is an autoencoder"))
    #expect(refusal(try fixture.writeClassifier(), as: .reconstruction).hasPrefix("is a classifier"))
    let names = CheckpointInfo(loss: .classification, classNames: ["a", "b"])
    #expect(refusal(try fixture.writeClassifier(names), as: nil) == "has names for 2 classes and tells 10")
    let wrong = CheckpointInfo(loss: .reconstruction)
    #expect(refusal(try fixture.writeClassifier(wrong), as: nil).hasPrefix("makes [10] of [28, 28, 1]"))
    let images = CheckpointInfo(loss: .classification)
    #expect(refusal(try fixture.writeAutoencoder(images), as: nil).hasSuffix("is no list of classes"))
    let many = Architecture {
      Part("classifier") {
        AvgPool2d(28)
        Flatten()
        Linear(1, 1_001, bias: false)
      }
    }
    let path = try fixture.write(many, [("classifier.2.weight", [1_001, 1], [Float](repeating: 0, count: 1_001))])
    #expect(refusal(try Checkpoint(path), as: nil) == "tells 1001 classes, more than the 1000 allowed")
  }

  @Test func `features are the pixels of a square`() throws {
    let architecture = Architecture { Part("classifier") { Linear(49, 2, bias: false) } }
    let path = try fixture.write(
      architecture, [("classifier.0.weight", [2, 49], [Float](repeating: 0, count: 98))], extra: ["input_shape": "[49]"]
    )
    #expect(try Checkpoint(path).imageSize() == ImageSize(height: 7, width: 7, channels: 1))
    #expect(
      try problem(network: #"{"a":[]}"#, metadata: ["input_shape": "[50]"])
        == "takes [50], which is no image of 1, 3 or 4 channels")
    #expect(
      try problem(network: #"{"a":[]}"#, metadata: ["input_shape": "[4,4,2]"])
        == "takes [4, 4, 2], which is no image of 1, 3 or 4 channels")
  }

  /// Files of some hundred bytes that describe networks beyond any memory: refused before anything is made.
  @Test(arguments: [
    (#"{"a":[{"layer":"Flatten"},{"layer":"Linear","in_features":784,"out_features":16777216}]}"#, "has no tensor"),
    (
      #"{"a":[{"layer":"Conv2d","in_channels":1,"out_channels":16777216,"kernel_size":3}]}"#,
      "has more elements than"
    ),
    (
      #"{"a":[{"layer":"Conv2d","in_channels":1,"out_channels":1,"kernel_size":1,"padding":16777216}]}"#,
      "has more elements than"
    ),
    (
      #"{"a":[{"layer":"ConvTranspose2d","in_channels":1,"out_channels":2,"kernel_size":3,"stride":16777216}]}"#,
      "has more elements than"
    ),
    (
      #"{"a":[{"layer":"Conv2d","in_channels":1,"out_channels":16777216,"kernel_size":16777216,"padding":8388608,"stride":16777216}]}"#,
      "has more elements than"
    ),
    (
      #"{"a":[{"layer":"Conv2d","in_channels":1,"out_channels":65536,"kernel_size":28},{"layer":"Conv2d","in_channels":65536,"out_channels":65536,"kernel_size":[16777216,16777216],"padding":8388608,"stride":16777216}]}"#,
      "has more elements than"
    ),
    (
      #"{"a":[{"layer":"ConvTranspose2d","in_channels":1,"out_channels":1,"kernel_size":1,"stride":1000}]}"#,
      "a.0 (ConvTranspose2d): makes 729054001 numbers of an image, more than 16777216"
    ),
    // Its output is one number, of an image with padding of 4 GB.
    (
      #"{"a":[{"layer":"Conv2d","in_channels":1,"out_channels":1,"kernel_size":1,"padding":16000,"stride":32000}]}"#,
      "more than 16777216"
    ),
    (
      #"{"a":[{"layer":"ConvTranspose2d","in_channels":1,"out_channels":1,"kernel_size":1,"stride":100},{"layer":"AvgPool2d","kernel_size":1300,"stride":1}]}"#,
      "a.1 (AvgPool2d): needs more than"
    ),
    (#"{"a":[{"layer":"Linear","in_features":3,"out_features":4}]}"#, "a.0 (Linear): expects 3 features"),
    (#"{"a":[{"layer":"LSTM"}]}"#, "has no network that Telar knows: a.0: no layer is named \"LSTM\""),
    (#"{"a":"#, "broken architecture"),
  ])
  func `hostile networks are refused`(network: String, part: String) throws {
    let message = try problem(network: network)
    #expect(message.contains(part), "\(message)")
  }

  @Test func `as many layers as nobody trains are refused`() throws {
    let layers = [String](repeating: #"{"layer":"ReLU"}"#, count: 1_001).joined(separator: ",")
    #expect(try problem(network: "{\"a\":[\(layers)]}") == "has 1001 layers, more than the 1000 allowed")
  }

  @Test func `tensors of the wrong shape are named`() throws {
    #expect(
      try problem(
        network: CheckpointFixture.classifier.json.text,
        tensors: [("classifier.0.weight", [14, 10], .init(repeating: 0, count: 140))])
        == #"tensor "classifier.0.weight" has shape [14, 10] and should have [10, 14]"#)
  }
}
