import Foundation
import Tensors
import TestSupport
import Testing

/// Augmented batches on every device, against the oracle.
@Suite struct AugmentTests {
  /// A data set with a change for each of its images.
  private struct DataSet {
    let shape: [Int]
    let bytes: [UInt8]
    let order: [Int32]
    let changes: [ImageChange]

    init(_ shape: [Int], count: Int, _ random: inout SeededGenerator, _ change: (inout SeededGenerator) -> ImageChange)
    {
      self.shape = shape
      bytes = (0..<count * shape.reduce(1, *)).map { _ in UInt8.random(in: 0...255, using: &random) }
      order = (0..<Int32(count)).shuffled(using: &random)
      changes = (0..<count).map { _ in change(&random) }
    }

    var size: Int { shape.reduce(1, *) }

    func image(_ index: Int) -> OracleTensor {
      OracleTensor(shape, bytes[index * size..<(index + 1) * size].map(Double.init))
    }

    func upload(to device: any Device) throws -> (images: Buffer, order: Buffer, changes: ImageChanges) {
      let images = try device.allocate(byteCount: bytes.count), buffer = try device.allocate(byteCount: order.count * 4)
      try images.write(bytes)
      try buffer.write(order)
      let table = try ImageChanges(count: order.count, on: device)
      try table.set(changes)
      return (images, buffer, table)
    }
  }

  private static let scales: [Float] = [0.5, 2, 0.25, 4], shifts: [Float] = [-1, 3, 0, 64]

  private func check(
    _ device: any Device, _ data: DataSet, fill: Float, _ tolerance: Tolerance, _ name: String, seed: UInt64
  ) throws {
    let canaries = Canaries(on: device)
    let channels = data.shape[2]
    let (images, order, changes) = try data.upload(to: canaries)
    let scaling = try ChannelScaling(
      scales: Array(Self.scales.prefix(channels)), shifts: Array(Self.shifts.prefix(channels)), on: canaries)
    for (offset, count) in [(0, data.order.count), (3, 4), (data.order.count - 1, 1)] {
      let test = TestCase(device, "\(name) \(offset) + \(count) of \(data.shape)", seed: seed)
      var expected: [Double] = []
      for index in data.order[offset..<offset + count].map(Int.init) {
        let change = data.changes[index]
        let changed = Oracle.changed(
          data.image(index), column: (0..<3).map { Double(change.column[$0]) },
          row: (0..<3).map { Double(change.row[$0]) }, factor: Double(change.factor), term: Double(change.term),
          erasedRows: change.erasedRows, erasedColumns: change.erasedColumns, fill: Double(fill))
        expected += changed.values.enumerated().map { place, value in
          value * Double(Self.scales[place % channels]) + Double(Self.shifts[place % channels])
        }
      }
      let batch = try gatherBatch(
        images, height: data.shape[0], width: data.shape[1], order: order, offset: offset, count: count, by: scaling,
        changes: changes, fill: fill)
      try expectClose(batch, OracleTensor([count] + data.shape, expected), tolerance, test)
    }
    try canaries.check(TestCase(device, name, seed: seed))
  }

  private static let shapes = [[5, 7, 3], [1, 1, 1], [4, 4, 4], [28, 28, 1], [3, 17, 1], [9, 2, 3]]

