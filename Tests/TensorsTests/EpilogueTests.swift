import Compute
import Foundation
import Tensors
import TestSupport
import Testing

/// Gradients of what ends in an activation, which the products behind it pass as they store them.
@Suite struct EpilogueTests {
  /// An operator that a tensor goes into.
  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var shape: [Int]
    /// Of the weight.
    var weight: [Int]
    /// Launches that the gradient of an activation in front costs: none but where few channels are left.
    var launches = 0
    var apply: @Sendable (_ x: Tensor, _ weight: Tensor) throws -> Tensor

    static func linear(_ batch: Int, _ inputs: Int, _ outputs: Int) -> Case {
      Case(testDescription: "linear \(batch)×\(inputs)→\(outputs)", shape: [batch, inputs], weight: [inputs, outputs]) {
        try Tensors.linear($0, weight: $1, bias: nil)
      }
    }

    static func conv(_ shape: [Int], to outputs: Int, launches: Int = 0, _ g: ConvGeometry) -> Case {
      let weight = [g.kernelSize.height, g.kernelSize.width, shape[3] / g.groups, outputs]
      return Case(testDescription: "conv2d \(shape)→\(outputs) \(g)", shape: shape, weight: weight, launches: launches)
      {
        try conv2d($0, weight: $1, bias: nil, g)
      }
    }

