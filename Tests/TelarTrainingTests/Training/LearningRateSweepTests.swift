import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarTraining
import TestSupport
import Testing

@Suite("Learning-rate range test")
struct LearningRateSweepTests {
  private func images(_ count: Int) -> LabelledImages {
    let labels = (0..<count).map { UInt16($0 % 4) }
    let pixels = labels.flatMap { label in (0..<64).map { UInt8($0 / 8 == Int(label) ? 200 : 10) } }
    return LabelledImages(count: count, height: 8, width: 8, pixels: pixels, labels: labels)
  }

  private func trainer(_ device: any Device, loss: Loss, _ optimizer: any Optimizer) throws -> Trainer {
    let sets = try Trainer.Images(training: images(45), validation: images(10), curveCount: 10, on: device)
    let settings = TrainingSettings(
      loss: loss, optimizer: optimizer, schedule: .init(.cosine(minimum: 0), warmUpEpochs: 2), batchSize: 10, epochs: 3,
      seed: 1)
    let network = try Network(on: device, inputShape: [8, 8, 1], seed: 3) {
      if loss == .classification {
        Part("classifier") {
          Flatten()
          Linear(64, 4)
        }
      } else {
        Part("net") { Conv2d(1, 1, kernelSize: 3, padding: 1) }
      }
    }
    return try Trainer("test", network, sets, settings)
  }

  @Test func `rates rise by the same ratio`() {
    let sweep = LearningRateSweep(minimum: 1e-5, maximum: 1e-1, steps: 5)
    for (step, rate) in [1e-5, 1e-4, 1e-3, 1e-2, 1e-1].enumerated() {
      #expect(abs(sweep.rate(step) / rate - 1) < 1e-12)
    }
  }

  /// fast.ai's `AvgSmoothLoss(beta=0.98)`, `lr_find` and `steep`, written down again.
  @Test func `smoothing, end and choice are fast ai's`() {
    let sweep = LearningRateSweep(minimum: 1e-4, maximum: 1, steps: 60)
    func expected(_ losses: [Double]) -> (smoothed: [Double], steepest: Int?) {
      var (value, count, best) = (0.0, 0, Double.infinity)
      var smoothed: [Double] = []
      for loss in losses {
        count += 1
        value = value * 0.98 + loss * (1 - 0.98)
        let corrected = value / (1 - pow(0.98, Double(count)))
        smoothed.append(corrected)
        if corrected < best { best = corrected }
        if corrected > 4 * best { break }
      }
      let range = 6..<max(6, smoothed.count - 5)
      guard range.count > 1 else { return (smoothed, nil) }
      let slopes = range.dropLast().map { index in
        (smoothed[index + 1] - smoothed[index]) / (log(sweep.rate(index + 1)) - log(sweep.rate(index)))
      }
      let steepest = slopes.firstIndex(of: slopes.min()!)!
      return (smoothed, slopes[steepest] < 0 ? 6 + steepest : nil)
    }
    let falling = (0..<60).map { 2 - 1.5 / (1 + exp(-Double($0 - 30) / 3)) + 0.05 * sin(Double($0)) }
    let diverging = (0..<60).map { $0 < 45 ? falling[$0] : falling[$0] * pow(3, Double($0 - 44)) }
    let rising = (0..<60).map { 1 + 0.01 * Double($0) }
    for (name, losses) in [("falling", falling), ("diverging", diverging), ("rising", rising)] {
      let (smoothed, steepest) = expected(losses)
      let result = sweep.result(of: losses)
      #expect(result.points.count == smoothed.count, "\(name)")
      #expect(zip(result.points, smoothed).allSatisfy { abs($0.smoothedLoss - $1) < 1e-12 }, "\(name)")
      #expect(result.points.map(\.loss) == Array(losses.prefix(smoothed.count)))
      #expect(result.steepest == steepest && result.hasDiverged == (name == "diverging"), "\(name)")
      #expect(result.suggestion == steepest.map(sweep.rate))
    }
    #expect(sweep.result(of: diverging).points.count < 60 && expected(rising).steepest == nil)
    // A loss that is not finite ends the test; few points suggest nothing.
    let broken = sweep.result(of: [2, 1, .nan, 1])
    #expect(broken.hasDiverged && broken.points.count == 3 && broken.suggestion == nil)
    #expect(sweep.result(of: [2, .infinity]).hasDiverged && sweep.result(of: []).points.isEmpty)
  }

  @Test(arguments: TestDevices.all, [Loss.classification, .reconstruction])
  func `each step is one of training at its rate`(_ on: TestDevice, loss: Loss) throws {
    let sweep = LearningRateSweep(minimum: 1e-4, maximum: 1e-2, steps: 12)
    try on.use { device in
      let result = try trainer(device, loss: loss, SGD(learningRate: 3, momentum: 0.9)).sweep(sweep)
      try #require(result.points.count == 12 && !result.hasDiverged)
      // The same steps by hand; five in an epoch, the last of five images.
      let other = try trainer(device, loss: loss, SGD())
      let step = try TrainingStep(other.network, SGD(learningRate: 3, momentum: 0.9), schedule: sweep.rate)
      let set = other.images.training
      for index in 0..<12 {
        if index % 5 == 0 { try set.arrange(Permutation(count: 45, seed: 1, epoch: index / 5 + 1)) }
        let batch = try set.batch(at: index % 5 * 10, count: min(10, 45 - index % 5 * 10))
        let value = try step { mode in
          try loss(other.network(batch.images, mode), images: batch.images, labels: batch.labels)
        }
        #expect(result.points[index].loss == Double(try value.item()), "step \(index) on \(on.name)")
      }
    }
  }

  @Test func `training that diverges ends the test`() throws {
    try TestDevices.cpu.use { device in
      let sweep = LearningRateSweep(minimum: 1e-3, maximum: 1e6, steps: 200)
      let result = try trainer(device, loss: .reconstruction, SGD()).sweep(sweep)
      #expect(result.hasDiverged && result.points.count < 200 && result.suggestion != nil)
      let last = try #require(result.points.last), least = result.points.map(\.smoothedLoss).min()!
      #expect(!(last.smoothedLoss <= 4 * least))
      #expect(result.points.dropLast().allSatisfy { $0.smoothedLoss <= 4 * least * 4 })
    }
  }
}
