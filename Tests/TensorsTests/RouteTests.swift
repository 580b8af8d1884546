import Tensors
import TestSupport
import Testing

/// Every route of the tables, on whole numbers against the oracle: each that fits a problem computes it, whichever would
/// be taken, and each is met by a problem on the devices that have it.
@Suite struct RouteTests {
  struct Case: CustomTestStringConvertible {
    var batch: Int
    var size: Pair
    var channels, outputs: Int
    var geometry: ConvGeometry

    var testDescription: String { "\(batch)×\(size)×\(channels)→\(outputs) \(geometry)" }
    var inputShape: [Int] { [batch, size.height, size.width, channels] }
    var weightShape: [Int] {
      [geometry.kernelSize.height, geometry.kernelSize.width, channels / geometry.groups, outputs]
    }
  }

  /// What a transposed convolution is the gradient of has its sizes exchanged, so these serve both.
  static let cases: [Case] = [
    // One channel: 3×3 filters, wider ones, and steps of two.
    Case(batch: 3, size: Pair(6, 7), channels: 1, outputs: 5, geometry: ConvGeometry(kernelSize: 3, padding: 1)),
    Case(batch: 2, size: Pair(7, 8), channels: 1, outputs: 17, geometry: ConvGeometry(kernelSize: 5, padding: 2)),
    Case(batch: 2, size: Pair(8, 6), channels: 1, outputs: 3, geometry: ConvGeometry(kernelSize: 2, stride: 2)),
    // Two channels, and two in each of two groups.
    Case(batch: 2, size: Pair(5, 6), channels: 2, outputs: 4, geometry: ConvGeometry(kernelSize: 3, stride: 2)),
    Case(
      batch: 2, size: Pair(5, 4), channels: 4, outputs: 6,
      geometry: ConvGeometry(kernelSize: Pair(2, 3), padding: 1, groups: 2)),
    // Enough channels for Winograd's transforms, and outputs of odd size.
    Case(batch: 2, size: Pair(5, 4), channels: 16, outputs: 32, geometry: ConvGeometry(kernelSize: 3, padding: 1)),
    // Filters that neither overlap nor leave gaps.
    Case(batch: 3, size: Pair(6, 4), channels: 5, outputs: 7, geometry: ConvGeometry(kernelSize: 2, stride: 2)),
    // A filter for each channel, alone and with everything that a geometry can have.
    Case(
      batch: 3, size: Pair(6, 5), channels: 20, outputs: 20,
      geometry: ConvGeometry(kernelSize: 3, padding: 1, groups: 20)),
    Case(
      batch: 2, size: Pair(9, 8), channels: 5, outputs: 5,
      geometry: ConvGeometry(
        kernelSize: Pair(2, 4), stride: Pair(2, 3), padding: Pair(2, 1), dilation: Pair(3, 1), groups: 5)),
    // A filter for each channel that slides along rows: narrower images than the filter, more padding than it covers,
    // rows that are left out, more than three rows of it.
    Case(
      batch: 2, size: Pair(1, 1), channels: 17, outputs: 17,
      geometry: ConvGeometry(kernelSize: 3, padding: 1, groups: 17)),
    Case(
      batch: 2, size: Pair(3, 2), channels: 16, outputs: 16,
      geometry: ConvGeometry(kernelSize: 3, padding: 4, groups: 16)),
    Case(
      batch: 2, size: Pair(7, 9), channels: 33, outputs: 33,
      geometry: ConvGeometry(kernelSize: 3, stride: Pair(2, 1), padding: Pair(3, 0), dilation: Pair(2, 1), groups: 33)),
    Case(
      batch: 3, size: Pair(6, 5), channels: 16, outputs: 16,
      geometry: ConvGeometry(kernelSize: Pair(5, 3), padding: Pair(2, 3), groups: 16)),
    // Few images and many, with everything that a geometry can have.
    Case(
      batch: 2, size: Pair(9, 8), channels: 6, outputs: 9,
      geometry: ConvGeometry(kernelSize: Pair(3, 2), stride: Pair(1, 2), padding: 1, dilation: Pair(2, 1), groups: 3)),
    Case(batch: 70, size: Pair(4, 5), channels: 3, outputs: 5, geometry: ConvGeometry(kernelSize: 3, padding: 1)),
  ]

  private static func names<Problem, Operands>(_ routes: Routes<Problem, Operands>, on traits: DeviceTraits) -> [String]
  {
    routes.list.map(\.name).filter { ($0 == "local-tile") != traits.isVector }
  }

