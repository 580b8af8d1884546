import Foundation
import Telar
import TestSupport
import Testing

/// The callback of the documentation, used from another package.
@Suite struct CallbackTests {
  /// Images of class c have a bright row at c; four classes.
  private func images(_ count: Int) -> LabelledImages {
    let labels = (0..<count).map { UInt16($0 % 4) }
    let pixels = labels.flatMap { label in (0..<64).map { UInt8($0 / 8 == Int(label) ? 200 : 10) } }
    return LabelledImages(count: count, height: 8, width: 8, pixels: pixels, labels: labels)
  }

  private func trainer(_ device: any Device, learningRate: Double = 1e-2) throws -> Trainer {
    let network = try Network(on: device, inputShape: [8, 8, 1], seed: 3) {
      Part("classifier") {
        Flatten()
        Linear(64, 4)
      }
    }
    let sets = try Trainer.Images(training: images(200), validation: images(40), curveCount: 20, on: device)
    let settings = TrainingSettings(
      loss: .classification, optimizer: Adam(learningRate: learningRate), batchSize: 1, epochs: 30)
    return try Trainer("test", network, sets, settings)
  }

  @Test func aRunEndsWhenItHasReachedItsTarget() throws {
    try TestDevices.cpu.use { device in
      let trainer = try trainer(device)
      try trainer.train([Target(accuracy: 1)])
      #expect(trainer.isFinished && trainer.isStopped && trainer.history.count < 30)
      #expect(trainer.history.dropLast().allSatisfy { $0.validationAccuracy! < 1 })
      #expect(trainer.history.last?.validationAccuracy == 1)
    }
  }

  @Test func aRunEndsWhenItsLossRises() throws {
    try TestDevices.cpu.use { device in
      let folder = try TemporaryFolder()
      let trainer = try trainer(device, learningRate: 1e8)
      let run = TrainingRun(trainer, in: RunFolder(folder.path), callbacks: [Target(accuracy: 2), Rises()])
      try run.begin()
      try run.train()
      #expect(trainer.isStopped && trainer.history.count == 1)
      #expect(folder.contents().contains("last.safetensors"))
    }
  }

  @Test func theDocumentationShowsIt() throws {
    func lines(_ path: String) throws -> [String] {
      try String(contentsOf: URL(fileURLWithPath: #filePath + path).standardized, encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let source = try lines(""), page = try lines("/../../../Sources/Telar/Telar.docc/Extending.md")
    let end = try #require(source.firstIndex(of: "// The end of the example."))
    let start = try #require(source.firstIndex(of: "final class Target: TrainingCallback {"))
    let first = try #require(page.firstIndex(of: source[start]))
    #expect(Array(page[first...].prefix(end - start - 1)) == Array(source[start..<(end - 1)]))
  }
}

/// Ends a run when validation has reached an accuracy, or when the loss of a step is far above the one before.
final class Target: TrainingCallback {
  private let accuracy: Double
  private var lastLoss: Double?
  init(accuracy: Double) { self.accuracy = accuracy }

  var observesSteps: Bool { true }

  func stepEnded(_ step: Trainer.Step, of trainer: Trainer) throws -> TrainingDecision {
    guard step.number % 100 == 0 else { return .proceed }
    let loss = try step.loss()  // waits for the device, so not in every step
    defer { lastLoss = loss }
    return loss > 10 * (lastLoss ?? .infinity) ? .stop : .proceed
  }

  func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) -> TrainingDecision {
    (metrics.validationAccuracy ?? 0) >= accuracy ? .stop : .proceed
  }
}

// The end of the example.

/// Ends a run at its second step.
private final class Rises: TrainingCallback {
  var observesSteps: Bool { true }

  func stepEnded(_ step: Trainer.Step, of trainer: Trainer) -> TrainingDecision {
    step.number == 2 ? .stop : .proceed
  }
}
