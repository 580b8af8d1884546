import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarTraining
import TestSupport
import Testing

/// Schedules against rates that PyTorch 2.13's have in double precision.
@Suite struct ScheduleTests {
  /// The rates of all steps of four epochs of five.
  private func rates(_ shape: some ScheduleShape) -> [Double] {
    let schedule = LearningRateSchedule(shape)
    return (0..<20).map { schedule.rate(0.1, step: $0, stepsPerEpoch: 5, epochs: 4) }
  }

  private func isClose(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-14 }
  }

  @Test func `one cycle has the rates of OneCycleLR`() {
    #expect(
      isClose(
        rates(.oneCycle),
        [
          0.0040000000000000036, 0.013167184270002533, 0.037167184270002526, 0.06683281572999747, 0.09083281572999748,
          0.1, 0.09874640062350874, 0.09504846320134738, 0.089091617757105, 0.0811745653949763, 0.07169430017913009,
          0.06112620219362893, 0.0500002, 0.03887419780637107, 0.028306099820869922, 0.0188258346050237,
          0.010908782242895003, 0.004951936798652629, 0.0012539993764912555, 4e-07,
        ]))
    #expect(
      isClose(
        rates(OneCycleShape(risingShare: 0.4, annealing: .linear, divFactor: 10, finalDivFactor: 100)),
        [
          0.01, 0.02285714285714286, 0.03571428571428572, 0.04857142857142858, 0.06142857142857144,
          0.07428571428571429, 0.08714285714285715, 0.1, 0.091675, 0.08335000000000001, 0.07502500000000001,
          0.06670000000000001, 0.058375, 0.050050000000000004, 0.041725, 0.03340000000000001, 0.025075, 0.01675,
          0.008425000000000002, 0.00010000000000000286,
        ]))
    #expect(
      isClose(
        rates(OneCycleShape(isThreePhase: true)),
        [
          0.0040000000000000036, 0.013167184270002533, 0.037167184270002526, 0.06683281572999747, 0.09083281572999748,
          0.1, 0.09083281572999748, 0.06683281572999747, 0.037167184270002526, 0.013167184270002527, 0.004,
          0.003879397303047659, 0.0035321356773493316, 0.0030001, 0.0023474616256983273, 0.0016529383743016728,
          0.0010003000000000004, 0.000468264322650668, 0.00012100269695234054, 4e-07,
        ]))
    #expect(isClose(Array(rates(OneCycleShape(risingShare: 0)).prefix(2)), [0.09938441949208877, 0.09755283560345443]))
  }

  @Test func `one cycle of few steps has rates too`() {
    for steps in 1...4 {
      for share in [0, 0.25, 0.3, 0.5] {
        let shape = OneCycleShape(risingShare: share, isThreePhase: share > 0.4)
        let rates = (0...steps).map { shape.rate(0.1, step: $0, stepsPerEpoch: steps, epochs: 1) }
        #expect(rates.allSatisfy { 0 < $0 && $0 <= 0.1 + 1e-12 }, "\(rates)")
      }
    }
  }

  @Test func `exponential has the rates of ExponentialLR`() {
    let expected = [0.1, 0.09, 0.081, 0.0729]
    #expect(isClose(rates(.exponential(gamma: 0.9)), expected.flatMap { [Double](repeating: $0, count: 5) }))
  }

  @Test func `a plateau has the rates of ReduceLROnPlateau`() {
    let losses = [
      1.0, 0.9, 0.89995, 0.9, 0.91, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4996, 0.3, 0.31, 0.32, 0.33, 0.34, 0.2999, 0.31, 0.31,
      0.31,
    ]
    func rates(_ shape: PlateauShape) -> [Double] {
      #expect(shape.base(0.1, after: []) == 0.1)
      return losses.indices.map { shape.base(0.1, after: Array(losses[...$0])) }
    }
    func runs(_ runs: [(rate: Double, count: Int)]) -> [Double] {
      runs.flatMap { [Double](repeating: $0.rate, count: $0.count) }
    }
    #expect(
      isClose(
        rates(.plateau(patience: 1)),
        runs([(0.1, 3), (0.01, 4), (0.001, 2), (1e-4, 4), (1e-5, 2), (1e-6, 3), (1e-7, 2)])))
    #expect(
      isClose(
        rates(PlateauShape(factor: 0.5, patience: 0, cooldown: 2)),
        runs([
          (0.1, 2), (0.05, 4), (0.025, 3), (0.0125, 3), (0.00625, 3), (0.003125, 3), (0.0015625, 2),
        ])))
    #expect(
      isClose(
        Array(rates(PlateauShape(factor: 0.5, patience: 0, threshold: 0.05, thresholdMode: .absolute)).prefix(8)),
        [0.1, 0.1, 0.05, 0.025, 0.0125, 0.0125, 0.00625, 0.003125]))
    #expect(
      isClose(
        rates(PlateauShape(factor: 0.3, patience: 1, minimum: 0.02, epsilon: 0.005)),
        runs([(0.1, 3), (0.03, 4), (0.02, 13)])))
    #expect(
      isClose(
        rates(PlateauShape(factor: 0.5, patience: 2, threshold: 0)),
        runs([(0.1, 8), (0.05, 6), (0.025, 5), (0.0125, 1)])))
  }

  @Test func `settings that make no sense are named`() {
    func error(_ type: any ScheduleShape.Type, _ members: JSON.Members) -> AttributeError? {
      var reader = AttributeReader(members, place: "schedule")
      return #expect(throws: AttributeError.self) { _ = try type.init(attributes: &reader) }
    }
    #expect(error(OneCycleShape.self, ["anneal_strategy": .string("cosh")])?.keyword == "anneal_strategy")
    #expect(
      error(OneCycleShape.self, ["pct_start": .number(0.6), "three_phase": .boolean(true)])?.keyword == "pct_start")
    #expect(error(OneCycleShape.self, ["pct_start": .number(1)])?.keyword == "pct_start")
    #expect(error(PlateauShape.self, ["threshold_mode": .string("best")])?.keyword == "threshold_mode")
    #expect(error(PlateauShape.self, ["threshold": .number(1)])?.keyword == "threshold")
    #expect(error(PlateauShape.self, ["factor": .number(1)])?.keyword == "factor")
    #expect(error(ExponentialShape.self, [:])?.problem.contains("gamma is missing") == true)
  }

  @Test func `a plateau lowers the rate of a run, and of one that is resumed alike`() throws {
    try TestDevices.cpu.use { device in
      // Validation labels that are shifted by one: training makes their loss worse.
      func images(_ count: Int, shift: Int) -> LabelledImages {
        let pixels = (0..<count).flatMap { image in (0..<784).map { UInt8($0 / 28 == 2 * (image % 10) ? 200 : 10) } }
        let labels = (0..<count).map { UInt16(($0 + shift) % 10) }
        return LabelledImages(count: count, height: 28, width: 28, pixels: pixels, labels: labels)
      }
      let sets = try Trainer.Images(
        training: images(40, shift: 0), validation: images(20, shift: 1), curveCount: 10, on: device)
      func trainer() throws -> Trainer {
        let network = try Network(on: device, inputShape: [28, 28, 1], seed: 3) {
          Part("classifier") {
            Flatten()
            Linear(784, 10)
          }
        }
        return try Trainer(
          "test", network, sets,
          TrainingSettings(
            loss: .classification, optimizer: Adam(learningRate: 0.01),
            schedule: .init(.plateau(factor: 0.5, patience: 1)), batchSize: 10, epochs: 7))
      }
      let whole = try trainer()
      var saved = SafetensorsWriter()
      while !whole.isFinished {
        try whole.runEpoch()
        if whole.history.count == 4 { try whole.add(to: &saved) }
      }
      let rates = whole.history.map(\.learningRate)
      let losses = whole.history.map(\.validationLoss)
      #expect(rates[0] == 0.01 && rates[6] < 0.005)
      for epoch in 1..<7 {
        #expect(rates[epoch] == PlateauShape(factor: 0.5, patience: 1).base(0.01, after: Array(losses.prefix(epoch))))
      }
      let folder = try TemporaryFolder()
      let path = folder.path + "/state.safetensors"
      try Data(saved.bytes).write(to: URL(fileURLWithPath: path))
      let resumed = try trainer()
      try resumed.load(from: SafetensorsFile(path))
      while !resumed.isFinished { try resumed.runEpoch() }
      #expect(resumed.history.map(\.learningRate) == rates)
      #expect(resumed.history.map(\.validationLoss) == losses)
    }
  }
}
