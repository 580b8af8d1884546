import Foundation
import TelarData
import TelarNN
import TelarTraining
import Tensors
import TestSupport
import Testing

@Suite("Augmentation")
struct AugmentationTests {
  private static let everything: Augmentation = {
    var augmentation = Augmentation()
    (augmentation.crop, augmentation.horizontalFlip, augmentation.verticalFlip) = (4, 0.5, 0.25)
    (augmentation.shift, augmentation.rotation, augmentation.scale) = (0.1, 20, 0.2)
    (augmentation.brightness, augmentation.contrast, augmentation.cutout) = (0.3, 0.4, 8)
    (augmentation.noise, augmentation.fill) = (0.1, 0.25)
    return augmentation
  }()

  private func images(_ count: Int) -> LabelledImages {
    let labels = (0..<count).map { UInt16($0 % 10) }
    let pixels = (0..<count * 784).map { UInt8(truncatingIfNeeded: ($0 / 784 + 1) * ($0 % 784 + 3) * 2_654_435 >> 11) }
    return LabelledImages(count: count, height: 28, width: 28, pixels: pixels, labels: labels)
  }

  private func trainer(
    on device: any Device, _ augmentation: Augmentation?, loss: Loss = .classification, batchSize: Int = 10,
    epochs: Int = 2, rate: Double = 0.01
  ) throws -> Trainer {
    let network = try Network(on: device, inputShape: [28, 28, 1], seed: 3) {
      Part("encoder") {
        Flatten()
        Linear(784, loss == .classification ? 10 : 784)
      }
      if loss == .reconstruction { Part("decoder") { Unflatten(channels: 1, height: 28, width: 28) } }
    }
    var options = TrainingOptions()
    options.augmentation = augmentation
    let sets = try Trainer.Images(training: images(35), validation: images(10), curveCount: 10, on: device)
    return try Trainer(
      "test", network, sets,
      TrainingSettings(
        loss: loss, optimizer: SGD(learningRate: rate), batchSize: batchSize, epochs: epochs,
        options: options, seed: 5))
  }

  @Test func `what is drawn follows from seed, epoch and image, and differs between them`() {
    func change(_ image: Int, seed: UInt64 = 1, epoch: Int = 1) -> ImageChange {
      Self.everything.change(of: image, height: 28, width: 28, seed: seed, epoch: epoch)
    }
    #expect(change(7) == change(7))
    let changes =
      (0..<100).map { change($0) } + (0..<100).map { change($0, epoch: 2) }
      + (0..<100).map { change($0, seed: 2) }
    #expect(Set(changes).count == 300)
  }

  @Test func `each change has numbers of its own`() {
    var some = Augmentation()
    some.horizontalFlip = 0.5
    var more = some
    more.cutout = 5
    more.brightness = 0.5
    for image in 0..<50 {
      let a = some.change(of: image, height: 28, width: 28, seed: 1, epoch: 1)
      let b = more.change(of: image, height: 28, width: 28, seed: 1, epoch: 1)
      #expect(a.column == b.column && a.row == b.row && a.noiseKey == b.noiseKey && a.factor != b.factor)
    }
  }

  @Test func `drawn numbers fill their ranges evenly`() {
    let count = 4000
    var augmentation = Augmentation()
    (augmentation.crop, augmentation.horizontalFlip, augmentation.cutout) = (2, 0.25, 4)
    let changes = (0..<count).map { augmentation.change(of: $0, height: 10, width: 20, seed: 9, epoch: 3) }
    let flipped = changes.filter { $0.column[0] == -1 }
    #expect(abs(Double(flipped.count) / Double(count) - 0.25) < 0.03)
    for change in changes {
      let first = change.column[0] == -1 ? change.column[2] - 19 : change.column[2]
      #expect([-2, -1, 0, 1, 2].contains(first) && [-2, -1, 0, 1, 2].contains(change.row[2]))
      #expect(change.row[0] == 0 && change.row[1] == 1 && (change.factor, change.term) == (1, 0))
      #expect(1...4 ~= change.erasedRows.count && change.erasedRows.upperBound <= 10)
      #expect(1...4 ~= change.erasedColumns.count && change.erasedColumns.upperBound <= 20)
    }
    for offset: Float in [-2, -1, 0, 1, 2] {
      let share = Double(changes.count { $0.row[2] == offset }) / Double(count)
      #expect(abs(share - 0.2) < 0.03)
    }
    var affine = Augmentation()
    (affine.rotation, affine.scale, affine.brightness, affine.contrast) = (30, 0.2, 0.5, 0.25)
    let turned = (0..<count).map { affine.change(of: $0, height: 11, width: 21, seed: 9, epoch: 3) }
    let angles = turned.map { atan2(Double($0.row[0]), Double($0.column[0])) * 180 / .pi }
    #expect(angles.allSatisfy { abs($0) <= 30.01 } && angles.max()! > 29 && angles.min()! < -29)
    let sizes = turned.map { 1 / hypot(Double($0.row[0]), Double($0.column[0])) }
    #expect(sizes.allSatisfy { 0.799...1.201 ~= $0 } && sizes.max()! > 1.19 && sizes.min()! < 0.81)
    for change in turned {
      // The middle stays where it is, and mid-grey is only multiplied.
      let middle: SIMD3<Float> = [10, 5, 1]
      let place = ((change.column * middle).sum(), (change.row * middle).sum())
      #expect(abs(place.0 - 10) < 1e-4 && abs(place.1 - 5) < 1e-4)
      let grey: Float = change.factor + change.term / 127.5
      #expect(grey >= 0.499 && grey <= 1.501)
    }
  }

