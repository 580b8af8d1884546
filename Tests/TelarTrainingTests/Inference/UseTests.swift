import Foundation
import TelarData
import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

@Suite("Networks in use")
struct UseTests {
  let fixture: CheckpointFixture
  init() throws { fixture = try CheckpointFixture() }

  /// Image i has class i mod 10: rows 2c and 2c + 1 are bright, the rest is dark.
  private func images(_ count: Int) -> LabelledImages {
    let labels = (0..<count).map { UInt16($0 % 10) }
    let pixels = labels.flatMap { label in (0..<784).map { UInt8($0 / 56 == Int(label) ? 255 : 51) } }
    return LabelledImages(count: count, height: 28, width: 28, pixels: pixels, labels: labels)
  }

  private func greyImages(_ count: Int) -> [NamedImage] {
    let set = images(count)
    return (0..<count).map { index in
      NamedImage(
        name: "\(index)", height: 28, width: 28, pixels: Array(set.pixels[(index * 784)..<((index + 1) * 784)]))
    }
  }

  /// More images than fit a batch, on every device.
  @Test(arguments: TestDevices.all) func `a classifier is measured`(_ on: TestDevice) throws {
    let checkpoint = try fixture.writeClassifier()
    var set = images(1_203)
    // Three of the zeros are called ones.
    var labels = set.labels
    for index in [0, 600, 1_200] { labels[index] = 1 }
    set = LabelledImages(count: 1_203, height: 28, width: 28, pixels: set.pixels, labels: labels)
    try on.use { device in
      let evaluation = try TrainedNetwork(checkpoint, on: device).evaluate(set)
      #expect(evaluation.imageCount == 1_203)
      var expected = (0..<10).map { c in (0..<10).map { $0 == c ? (c < 3 ? 121 : 120) : 0 } }
      expected[0][0] -= 3
      expected[1][0] += 3
      #expect(evaluation.confusion == expected)
      #expect(evaluation.accuracy == 1_200.0 / 1_203)
      #expect(evaluation.scores?.recalls == [1, 121.0 / 124] + [Double](repeating: 1, count: 8))
      let (recall, precision) = ((121.0 / 124 + 9) / 10, (118.0 / 121 + 9) / 10)
      let (balanced, macro) = (evaluation.metrics[.balancedAccuracy]!, evaluation.metrics[.macroPrecision]!)
      #expect(abs(balanced - recall) < 1e-12)
      #expect(abs(macro - precision) < 1e-12)
      #expect(Set(evaluation.metrics.keys) == [.balancedAccuracy, .macroPrecision, .macroRecall, .macroF1])
      // The three ones are no zeros, and all other logits are equal: 1 is the first of them.
      let top = try TrainedNetwork(checkpoint, on: device).evaluate(set, top: 2)
      #expect(top.metrics[.topAccuracy(2)] == 1)
      // Logits are 1 for the bright row and 0.2 for the others.
      let sum = exp(1.0) + 9 * exp(0.2)
      let loss = (1_200 * (log(sum) - 1) + 3 * (log(sum) - 0.2)) / 1_203
      #expect(abs(evaluation.loss - loss) < 1e-5)
    }
  }

  @Test func `a class without images has no recall`() {
    let evaluation = Evaluation(imageCount: 4, loss: 0, confusion: [[1, 3], [0, 0]])
    #expect(evaluation.scores?.recalls == [0.25, nil] && evaluation.accuracy == 0.25)
    #expect(Evaluation(imageCount: 4, loss: 0).accuracy == nil)
  }

