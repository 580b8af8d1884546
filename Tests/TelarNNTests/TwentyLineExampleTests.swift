import Foundation
import TelarNN
import TestSupport
import Testing

/// The example of the README, held to what it promises.
@Suite struct TwentyLineExampleTests {
  @Test(arguments: TestDevices.all) func aSmallNetworkLearns(_ on: TestDevice) throws {
    try on.use { device in
      let losses = try trainStripes(on: device)
      #expect(losses.last! < 0.1 * losses.first!, "losses \(losses) on \(on.name)")
    }
  }

  /// The README shows the function below, line by line.
  @Test func theReadmeShowsIt() throws {
    let source = try lines(of: #filePath)
    let start = source.firstIndex { $0.hasPrefix("private func trainStripes") }!
    let example = source[(start + 1)...].prefix { $0 != "return losses" }
    let readme = try lines(of: URL(fileURLWithPath: #filePath + "/../../../README.md").standardized.path)
    let first = try #require(readme.firstIndex(of: example.first!))
    #expect(Array(readme[first...].prefix(example.count)) == Array(example))
    #expect(example.count <= 25)
  }

  private func lines(of path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }
}

/// Teaches a small network to tell horizontal from vertical stripes; the loss at every tenth step.
private func trainStripes(on device: any Device) throws -> [Float] {
  let network = try Network(on: device, inputShape: [8, 8, 1], seed: 1) {
    Part("encoder") {
      Conv2d(1, 8, kernelSize: 3, padding: 1)
      ReLU()
      MaxPool2d(2)
      Flatten()
    }
    Part("classifier") { Linear(128, 2) }
  }
  let pixels = (0..<4096).map { i -> Float in
    let (image, row, column) = (i / 64, i / 8 % 8, i % 8)
    return Float(((image % 2 == 0 ? row : column) + image / 2) % 2)
  }
  let images = try device.tensor([64, 8, 8, 1], pixels)
  let labels = try device.labels((0..<64).map { Int32($0 % 2) })

  let train = try TrainingStep(network, Adam(learningRate: 1e-2))
  var losses: [Float] = []
  for step in 0..<60 {
    let loss = try train { mode in try crossEntropy(network(images, mode), labels: labels) }
    if step % 10 == 0 { losses.append(try loss.item()) }
  }
  return losses
}