  @Test(arguments: TestDevices.all)
  func `batches of any size have the same images`(on device: TestDevice) throws {
    try device.use { device in
      // Without training, the loss of an epoch depends on the images alone.
      var whole: Double?
      for batchSize in [35, 10, 1] {
        let trainer = try trainer(on: device, Self.everything, batchSize: batchSize, epochs: 1, rate: 1e-30)
        let loss = try trainer.runEpoch().trainingLoss
        if let whole { #expect(abs(loss - whole) < 1e-4 * abs(whole)) }
        whole = whole ?? loss
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func `a resumed run has the bits of one that was not stopped`(on device: TestDevice) throws {
    try device.use { device in
      let straight = try trainer(on: device, Self.everything)
      let first = try straight.runEpoch(), second = try straight.runEpoch()
      let stopped = try trainer(on: device, Self.everything)
      try stopped.runEpoch()
      var steps = 0
      #expect(throws: TrainingPaused.self) {
        try stopped.runEpoch {
          steps += 1
          return steps > 2
        }
      }
      var writer = SafetensorsWriter()
      try stopped.add(to: &writer)
      let folder = try TemporaryFolder()
      let path = try folder.write("state.safetensors", writer.bytes)
      let resumed = try trainer(on: device, Self.everything)
      try resumed.load(from: SafetensorsFile(path))
      let last = try resumed.runEpoch()
      #expect(last.trainingLoss == second.trainingLoss && last.validationLoss == second.validationLoss)
      #expect(first.trainingLoss != second.trainingLoss)
    }
  }

  @Test(arguments: TestDevices.all)
  func `only training images change, and an autoencoder's target has no noise`(on device: TestDevice) throws {
    try device.use { device in
      var noise = Augmentation()
      noise.noise = 0.5
      let plain = try trainer(on: device, nil, loss: .reconstruction)
      let noisy = try trainer(on: device, noise, loss: .reconstruction, batchSize: 35, epochs: 1, rate: 1e-30)
      #expect(try plain.measure(plain.images.validation) == noisy.measure(noisy.images.validation))
      #expect(try plain.measure(plain.images.curve) == noisy.measure(noisy.images.curve))
      let augmenter = try Augmenter(noise, of: noisy.images.training, seed: 5, on: device)
      try augmenter.begin(epoch: 1)
      let batch = try noisy.images.training.batch(at: 0, count: 35, by: augmenter)
      let (clean, inputs) = (try batch.images.values(), try batch.inputs.values())
      #expect(try clean == noisy.images.training.batch(at: 0, count: 35).images.values())
      let variance = zip(clean, inputs).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) } / Double(clean.count)
      #expect(abs(variance - 0.25) < 0.01)
      let expected = try Double(meanSquaredError(noisy.network(batch.inputs), batch.images).item())
      #expect(abs(try noisy.runEpoch().trainingLoss - expected) < 1e-5 * expected)
    }
  }

  @Test func `settings without augmentation are recorded as before`() {
    var settings = TrainingSettings(loss: .reconstruction)
    #expect(settings.json["augmentation"] == nil)
    settings.options.augmentation = Self.everything
    #expect(settings.json["augmentation"]?.text.hasPrefix(#"{"crop":4,"cutout":8,"horizontal_flip":0.5"#) == true)
  }
}
