import Foundation
import Tensors
import TestSupport
import Testing

/// Cross entropy and mean squared error with their gradients, and the metrics that gather them.
@Suite struct LossTests {
  @Test(arguments: TestDevices.all)
  func crossEntropyMatchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      let shapes = [(1, 1), (1, 2), (2, 10), (100, 10), (257, 7), (333, 33), (1000, 17)]
      for (seed, (rows, columns)) in shapes.enumerated() {
        for scale in [1.0, 10, 60] {
          var random = SeededGenerator(seed: UInt64(seed))
          let x = random.gaussians([rows, columns], scale: scale)
          let labels = (0..<rows).map { _ in Int32.random(in: 0..<Int32(columns), using: &random) }
          let expected = Oracle.crossEntropy(x, labels: labels)
          let test = TestCase(device, "crossEntropy of \(rows)×\(columns), scale \(scale)", seed: random.seed)
          let canaries = Canaries(on: device)
          let logits = try canaries.tensor(x)
          let result = try gradient(of: logits) { try crossEntropy(logits, labels: canaries.labels(labels)) }
          let bound = Tolerance.within(absolute: 1e-6, relative: 1e-6)
          try expectClose(result.y, expected.loss, bound, test)
          try expectClose(
            result.dx, expected.gradient, .within(absolute: 1e-6 / Double(rows), relative: 2e-6), test)
          // Without a tape, and with a gradient that is not one.
          try expectClose(crossEntropy(canaries.tensor(x), labels: canaries.labels(labels)), expected.loss, bound, test)
          let half = try gradient(of: logits, for: canaries.tensor(OracleTensor([1], [0.5]))) {
            try crossEntropy(logits, labels: canaries.labels(labels))
          }
          try expectClose(
            half.dx, expected.gradient.map { $0 / 2 }, .within(absolute: 1e-6 / Double(rows), relative: 2e-6), test)
          try canaries.check(test)
        }
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func crossEntropyOfSpecialValues(_ on: TestDevice) throws {
    try on.use { device in
      func loss(_ x: [Float], _ label: Int32) throws -> Float {
        try crossEntropy(device.tensor([1, x.count], x), labels: device.labels([label])).item()
      }
      try #expect(loss([1000, 0, -1000], 0) == 0)
      try #expect(loss([1000, 0, -1000], 2) == 2000)
      try #expect(loss([0, -.infinity, 0], 1) == .infinity)
      try #expect(loss([0, .nan, 0], 0).isNaN)
      try #expect(loss([0, .infinity, 0], 0).isNaN)
      // A label that there is no class for must not read or write elsewhere.
      try #expect(loss([0, 1, 2], 3).isNaN)
      try #expect(loss([0, 1, 2], -1).isNaN)
    }
  }

  @Test(arguments: TestDevices.all)
  func meanSquaredErrorMatchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, shape) in [[1], [7], [2, 3, 5], [16, 16], [10, 7, 7, 3], [100, 28, 28, 1]].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let (p, t) = (random.gaussians(shape), random.gaussians(shape))
        let expected = Oracle.meanSquaredError(p, t)
        let test = TestCase(device, "meanSquaredError of \(shape)", seed: random.seed)
        let canaries = Canaries(on: device)
        let (prediction, target) = try (canaries.tensor(p), canaries.tensor(t))
        let result = try gradients(of: [prediction, target]) { try meanSquaredError(prediction, target) }
        let bound = Tolerance.within(absolute: 0, relative: 1e-6)
        try expectClose(result.y, expected.loss, bound, test)
        let tight = Tolerance.within(absolute: 1e-6 / Double(p.count), relative: 1e-6)
        try expectClose(result.inputs[0]!, expected.gradient, tight, test)
        try expectClose(result.inputs[1]!, expected.gradient.map { -$0 }, tight, test)
        let third = try gradient(of: prediction, for: canaries.tensor(OracleTensor([1], [3]))) {
          try meanSquaredError(prediction, canaries.tensor(t))
        }
        try expectClose(third.dx, expected.gradient.map { 3 * $0 }, .within(absolute: 1e-7, relative: 1e-6), test)
        try expectClose(meanSquaredError(canaries.tensor(p), canaries.tensor(t)), expected.loss, bound, test)
        try canaries.check(test)
      }
    }
  }

  /// A loss costs two launches, gradient included.
  @Test func lossesAreTwoLaunches() throws {
    try TestDevices.cpu.use { device in
      let logits = try device.filled([100, 10], with: 1)
      let labels = try device.labels([Int32](repeating: 3, count: 100))
      var before = device.counters.launches
      _ = try gradient(of: logits) { try crossEntropy(logits, labels: labels) }
      #expect(device.counters.launches - before == 2)
      let images = try device.filled([100, 28, 28, 1], with: 1)
      before = device.counters.launches
      _ = try gradient(of: images) { try meanSquaredError(images, device.zeros([100, 28, 28, 1])) }
      #expect(device.counters.launches - before == 2)
    }
  }

  @Test(arguments: TestDevices.all)
  func metricsGatherOverBatches(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 11)
      let canaries = Canaries(on: device)
      let metrics = try RunningMetrics(on: canaries)
      #expect(try metrics.values().loss.isNaN)
      var (loss, hits, examples) = (0.0, 0, 0)
      for rows in [100, 100, 37] {
        let x = random.gaussians([rows, 10])
        let labels = (0..<rows).map { _ in Int32.random(in: 0..<10, using: &random) }
        _ = try crossEntropy(canaries.tensor(x), labels: canaries.labels(labels), metrics: metrics)
        loss += Oracle.crossEntropy(x, labels: labels).loss.values[0] * Double(rows)
        hits += (0..<rows).count { Oracle.argMax(Array(x.values[$0 * 10..<$0 * 10 + 10])) == Int(labels[$0]) }
        examples += rows
      }
      var values = try metrics.values()
      #expect(abs(values.loss - loss / Double(examples)) <= 1e-6 * values.loss)
      #expect(values.correct == hits && values.examples == examples)
      #expect(values.accuracy == Double(hits) / Double(examples))

      // Many small losses on top of a large one: a plain sum would lose them.
      try metrics.reset()
      let one = try canaries.tensor(OracleTensor([1, 1], [1]))
      _ = try meanSquaredError(one, canaries.tensor(OracleTensor([1, 1], [4097])), metrics: metrics)
      for _ in 0..<100 {
        _ = try meanSquaredError(one, canaries.tensor(OracleTensor([1, 1], [1.5])), metrics: metrics)
      }
      values = try metrics.values()
      #expect(values.examples == 101 && values.correct == 0)
      #expect(abs(values.loss * 101 - (4096.0 * 4096 + 25)) <= 1e-3)
      try canaries.check(TestCase(device, "metrics", seed: random.seed))
    }
  }

  @Test func refusesWrongShapes() throws {
    try TestDevices.cpu.use { device in
      #expect(throws: ShapeError("crossEntropy", "2 labels for logits of shape [3, 5]")) {
        try crossEntropy(device.zeros([3, 5]), labels: device.labels([0, 1]))
      }
      #expect(throws: ShapeError.self) { try crossEntropy(device.zeros([3, 5, 1]), labels: device.labels([0, 1, 2])) }
      #expect(throws: ShapeError.self) { try meanSquaredError(device.zeros([3, 5]), device.zeros([5, 3])) }
      #expect(throws: ShapeError.self) { try meanSquaredError(device.zeros([0, 5]), device.zeros([0, 5])) }
    }
  }
}
