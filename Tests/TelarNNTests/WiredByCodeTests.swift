import TelarNN
import TestSupport
import Testing

/// Networks whose parts run otherwise than one after another: what their checkpoints say, and who takes them.
@Suite struct WiredByCodeTests {
  let folder: TemporaryFolder
  var path: String { folder.path + "/skip.safetensors" }

  init() throws { folder = try TemporaryFolder() }

  private static let architecture = Architecture {
    Part("body") { Linear(4, 4) }
    Part("head") { Linear(4, 2) }
  }

  /// head(body(x) + x), which the two parts in a row are not.
  private func output(_ network: Network, _ x: Tensor) throws -> [Float] {
    try network[part: "head"](add(network[part: "body"](x), x)).values()
  }

  @Test func theFileSaysThatCodeWiresTheParts() throws {
    try TestDevices.cpu.use { device in
      let network = try Network(Self.architecture, on: device, inputShape: nil, seed: 3)
      // Also where the caller hands on another file's metadata.
      let info = CheckpointInfo(inputShape: [4], loss: .classification)
      var metadata = info.metadata
      metadata["network"] = Self.architecture.json.text
      try network.save(to: path, metadata: metadata)
      let file = try SafetensorsFile(path)
      #expect(file.metadata["wiring"] == "code" && file.metadata["network"] == nil)
      #expect(file.metadata["parts"] == Self.architecture.json.text)

      let x = try device.tensor([3, 4], (0..<12).map { Float($0) / 8 - 0.5 })
      let again = try Network(Self.architecture, on: device, inputShape: nil, seed: 4)
      try again.load(from: file)
      #expect(try output(again, x) == output(network, x))
      let rebuilt = try Network(checkpoint: file, on: device, inputShape: nil)
      #expect(try output(rebuilt, x) == output(network, x))

      for refused in [
        { _ = try Architecture(checkpoint: file) },
        { _ = try Network(checkpoint: file, on: device, inputShape: [4]) },
      ] {
        let error = #expect(throws: SafetensorsError.self) { try refused() }
        #expect(error?.kind == .mismatch && error?.problem.contains("wired by code") == true)
      }
    }
  }

  @Test func aChainIsSavedAsOne() throws {
    try TestDevices.cpu.use { device in
      let network = try Network(Self.architecture, on: device, inputShape: [4], seed: 3)
      try network.save(to: path, metadata: ["wiring": "code", "parts": "{}"])
      let file = try SafetensorsFile(path)
      #expect(file.metadata["wiring"] == nil && file.metadata["parts"] == nil)
      #expect(try Architecture(checkpoint: file).json == Self.architecture.json)
      // Its parts may be run in another way all the same, and are then no chain any more.
      let parts = try Network(checkpoint: file, on: device, inputShape: nil)
      try parts.save(to: path)
      #expect(throws: SafetensorsError.self) { try Architecture(checkpoint: SafetensorsFile(path)) }
    }
  }
}