  @Test(arguments: TestDevices.all)
  func `crops, flips and erased rectangles are exact`(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, shape) in Self.shapes.enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let data = DataSet(shape, count: 9, &random) { random in
          var change = ImageChange()
          let isFlipped = Bool.random(using: &random), isTurned = Bool.random(using: &random)
          let (dx, dy) = (Int.random(in: -3...3, using: &random), Int.random(in: -3...3, using: &random))
          change.column = isFlipped ? [-1, 0, Float(shape[1] - 1 + dx)] : [1, 0, Float(dx)]
          change.row = isTurned ? [0, -1, Float(shape[0] - 1 + dy)] : [0, 1, Float(dy)]
          if Bool.random(using: &random) {
            change.erasedRows = Int.random(in: 0...shape[0] / 2, using: &random)..<shape[0]
            change.erasedColumns = 0..<Int.random(in: 0...shape[1], using: &random)
          }
          return change
        }
        try check(device, data, fill: 0, .exact, "crop", seed: random.seed)
        try check(device, data, fill: 77, .exact, "crop on grey", seed: random.seed)
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func `rotations, scales and contrasts are the oracle's`(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, shape) in Self.shapes.enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let data = DataSet(shape, count: 9, &random) { random in
          var change = ImageChange()
          func number(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &random) }
          change.column = [number(-1.5...1.5), number(-1.5...1.5), number(-4...8)]
          change.row = [number(-1.5...1.5), number(-1.5...1.5), number(-4...8)]
          (change.factor, change.term) = (number(0...2), number(-100...100))
          change.erasedRows = shape[0] / 2..<shape[0]
          change.erasedColumns = shape[1] / 3..<shape[1] / 2
          return change
        }
        // A place of up to 100 is rounded by 1e-5, over which values of up to 255 times 2 · 4 change.
        try check(device, data, fill: 40, .within(absolute: 0.1, relative: 1e-5), "turn", seed: random.seed)
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func `no change has the bits of the plain gather`(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 1)
      let data = DataSet([6, 5, 3], count: 9, &random) { _ in ImageChange() }
      let (images, order, changes) = try data.upload(to: device)
      let scaling = try ChannelScaling(scales: [0.1, 0.3, 0.7], shifts: [0.3, -0.1, 0.9], on: device)
      let plain = try gatherBatch(images, height: 6, width: 5, order: order, offset: 2, count: 6, by: scaling)
      let changed = try gatherBatch(
        images, height: 6, width: 5, order: order, offset: 2, count: 6, by: scaling, changes: changes)
      #expect(try plain.values() == changed.values())
    }
  }

  @Test(arguments: TestDevices.all)
  func `noise is drawn by image and place`(_ on: TestDevice) throws {
    try on.use { device in
      for shape in [[5, 7, 3], [1, 1, 1], [4, 4, 1]] {
        var random = SeededGenerator(seed: 5)
        let data = DataSet(shape, count: 9, &random) { random in
          var change = ImageChange()
          change.noiseKey = [UInt32.random(in: 0...UInt32.max, using: &random), 7]
          return change
        }
        let canaries = Canaries(on: device)
        let (images, order, changes) = try data.upload(to: canaries)
        let scales: [Float] = [0.5, 2, 0.25], channels = shape[2]
        let scaling = try ChannelScaling(
          scales: Array(scales.prefix(channels)), shifts: [Float](repeating: 0, count: channels), on: canaries)
        let clean = try gatherBatch(
          images, height: shape[0], width: shape[1], order: order, offset: 3, count: 5, by: scaling, changes: changes)
        let noisy = try addNoise(to: clean, order: order, offset: 3, deviation: 6, by: scaling, changes: changes)
        let before = try clean.values()
        let expected = before.enumerated().map { place, value in
          let image = Int(data.order[3 + place / data.size])
          let key = data.changes[image].noiseKey
          let level = Oracle.noiseNumber(place % data.size, key: [key[0], key[1]]) / 16
          return Double(value) + Double(ImageChanges.noiseLevels[level]) * 6 * Double(scales[place % channels])
        }
        let test = TestCase(device, "noise of \(shape)", seed: random.seed)
        try expectClose(noisy, OracleTensor([5] + shape, expected), .within(absolute: 1e-4), test)
        try canaries.check(test)
      }
    }
  }

  @Test func `levels of noise are quantiles of the normal distribution`() {
    let levels = ImageChanges.noiseLevels.map(Double.init)
    #expect(levels.count == 4096 && zip(levels, levels.dropFirst()).allSatisfy(<))
    #expect(abs(levels.reduce(0) { $0 + $1 * $1 } / 4096 - 1) < 1e-6 && abs(levels.reduce(0, +)) < 1e-3)
    // Φ⁻¹(0.975) and Φ⁻¹(0.75).
    #expect(abs(levels[3993] - 1.959964) < 5e-3 && abs(levels[3071] - 0.674490) < 2e-3)
  }
}
