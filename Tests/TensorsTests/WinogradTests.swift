import Tensors
import TestSupport
import Testing

/// Convolutions that are done in cells of 2×2 outputs, on every device: sizes that leave cells partly empty, channels
/// that leave register tiles partly empty, batches that leave blocks of cells partly empty.
@Suite struct WinogradTests {
  struct Case: CustomTestStringConvertible {
    var channels: Int
    var outputs: Int
    var size: Pair
    var padding: Pair
    var batch: Int

    var testDescription: String { "\(batch)×\(size)×\(channels)→\(outputs), padding \(padding)" }
    var geometry: ConvGeometry { ConvGeometry(kernelSize: 3, padding: padding) }
    var inputShape: [Int] { [batch, size.height, size.width, channels] }
    var weightShape: [Int] { [3, 3, channels, outputs] }
  }

  static let cases: [Case] = [
    Case(channels: 16, outputs: 16, size: 4, padding: 1, batch: 1),
    Case(channels: 16, outputs: 48, size: Pair(7, 8), padding: 0, batch: 5),
    Case(channels: 32, outputs: 64, size: 8, padding: 1, batch: 2),
    Case(channels: 48, outputs: 16, size: Pair(5, 13), padding: Pair(2, 0), batch: 3),
    Case(channels: 96, outputs: 64, size: 7, padding: Pair(1, 2), batch: 1),
    Case(channels: 144, outputs: 32, size: 6, padding: 1, batch: 1),
    Case(channels: 16, outputs: 16, size: 11, padding: 1, batch: 9),
  ]

  @Test(arguments: TestDevices.all, cases)
  func matchesOracle(_ on: TestDevice, _ test: Case) throws {
    try on.use { device in
      for (isExact, adds) in [(true, nil), (false, 2 as Float?)] {
        var random = SeededGenerator(seed: UInt64(test.channels))
        func values(_ shape: [Int]) -> OracleTensor { isExact ? random.integers(shape) : random.gaussians(shape) }
        let (x, w, b) = (values(test.inputShape), values(test.weightShape), values([test.outputs]))
        let geometry = test.geometry
        let expected = Oracle.conv2d(x, weight: w, bias: b, geometry)
        let dy = values(expected.shape)
        let wanted = Oracle.conv2dGradients(x, weight: w, dy: dy, geometry)
        let run = try GradientRun(on: device, [x, w, b], dy: dy, alreadyThere: adds) {
          try conv2d($0[0], weight: $0[1], bias: $0[2], geometry)
        }
        let name = TestCase(device, "conv2d \(test.testDescription)", seed: random.seed)
        let magnitude = Oracle.conv2d(x.magnitude, weight: w.magnitude, bias: b.magnitude, geometry)
        try expectClose(
          run.output, expected, isExact ? .exact : .sum(terms: 9 * test.channels + 1, magnitude: magnitude), name)
        let magnitudes = Oracle.conv2dGradients(x.magnitude, weight: w.magnitude, dy: dy.magnitude, geometry)
        let pixels = expected.count / test.outputs
        try expectGradients(
          run, [wanted.dx, wanted.weight, wanted.bias], [magnitudes.dx, magnitudes.weight, magnitudes.bias],
          terms: [9 * test.outputs, pixels, pixels], isExact: isExact, adds: adds, name)
      }
    }
  }

  /// The saving must not cost precision: held against plain sums in single precision, one product after another.
  @Test(arguments: TestDevices.all)
  func errorsAreNoLargerThanThoseOfPlainSums(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 3)
      let (side, channels, outputs) = (10, 64, 32)
      let x = random.gaussians([1, side, side, channels]), w = random.gaussians([3, 3, channels, outputs])
      let geometry = ConvGeometry(kernelSize: 3)
      let exact = Oracle.conv2d(x, weight: w, bias: nil, geometry).values
      let values = try conv2d(
        device.tensor(x.shape, x.floats), weight: device.tensor(w.shape, w.floats), bias: nil, geometry
      ).values()
      let (pixels, weights) = (x.floats, w.floats)
      var squares = (own: 0.0, plain: 0.0)
      for index in exact.indices {
        let (output, place, line) = (
          index % outputs, index / outputs % (side - 2), index / outputs / (side - 2)
        )
        var sum: Float = 0
        for tap in 0..<9 {
          let pixel = (line + tap / 3) * side + place + tap % 3
          for channel in 0..<channels {
            sum += pixels[pixel * channels + channel] * weights[(tap * channels + channel) * outputs + output]
          }
        }
        squares.own += (Double(values[index]) - exact[index]) * (Double(values[index]) - exact[index])
        squares.plain += (Double(sum) - exact[index]) * (Double(sum) - exact[index])
      }
      #expect(squares.own <= squares.plain, "\((squares.own / squares.plain).squareRoot()) times the error")
    }
  }

  @Test func threadsDoNotMatter() throws {
    func run(threads: Int) throws -> [UInt32] {
      let device = try CPUDevice(threads: threads)
      var random = SeededGenerator(seed: 9)
      let test = Self.cases[6]
      let x = try parameter(random.gaussians(test.inputShape), on: device)
      let w = try parameter(random.gaussians(test.weightShape), on: device)
      let tape = Tape()
      let y = try tape.recording { try conv2d(x, weight: w, bias: nil, test.geometry) }
      try tape.backward(from: y, seed: device.tensor(y.shape, random.gaussians(y.shape).floats))
      return try [y, x.gradient!.tensor, w.gradient!.tensor].flatMap { try $0.values() }.map(\.bitPattern)
    }
    let one = try run(threads: 1)
    for threads in [2, 3, 7] {
      let isSame = try run(threads: threads) == one
      #expect(isSame, "\(threads) threads")
    }
  }
}
