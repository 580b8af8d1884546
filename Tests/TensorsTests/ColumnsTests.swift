import Tensors
import TestSupport
import Testing

/// Tensors side by side in their channels.
@Suite struct ColumnsTests {
  @Test(arguments: TestDevices.all)
  func `channels stand side by side, and gradients find their ways back`(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, (leading, counts)) in [
        ([1], [1, 1]), ([3], [5, 2, 9]), ([2, 3, 4], [3, 16]), ([10, 7, 7], [1, 8, 33]),
      ].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let inputs = counts.map { random.integers(leading + [$0]) }
        let all = counts.reduce(0, +), rows = leading.reduce(1, *)
        var expected = OracleTensor(zeros: leading + [all])
        for r in 0..<rows {
          var place = r * all
          for (input, count) in zip(inputs, counts) {
            for c in 0..<count {
              expected.values[place] = input.values[r * count + c]
              place += 1
            }
          }
        }
        let weights = random.integers(leading + [all])
        let test = TestCase(device, "concatenation of \(counts) in \(leading)", seed: random.seed)
        let canaries = Canaries(on: device)
        let tensors = try inputs.map { try canaries.tensor($0) }
        let result = try gradients(of: tensors, for: canaries.tensor(weights)) { try concatenate(tensors) }
        try expectClose(result.y, expected, .exact, test)
        var first = 0
        for (index, count) in counts.enumerated() {
          let slice = (0..<rows).flatMap { r in (0..<count).map { weights.values[r * all + first + $0] } }
          try expectClose(result.inputs[index]!, OracleTensor(leading + [count], slice), .exact, test)
          first += count
        }
        try canaries.check(test)
      }
      #expect(throws: ShapeError.self) { try concatenate([device.zeros([2, 3]), device.zeros([3, 3])]) }
    }
  }

  @Test(arguments: TestDevices.all)
  func `a moving average goes its share of the way`(_ on: TestDevice) throws {
    try on.use { device in
      for count in [1, 7, 1000] {
        var random = SeededGenerator(seed: UInt64(count))
        let (x, old) = (random.integers([count]), random.integers([count]))
        let canaries = Canaries(on: device)
        let average = try canaries.tensor(old)
        try updateMovingAverage(average, by: canaries.tensor(x), share: 0.25)
        let test = TestCase(device, "moving average of \(count)", seed: random.seed)
        try expectClose(average, old.combined(with: x) { $0 + ($1 - $0) / 4 }, .exact, test)
        try canaries.check(test)
      }
    }
  }
}