  @Test(arguments: TestDevices.all) func convolutionsMatchOracle(_ on: TestDevice) throws {
    try on.use { device in
      var met: (forward: Set<String>, transposed: Set<String>, gradient: Set<String>) = ([], [], [])
      for (seed, test) in Self.cases.enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let canaries = Canaries(on: device)
        let x = random.integers(test.inputShape), w = random.integers(test.weightShape)
        let problem = try ConvProblem(convolving: x.shape, weight: w.shape, bias: nil, test.geometry)
        let y = Oracle.conv2d(x, weight: w, bias: nil, test.geometry)
        let dy = random.integers(y.shape)
        let gradients = Oracle.conv2dGradients(x, weight: w, dy: dy, test.geometry)
        func tensors() throws -> (x: Tensor, w: Tensor, dy: Tensor) {
          (try canaries.tensor(x), try canaries.tensor(w), try canaries.tensor(dy))
        }
        func name(_ pass: String, _ route: String) -> TestCase {
          TestCase(device, "\(pass) by \(route) of \(test.testDescription)", seed: UInt64(seed))
        }
        let forward = problem.forwardChoice(on: canaries)
        for route in ConvRoutes.forward.list where route.fits(problem, forward) {
          let (x, w, _) = try tensors(), result = try canaries.tensor(problem.outShape)
          try route.enqueue(problem, ConvOperands(x: x, weight: w, y: result), forward)
          try expectClose(result, y, .exact, name("forward", route.name))
          met.forward.insert(route.name)
        }
        let transposed = problem.transposedChoice(on: canaries)
        for route in ConvRoutes.transposed.list where route.fits(problem, transposed) {
          let (_, w, dy) = try tensors(), result = try canaries.tensor(test.inputShape)
          try route.enqueue(problem, ConvOperands(x: result, weight: w, y: dy), transposed)
          try expectClose(result, gradients.dx, .exact, name("transposed", route.name))
          met.transposed.insert(route.name)
        }
        let gradient = problem.weightGradientChoice(on: canaries)
        for route in ConvRoutes.weightGradient.list where route.fits(problem, gradient) {
          for adds in [false, true] {
            let (x, _, dy) = try tensors()
            let result = try canaries.tensor(w.map { _ in 3 })
            try route.enqueue(
              problem, ConvGradientOperands(x: x, dy: dy, dweight: result, accumulate: adds), gradient)
            let expected = gradients.weight.map { $0 + (adds ? 3 : 0) }
            try expectClose(result, expected, .exact, name("weight gradient", route.name))
          }
          met.gradient.insert(route.name)
        }
        try canaries.check(TestCase(device, test.testDescription, seed: UInt64(seed)))
      }
      #expect(met.forward == Set(Self.names(ConvRoutes.forward, on: device.traits)))
      #expect(met.transposed == Set(Self.names(ConvRoutes.transposed, on: device.traits)))
      #expect(met.gradient == Set(Self.names(ConvRoutes.weightGradient, on: device.traits)))
    }
  }

  @Test(arguments: TestDevices.all) func pooledConvolutionsMatchOracle(_ on: TestDevice) throws {
    try on.use { device in
      var met: Set<String> = []
      for (seed, channels) in [3, 16].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let geometry = ConvGeometry(kernelSize: 3, padding: 1), pool = PoolGeometry(kernelSize: 2)
        let x = random.integers([70, 5, 6, channels]), w = random.integers([3, 3, channels, 32])
        let convolution = try ConvProblem(convolving: x.shape, weight: w.shape, bias: nil, geometry)
        let problem = ConvPoolProblem(convolution, pool)
        let expected = Oracle.maxPool2d(Oracle.conv2d(x, weight: w, bias: nil, geometry), pool)
        let canaries = Canaries(on: device)
        let choice = problem.choice(on: canaries)
        for route in ConvRoutes.pooled.list where route.fits(problem, choice) {
          let y = try canaries.tensor(expected.shape)
          try route.enqueue(
            problem,
            ConvPoolOperands(
              x: canaries.tensor(x), weight: canaries.tensor(w), bias: nil, .none, y: y,
              argmax: canaries.allocate(byteCount: y.count * 2), keep: true),
            choice)
          try expectClose(
            y, expected, .exact, TestCase(device, "pooled by \(route.name), \(channels) channels", seed: UInt64(seed)))
          met.insert(route.name)
        }
        try canaries.check(TestCase(device, "pooled convolution of \(channels) channels", seed: UInt64(seed)))
      }
      #expect(met == Set(device.traits.isVector ? ConvRoutes.pooled.list.map(\.name) : []))
    }
  }

  @Test(arguments: TestDevices.tile) func convolutionsPooledBy2x2MatchOracle(_ on: TestDevice) throws {
    try on.use { device in
      var met: Set<String> = []
      for (seed, channels) in [3, 16, 128].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let geometry = ConvGeometry(kernelSize: 3, padding: 1)
        let x = random.integers([2, 5, 6, channels]), w = random.integers([3, 3, channels, 9])
        let convolution = try ConvProblem(convolving: x.shape, weight: w.shape, bias: nil, geometry)
        let problem = ConvPoolProblem(convolution, PoolGeometry(kernelSize: 2))
        let expected = Oracle.maxPool2d(Oracle.conv2d(x, weight: w, bias: nil, geometry), problem.pool)
        let canaries = Canaries(on: device)
        let choice = problem.choice2x2(on: canaries)
        for route in ConvRoutes.pooled2x2.list where route.fits(problem, choice) {
          let y = try canaries.tensor(expected.shape)
          let argmax = try canaries.allocate(byteCount: y.count * 2)
          try route.enqueue(
            problem,
            ConvPool2x2Operands(
              x: canaries.tensor(x), weight: canaries.tensor(w), bias: nil, y: y, argmax: argmax, keep: true,
              window: WindowFunction(isReLU: false)),
            choice)
          let name = TestCase(device, "pooled by \(route.name), \(channels) channels", seed: UInt64(seed))
          try expectClose(y, expected, .exact, name)
          met.insert(route.name)
        }
        try canaries.check(TestCase(device, "pooled convolution of \(channels) channels", seed: UInt64(seed)))
      }
      #expect(met == Set(ConvRoutes.pooled2x2.list.map(\.name)))
    }
  }

  @Test(arguments: TestDevices.all) func poolingMatchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      var met: (max: Set<String>, maxGradient: Set<String>, averageGradient: Set<String>) = ([], [], [])
      let windows = [
        PoolGeometry(kernelSize: 2), PoolGeometry(kernelSize: Pair(3, 2)),
        PoolGeometry(kernelSize: 3, stride: 2, padding: 1),
      ]
      for (seed, window) in windows.enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let x = random.integers([3, 7, 6, 5])
        let y = Oracle.maxPool2d(x, window), dy = random.integers(y.shape)
        let canaries = Canaries(on: device), choice = KernelChoice(canaries.traits)
        let argmax = try canaries.allocate(byteCount: y.count * 2)
        func name(_ pass: String, _ route: String) -> TestCase {
          TestCase(device, "\(pass) by \(route) of \(window)", seed: UInt64(seed))
        }
        for route in PoolRoutes.maxForward.list where route.fits(window, choice) {
          let result = try canaries.tensor(y.shape)
          try route.enqueue(
            window, MaxPoolOperands(x: canaries.tensor(x), y: result, argmax: argmax, keep: .all), choice)
          try expectClose(result, y, .exact, name("max", route.name))
          met.max.insert(route.name)
        }
        for route in PoolRoutes.maxBackward.list where route.fits(window, choice) {
          let dx = try canaries.tensor(x.shape)
          try route.enqueue(
            window, PoolGradientOperands(dy: canaries.tensor(dy), dx: dx, argmax: argmax, scale: 1), choice)
          try expectClose(dx, Oracle.maxPool2dGradient(x, dy: dy, window), .exact, name("max gradient", route.name))
          met.maxGradient.insert(route.name)
        }
        for route in PoolRoutes.averageBackward.list where route.fits(window, choice) {
          let dx = try canaries.tensor(x.shape)
          try route.enqueue(
            window, PoolGradientOperands(dy: canaries.tensor(dy), dx: dx, argmax: nil, scale: 1), choice)
          try expectClose(
            dx, Oracle.avgPool2dGradient(x.shape, dy: dy, window), .within(absolute: 1e-5),
            name("average gradient", route.name))
          met.averageGradient.insert(route.name)
        }
        try canaries.check(TestCase(device, "\(window)", seed: UInt64(seed)))
      }
      #expect(met.max == Set(PoolRoutes.maxForward.list.map(\.name)))
      #expect(met.maxGradient == Set(PoolRoutes.maxBackward.list.map(\.name)))
      #expect(met.averageGradient == Set(PoolRoutes.averageBackward.list.map(\.name)))
    }
  }
}