    static func transposed(_ shape: [Int], to outputs: Int, _ g: ConvGeometry) -> Case {
      let weight = [g.kernelSize.height, g.kernelSize.width, outputs / g.groups, shape[3]]
      return Case(testDescription: "conv_transpose2d \(shape)→\(outputs) \(g)", shape: shape, weight: weight) {
        try convTranspose2d($0, weight: $1, bias: nil, g)
      }
    }
  }

  /// At least one for each kernel of products: those of a few images and of many, of large and long products, of 3×3
  /// filters, of filters that lie beside one another, of and to one channel.
  static let cases: [Case] = [
    .linear(5, 19, 3), .linear(13, 64, 37), .linear(3, 6, 4_099), .linear(257, 260, 520),
    .conv([3, 5, 6, 8], to: 5, ConvGeometry(kernelSize: Pair(2, 3), stride: 2, padding: 1)),
    .conv([35, 4, 5, 9], to: 6, ConvGeometry(kernelSize: 2, padding: 1, groups: 3)),
    .conv([2, 6, 7, 32], to: 48, ConvGeometry(kernelSize: 3, padding: 1)),
    .conv([3, 4, 6, 5], to: 7, ConvGeometry(kernelSize: 2, stride: 2)),
    .conv([2, 4, 6, 5], to: 520, ConvGeometry(kernelSize: 2, stride: 2)),
    .conv([3, 5, 6, 1], to: 9, launches: 1, ConvGeometry(kernelSize: 3)),
    .conv([2, 5, 6, 4], to: 6, launches: 1, ConvGeometry(kernelSize: 3, groups: 2)),
    .transposed([3, 5, 6, 8], to: 5, ConvGeometry(kernelSize: 3, stride: 2)),
    .transposed([35, 4, 5, 9], to: 6, ConvGeometry(kernelSize: 2, dilation: 2, groups: 3)),
    .transposed([2, 6, 7, 48], to: 32, ConvGeometry(kernelSize: 3, padding: 1)),
    .transposed([3, 5, 6, 9], to: 1, ConvGeometry(kernelSize: 3)),
    .transposed([3, 5, 6, 17], to: 1, ConvGeometry(kernelSize: 6, stride: 2, padding: 1)),
  ]

  /// What a tensor ends in.
  enum Kind: Hashable, Sendable {
    case activation(Activation)
    case reluDropout

    static let all = LossActivationTests.kinds.map(Kind.activation) + [.reluDropout]

    func apply(_ x: Tensor) throws -> Tensor {
      switch self {
      case .activation(let kind): try Tensors.activation(x, kind)
      case .reluDropout: try Tensors.reluDropout(x, probability: 0.5, key: DropoutKey(seed: 1, layer: 2, step: 3))
      }
    }

    /// Of the gradient of y, an element's.
    func factor(x: Double, y: Double) -> Double {
      switch self {
      case .activation(let kind): Oracle.activationDerivative(x, kind)
      case .reluDropout: y > 0 ? 2 : 0
      }
    }

    /// Whether a gradient passes, and its scale, leave nothing to round.
    var isExact: Bool { self != .activation(.sigmoid) && self != .activation(.tanh) }
  }

  /// A case's tensors: y ends in a kind and goes into the case's operator, whose output has the gradient `seed`.
  private struct Example {
    var x: Tensor
    var y: OracleTensor
    /// The product's gradient of y, which other tests hold against the oracle.
    var dy: OracleTensor
    var weight: Tensor
    var seed: Tensor
    var inputs: OracleTensor

    func factor(_ kind: Kind, _ i: Int) -> Double { kind.factor(x: inputs.values[i], y: y.values[i]) }
  }

  private func example(_ test: Case, _ kind: Kind, on device: any Device) throws -> Example {
    var random = SeededGenerator(seed: UInt64(test.shape.reduce(7) { 31 * $0 + $1 }))
    let inputs = random.gaussians(test.shape)
    let x = try device.tensor(test.shape, inputs.floats)
    let weight = try device.tensor(test.weight, random.gaussians(test.weight).floats)
    let y = try kind.apply(x)
    let seed = random.gaussians(try test.apply(y, weight).shape)
    let dout = try device.tensor(seed.shape, seed.floats)
    let dy = try gradient(of: y, for: dout) { try test.apply(y, weight) }.dx
    func values(_ tensor: Tensor) throws -> OracleTensor {
      OracleTensor(tensor.shape, try tensor.values().map(Double.init))
    }
    return Example(x: x, y: try values(y), dy: try values(dy), weight: weight, seed: dout, inputs: inputs)
  }

  @Test(arguments: TestDevices.all, cases)
  func productPassesActivation(_ on: TestDevice, _ test: Case) throws {
    try on.use { device in
      for kind in Kind.all {
        let canaries = Canaries(on: device)
        let it = try example(test, kind, on: canaries)
        var dx = it.dy
        for i in dx.values.indices { dx.values[i] *= it.factor(kind, i) }
        // The output's rounding, which the derivative turns into one of the gradient of the output.
        let tolerance = kind.isExact ? Tolerance.exact : .sum(terms: 1, magnitude: it.dy.map(abs))
        let once = try gradient(of: it.x, for: it.seed) { try test.apply(kind.apply(it.x), it.weight) }
        try expectClose(once.dx, dx, tolerance, TestCase(canaries, "\(kind) and \(test.testDescription)"))
        try canaries.check(TestCase(canaries, "\(kind) and \(test.testDescription)"))
      }
    }
  }

  /// What a product ends in is applied as it is stored, where tiles are whole and where they are not.
  @Test(arguments: TestDevices.all, LossActivationTests.kinds)
  func productsApplyActivations(_ on: TestDevice, _ kind: Activation) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 84)
      func tensor(_ shape: [Int]) throws -> Tensor { try device.tensor(shape, random.gaussians(shape).floats) }
      func check(_ name: String, _ product: (Activation) throws -> Tensor) throws {
        let wanted = try activation(product(.none), kind)
        let values = OracleTensor(wanted.shape, try wanted.values().map(Double.init))
        try expectClose(product(kind), values, .exact, TestCase(device, "\(name) and \(kind)"))
      }
      for (batch, outputs) in [(3, 1), (3, 33), (35, 64)] {
        let bias = try tensor([outputs])
        let (x, w) = (try tensor([batch, 37]), try tensor([37, outputs]))
        try check("linear \(batch)×37→\(outputs)") { try linear(x, weight: w, bias: bias, activation: $0) }
        let image = try tensor([batch, 4, 6, 9])
        let geometries = [ConvGeometry(kernelSize: Pair(2, 3), padding: 1), ConvGeometry(kernelSize: 2, stride: 2)]
        for geometry in geometries {
          let size = [geometry.kernelSize.height, geometry.kernelSize.width]
          let (weight, transposed) = (try tensor(size + [9, outputs]), try tensor(size + [outputs, 9]))
          try check("conv2d of \(batch) to \(outputs), \(geometry)") {
            try conv2d(image, weight: weight, bias: bias, geometry, activation: $0)
          }
          try check("conv_transpose2d of \(batch) to \(outputs), \(geometry)") {
            try convTranspose2d(image, weight: transposed, bias: bias, geometry, activation: $0)
          }
        }
      }
    }
  }

  /// Dropout of ReLU is applied as a product is stored, or behind it, with the mask and the gradient that it has by
  /// itself, where tiles are whole and where they are not, and where sums over k are cut.
  @Test(arguments: TestDevices.all)
  func productsApplyDropout(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 85)
      func check(
        _ name: String, _ shape: [Int], _ weight: [Int], outputs: Int,
        _ product: (_ x: Tensor, _ weight: Tensor, _ bias: Tensor, Epilogue) throws -> Tensor
      ) throws {
        let inputs = [random.gaussians(shape), random.gaussians(weight), random.gaussians([outputs])]
        let key = DropoutKey(seed: 1 << 40 | 5, layer: 2, step: 3)
        func run(_ body: ([Tensor]) throws -> Tensor) throws -> GradientRun {
          let shape = try body(inputs.map { try device.tensor($0.shape, $0.floats) }).shape
          var random = SeededGenerator(seed: 86)
          return try GradientRun(on: device, inputs, dy: random.gaussians(shape), body)
        }
        let joined = try run { try product($0[0], $0[1], $0[2], .reluDropout(DropoutMask(probability: 0.3, key: key))) }
        let apart = try run {
          try reluDropout(product($0[0], $0[1], $0[2], .activation(.none)), probability: 0.3, key: key)
        }
        let test = TestCase(device, "\(name) and dropout", seed: 85)
        for (ours, theirs) in zip([joined.output] + joined.gradients, [apart.output] + apart.gradients) {
          let isSame = try ours.values().map(\.bitPattern) == theirs.values().map(\.bitPattern)
          #expect(isSame, "\(test)")
        }
        let values = try joined.output.values()
        #expect(values.contains(0) && values.contains { $0 > 0 }, "\(test)")
        try joined.checkCanaries(test)
      }
      for (batch, inputs, outputs) in [(9, 37, 1), (3, 37, 33), (35, 36, 64), (5, 530, 12), (67, 20, 132)] {
        try check("linear \(batch)×\(inputs)→\(outputs)", [batch, inputs], [inputs, outputs], outputs: outputs) {
          try linear($0, weight: $1, bias: $2, epilogue: $3)
        }
      }
      for (channels, outputs, groups) in [(9, 5, 1), (8, 12, 2), (64, 8, 1), (3, 33, 1), (1, 9, 1)] {
        let geometry = ConvGeometry(kernelSize: Pair(2, 3), stride: 2, padding: 1, groups: groups)
        try check(
          "conv2d of \(channels) to \(outputs)", [3, 5, 6, channels], [2, 3, channels / groups, outputs],
          outputs: outputs
        ) { try conv2d($0, weight: $1, bias: $2, geometry, epilogue: $3) }
        try check(
          "conv_transpose2d of \(channels) to \(outputs)", [3, 5, 6, channels], [2, 3, outputs / groups, channels],
          outputs: outputs
        ) { try convTranspose2d($0, weight: $1, bias: $2, geometry, epilogue: $3) }
      }
    }
  }

  /// What products pass and what comes from elsewhere are added.
  @Test(arguments: TestDevices.all, Kind.all)
  func otherUsesAreAdded(_ on: TestDevice, _ kind: Kind) throws {
    try on.use { device in
      let test = Case.linear(6, 9, 9)
      let it = try example(test, kind, on: device)
      var dx = it.dy
      for i in dx.values.indices {
        dx.values[i] = (2 * dx.values[i] + Double(try it.seed.values()[i])) * it.factor(kind, i)
      }
      let result = try gradient(of: it.x, for: it.seed) {
        let y = try kind.apply(it.x)
        return try add(
          add(test.apply(y, it.weight), y),
          test.apply(flatten(unflatten(y, channels: 1, height: 3, width: 3)), it.weight))
      }
      try expectClose(
        result.dx, dx, .within(absolute: 1e-5, relative: 1e-5), TestCase(device, "\(kind), used three times"))
    }
  }

  /// A loss knows the gradient before dropout behind ReLU as it does that before an activation.
  @Test(arguments: TestDevices.all)
  func lossPassesDropout(_ on: TestDevice) throws {
    try on.use { device in
      let it = try example(.linear(6, 9, 9), .reluDropout, on: device)
      let dy = Oracle.meanSquaredError(it.y, OracleTensor([6, 9], try it.seed.values().map(Double.init))).gradient
      var dx = dy
      for i in dx.values.indices { dx.values[i] *= it.factor(.reluDropout, i) }
      let result = try gradient(of: it.x) { try meanSquaredError(Kind.reluDropout.apply(it.x), it.seed) }
      try expectClose(result.dx, dx, .within(absolute: 1e-7, relative: 2e-6), TestCase(device, "loss of reluDropout"))
    }
  }

  /// A batch with an element that is not a number has a gradient there, as everywhere in PyTorch's ReLU.
  @Test(arguments: TestDevices.all, [Kind.activation(.relu), .reluDropout])
  func gradientPassesNaN(_ on: TestDevice, _ kind: Kind) throws {
    try on.use { device in
      let x = try device.tensor([2, 3], [.nan, 1, -1, 1, .nan, -1])
      let weight = try device.tensor([3, 1], [1, 1, 1])
      let dx = try gradient(of: x, for: device.filled([2, 1], with: 1)) {
        try linear(kind.apply(x), weight: weight, bias: nil)
      }.dx.values()
      #expect(dx[0] > 0 && dx[4] > 0 && dx[2] == 0 && dx[5] == 0)
    }
  }

  @Test(arguments: [TestDevices.cpu] + TestDevices.tile, cases)
  func activationTakesNoLaunch(_ on: TestDevice, _ test: Case) throws {
    try on.use { device in
      let it = try example(test, .reluDropout, on: device)
      func launches(_ forward: (Tensor) throws -> Tensor) throws -> Int {
        let before = device.counters.launches
        _ = try gradient(of: it.x, for: it.seed) { try test.apply(forward(it.x), it.weight) }
        return device.counters.launches - before
      }
      let plain = try launches { $0 }
      let extra = device.properties.family == .tile ? 0 : test.launches
      #expect(try launches { try Kind.reluDropout.apply($0) } == plain + 1 + extra)
    }
  }
}