  @Test func `an autoencoder is measured on normalised pixels`() throws {
    let normalization = Normalization(mean: 0.5, deviation: 0.25)
    let info = CheckpointInfo(loss: .reconstruction, normalization: normalization)
    // Half of the input comes out.
    let checkpoint = try fixture.writeAutoencoder(info, weight: 0.5)
    try TestDevices.cpu.use { device in
      let network = try TrainedNetwork(checkpoint, on: device)
      let evaluation = try network.evaluate(images(20))
      // 56 pixels are (1 − 0.5) / 0.25 = 2, the others (0.2 − 0.5) / 0.25 = −1.2.
      let expected = (56 * 1.0 + 728 * 0.36) / 784
      #expect(abs(evaluation.loss - expected) < 1e-6 && evaluation.confusion == nil)
      // Of pixels: a quarter of the deviation squared.
      let psnr = -10 * log10(expected / 16)
      #expect(abs(evaluation.metrics[.psnr]! - psnr) < 1e-4)
      let image = images(20).pixels.prefix(784).map { Double($0) / 255 }
      let similarity = Oracle.structuralSimilarity(
        image, image.map { 0.5 * $0 + 0.25 }, height: 28, width: 28, channels: 1)
      let one = try network.evaluate(images(1))
      #expect(abs(one.metrics[.ssim]! - similarity) < 1e-5)

      let reconstruction = try network.reconstruct(greyImages(3))[2]
      #expect(abs(reconstruction.meanSquaredError - expected) < 1e-6)
      // Half of 2 is 1 and stands for 0.75; half of −1.2 for 0.35.
      #expect(abs(reconstruction.pixels[2 * 56] - 0.75) < 1e-6 && abs(reconstruction.pixels[0] - 0.35) < 1e-6)
    }
  }

  @Test func `greys beyond black and white are cut`() throws {
    let checkpoint = try fixture.writeAutoencoder(weight: 3)
    try TestDevices.cpu.use { device in
      let network = try TrainedNetwork(checkpoint, on: device)
      let images = greyImages(1)
      let reconstructions = try network.reconstruct(images)
      #expect(reconstructions[0].pixels[0] == 1 && abs(reconstructions[0].pixels[783] - 0.6) < 1e-6)
      let grid = ImageGrid(of: images, reconstructions, by: network, columnNames: ["zero"], title: "t")
      #expect(grid.columnNames == ["zero"] && grid.rows.map(\.name) == ["original", "reconstruction"])
      #expect(grid.rows[0].images == [images[0].pixels.map { Float($0) / 255 }])
      #expect(grid.rows[1].images == [reconstructions[0].pixels])
    }
  }

  @Test func `probabilities are a softmax, the most probable first`() throws {
    let checkpoint = try fixture.writeClassifier(scale: 10)
    try TestDevices.cpu.use { device in
      let predictions = try TrainedNetwork(checkpoint, on: device).predict(greyImages(12))
      #expect(predictions.count == 12 && predictions.allSatisfy(\.isFinite))
      let top = predictions[11].top(3)
      // Of the nine that are alike the first come first.
      #expect(top.map(\.label) == [1, 0, 2])
      let sum = exp(10.0) + 9 * exp(2.0)
      #expect(abs(top[0].probability - exp(10) / sum) < 1e-5 && abs(top[1].probability - exp(2) / sum) < 1e-5)
      #expect(abs(predictions[11].probabilities.reduce(0, +) - 1) < 1e-12)
      #expect(predictions[0].top(99).count == 10)
    }
  }

  @Test func `outputs that are large or not finite are told`() throws {
    try TestDevices.cpu.use { device in
      let large = try TrainedNetwork(fixture.writeClassifier(scale: 1e30), on: device).predict(greyImages(1))
      #expect(large[0].top(1)[0] == (0, 1) && large[0].isFinite)
      let broken = try TrainedNetwork(fixture.writeClassifier(scale: .nan), on: device)
      #expect(try !broken.predict(greyImages(1))[0].isFinite)
      #expect(try !broken.evaluate(images(10)).loss.isFinite)
    }
  }

  @Test func `images that do not fit the network are refused`() throws {
    try TestDevices.cpu.use { device in
      let network = try TrainedNetwork(fixture.writeClassifier(), on: device)
      let small = LabelledImages(count: 1, height: 2, width: 2, pixels: [0, 0, 0, 0], labels: [0])
      let size = #expect(throws: SafetensorsError.self) { try network.evaluate(small) }
      #expect(size?.problem == "takes images of 28×28, and these are 2×2")
      let wide = NamedImage(name: "wide", height: 2, width: 3, pixels: [0, 0, 0, 0, 0, 0])
      let other = #expect(throws: SafetensorsError.self) { try network.predict([wide]) }
      #expect(other?.problem == "takes images of 28×28, and these are 2×3")
      #expect(throws: SafetensorsError.self) { try network.reconstruct(greyImages(1)) }
      let set = images(1)
      let eleventh = LabelledImages(count: 1, height: 28, width: 28, pixels: set.pixels, labels: [10])
      let label = #expect(throws: SafetensorsError.self) { try network.evaluate(eleventh) }
      #expect(label?.problem == "tells 10 classes, and the images have labels up to 10")
    }
  }
}
