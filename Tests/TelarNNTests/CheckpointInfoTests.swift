import TelarNN
import TestSupport
import Testing

@Suite struct CheckpointInfoTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static let autoencoder = Architecture {
    Part("encoder") { Linear(6, 2) }
    Part("decoder") { Linear(2, 6) }
  }
  private static let classifier = Architecture { Part("encoder") { Linear(6, 2) } }

  /// What a file with this metadata says of a network.
  private func info(_ metadata: OrderedMembers<String>, _ architecture: Architecture = classifier) throws
    -> CheckpointInfo
  {
    var writer = SafetensorsWriter()
    writer.metadata = metadata
    try writer.write(to: folder.path + "/a.safetensors")
    return try CheckpointInfo(checkpoint: SafetensorsFile(folder.path + "/a.safetensors"), architecture: architecture)
  }

  @Test func whatIsWrittenIsRead() throws {
    let full = CheckpointInfo(
      inputShape: [32, 30, 3], loss: .classification, normalization: Normalization(mean: 0.5, deviation: 0.25),
      classNames: ["T-shirt/top", "\"é\""])
    #expect(
      full.metadata == [
        "input_shape": "[32,30,3]", "loss": "cross_entropy", "normalization": #"{"mean":0.5,"deviation":0.25}"#,
        "class_names": #"["T-shirt/top","\"é\""]"#,
      ])
    #expect(try info(full.metadata, Self.autoencoder) == full)
    let plain = CheckpointInfo(inputShape: [6], loss: .reconstruction)
    #expect(plain.metadata == ["input_shape": "[6]", "loss": "mse"])
    #expect(try info(plain.metadata) == plain)
  }

  @Test func whatIsAbsentHasADefault() throws {
    #expect(try info(["format": "pt"]) == CheckpointInfo(loss: .classification))
    #expect(try info([:], Self.autoencoder) == CheckpointInfo(loss: .reconstruction))
    #expect(try info(["input_shape": "[6]"]).loss == .classification)
    let same = Architecture { Part("all") { Linear(6, 6) } }
    #expect(try info(["input_shape": "[6]"], same).loss == .reconstruction)
    #expect(try info(["normalization": #"{"mean":0.5}"#]).normalization == Normalization(mean: 0.5, deviation: 1))
    #expect(
      try info(["normalization": #"{"mean":[0.5,0,1],"deviation":2}"#]).normalization
        == Normalization(mean: [0.5, 0, 1], deviation: [2, 2, 2]))
  }

  @Test(arguments: [
    ("input_shape", "28"), ("input_shape", "[28,28]"), ("input_shape", "[0]"), ("input_shape", "[28,28,-1]"),
    ("input_shape", "[16777216,16777216,16777216]"), ("input_shape", "[4097,4096,1]"), ("input_shape", "[28.5]"),
    ("input_shape", "[28"), ("loss", "hinge"), ("normalization", "1"), ("normalization", "{\"mean\":\"x\"}"),
    ("normalization", "{\"deviation\":0}"), ("normalization", "{\"mean\":1e999}"), ("normalization", "{\"std\":1}"),
    ("class_names", "{}"), ("class_names", "[]"), ("class_names", "[1]"), ("class_names", "[\"\"]"),
    ("class_names", "[\"\\u001b[31m\"]"), ("class_names", "[\"\(String(repeating: "x", count: 101))\"]"),
  ])
  func whatCannotBeIsNamed(name: String, value: String) throws {
    let error = #expect(throws: SafetensorsError.self) { try info([name: value]) }
    #expect(error?.problem.hasPrefix("metadata \(name)") == true, "\(error as Any)")
  }

  @Test func pixelsAreNormalised() {
    let normalization = Normalization(mean: 0.5, deviation: 0.5)
    for (byte, value, pixel) in [(0, -1, 0), (51, -0.6, 0.2), (255, 1, 1)] as [(Float, Float, Float)] {
      #expect(abs(byte * normalization.scale() + normalization.shift() - value) < 1e-6)
      #expect(abs(normalization.pixel(value) - pixel) < 1e-6)
    }
    let byChannel = Normalization(mean: [0, 0.5, 0.25], deviation: [1, 0.5, 2])
    #expect(byChannel.scale(1) == normalization.scale() && byChannel.shift(2) == -0.125)
    #expect(byChannel.pixel(-1, 1) == 0 && byChannel.fits(channels: 3) && !byChannel.fits(channels: 1))
    #expect(byChannel.json.text == #"{"mean":[0.0,0.5,0.25],"deviation":[1.0,0.5,2.0]}"#)
    #expect(Normalization.unit.shift() == 0 && Normalization.unit.pixel(0.2) == 0.2)
  }
}
