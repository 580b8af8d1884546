import Tensors
import TestSupport
import Testing

/// Batches gathered from bytes on every device.
@Suite struct GatherTests {
  @Test(arguments: TestDevices.all)
  func gathersImagesAndLabels(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, (height, width)) in [(28, 28), (1, 1), (3, 5), (1, 16), (1, 17), (5, 3)].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let (images, size) = (23, height * width)
        let bytes = (0..<images * size).map { _ in UInt8.random(in: 0...255, using: &random) }
        let classes = (0..<images).map { _ in UInt16.random(in: 0...UInt16.max, using: &random) }
        let order = (0..<Int32(images)).shuffled(using: &random)
        let canaries = Canaries(on: device)
        let (data, labels, permutation) = try (
          canaries.allocate(byteCount: bytes.count), canaries.allocate(byteCount: images * 2),
          canaries.allocate(byteCount: images * 4)
        )
        try data.write(bytes)
        try labels.write(classes)
        try permutation.write(order)
        for (offset, count) in [(0, 23), (0, 1), (5, 7), (22, 1)] {
          let test = TestCase(device, "gather \(offset) + \(count) of \(height)×\(width)", seed: random.seed)
          let chosen = order[offset..<offset + count].map(Int.init)
          let expected = OracleTensor(
            [count, height, width, 1], chosen.flatMap { bytes[$0 * size..<($0 + 1) * size].map(Double.init) })
          let raw = try gatherBatch(
            data, height: height, width: width, order: permutation, offset: offset, count: count, scale: 1)
          try expectClose(raw, expected, .exact, test)
          let scaled = try gatherBatch(
            data, height: height, width: width, order: permutation, offset: offset, count: count, scale: 2 / 255,
            shift: -1)
          try expectClose(scaled, expected.map { $0 * 2 / 255 - 1 }, .within(absolute: 2e-7), test)
          let unit = try gatherBatch(
            data, height: height, width: width, order: permutation, offset: offset, count: count)
          try expectClose(unit, expected.map { $0 / 255 }, .within(absolute: 0, relative: 2e-7), test)
          let batch = try gatherLabels(labels, order: permutation, offset: offset, count: count)
          #expect(try batch.values() == chosen.map { Int32(classes[$0]) }, "\(test)")
        }
        try canaries.check(TestCase(device, "gather", seed: random.seed))
      }
    }
  }

  /// Images of several channels, of lengths that end within a vector and at its end.
  @Test(arguments: TestDevices.all)
  func normalizesByChannel(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, (height, width, channels)) in [(4, 4, 3), (5, 7, 3), (1, 1, 3), (3, 5, 4), (4, 4, 4), (3, 7, 1)]
        .enumerated()
      {
        var random = SeededGenerator(seed: UInt64(seed))
        let (images, size) = (9, height * width * channels)
        let bytes = (0..<images * size).map { _ in UInt8.random(in: 0...255, using: &random) }
        let order = (0..<Int32(images)).shuffled(using: &random)
        let scales: [Float] = [0.5, 2, 0.25, 4], shifts: [Float] = [-1, 3, 0, 64]
        let canaries = Canaries(on: device)
        let data = try canaries.allocate(byteCount: bytes.count)
        let permutation = try canaries.allocate(byteCount: images * 4)
        try data.write(bytes)
        try permutation.write(order)
        let scaling = try ChannelScaling(
          scales: Array(scales.prefix(channels)), shifts: Array(shifts.prefix(channels)), on: canaries)
        for (offset, count) in [(0, 9), (3, 4), (8, 1)] {
          let test = TestCase(
            device, "gather \(offset) + \(count) of \(height)×\(width)×\(channels)", seed: random.seed)
          let chosen = order[offset..<offset + count].map(Int.init)
          let pixels = OracleTensor(
            [count, height, width, channels], chosen.flatMap { bytes[$0 * size..<($0 + 1) * size].map(Double.init) })
          let batch = try gatherBatch(
            data, height: height, width: width, order: permutation, offset: offset, count: count, by: scaling)
          var expected = pixels
          for index in expected.values.indices {
            expected.values[index] =
              pixels.values[index] * Double(scales[index % channels]) + Double(shifts[index % channels])
          }
          try expectClose(batch, expected, .exact, test)
          let raw = try gatherBatch(
            data, height: height, width: width, channels: channels, order: permutation, offset: offset, count: count,
            scale: 1)
          try expectClose(raw, pixels, .exact, test)
        }
        try canaries.check(TestCase(device, "gather by channel", seed: random.seed))
      }
    }
  }
}
