import Tensors
import TestSupport
import Testing

/// The tape: branches, tensors used twice, parts without gradients, seeds, parameters.
@Suite struct TapeTests {
  /// y = tanh(x) + x: the gradient comes back on two ways.
  @Test(arguments: TestDevices.all)
  func skipConnection(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 1)
      let (x, dy) = (random.gaussians([3, 7]), random.gaussians([3, 7]))
      let canaries = Canaries(on: device)
      let input = try canaries.tensor(x)
      let result = try gradient(of: input, for: canaries.tensor(dy)) { try add(activation(input, .tanh), input) }
      let expected = x.combined(with: dy) { (Oracle.activationDerivative($0, .tanh) + 1) * $1 }
      let test = TestCase(device, "skip connection", seed: random.seed)
      try expectClose(result.dx, expected, .within(absolute: 1e-6), test)
      try canaries.check(test)
    }
  }

  /// Both inputs of an addition are the same tensor.
  @Test func tensorUsedTwice() throws {
    try TestDevices.cpu.use { device in
      let x = try device.tensor([3], [1, 2, 3])
      let dy = try device.tensor([3], [10, 20, 30])
      let result = try gradient(of: x, for: dy) { try add(x, x) }
      #expect(try result.dx.values() == [20, 40, 60])
      // What a gradient was added to must not have changed: it is dy itself here.
      #expect(try dy.values() == [10, 20, 30])
    }
  }

  /// A backward pass that keeps its records can be run again, with the same gradients.
  @Test func recordsCanBeKept() throws {
    try TestDevices.cpu.use { device in
      let slot = GradientSlot(tensor: try device.tensor([2]))
      let values = try device.tensor([2], [1, -2])
      let x = Tensor(shape: [2], buffer: values.buffer, gradient: slot, requiresGradient: true)
      let tape = Tape()
      let y = try tape.recording { try activation(add(x, x), .relu) }
      for seed: Float in [1, 5] {
        slot.clear()
        try tape.backwardKeepingRecords(from: y, seed: device.tensor([2], [seed, seed]))
        #expect(try slot.tensor.values() == [2 * seed, 0])
      }
      slot.clear()
      try tape.backward(from: y)
      #expect(try slot.tensor.values() == [2, 0])
    }
  }

  /// A tensor whose gradient is another tensor's too, and is then added to.
  @Test func sharedGradientsAreNotOverwritten() throws {
    try TestDevices.cpu.use { device in
      let (a, b) = try (device.tensor([2], [1, 2]), device.tensor([2], [3, 4]))
      // a + (a + b): the outer addition hands dy to a and to the inner one, which hands it on to a and b.
      let result = try gradients(of: [a, b], for: device.tensor([2], [1, 1])) { try add(a, add(a, b)) }
      #expect(try result.inputs[0]!.values() == [2, 2])
      #expect(try result.inputs[1]!.values() == [1, 1])
    }
  }

  @Test func partsWithoutGradientAreNotRecorded() throws {
    try TestDevices.cpu.use { device in
      let (x, constant) = try (device.tensor([2], [1, -1]), device.tensor([2], [5, 5]))
      let tape = Tape()
      let outer = try tape.recording {
        let y = try activation(constant, .relu)
        #expect(!y.requiresGradient)
        return y
      }
      // Nothing is recorded outside of a tape either.
      let parameter = try parameter(OracleTensor([2], [1, 2]), on: device)
      #expect(try !activation(parameter, .relu).requiresGradient)
      let result = try gradients(of: [x, constant]) { try sum(add(activation(x, .relu), outer)) }
      #expect(try result.inputs[0]!.values() == [1, 0])
      #expect(try result.inputs[1]?.values() == nil)
    }
  }

  /// A branch that does not reach the loss has no gradient, and does not run backward.
  @Test func deadBranchesCostNothing() throws {
    try TestDevices.cpu.use { device in
      let x = try device.tensor([2], [1, -1])
      let before = device.counters.launches
      let result = try gradient(of: x, for: device.tensor([2], [3, 4])) {
        _ = try activation(x, .sigmoid)
        return try activation(x, .none)
      }
      #expect(try result.dx.values() == [3, 4])
      #expect(device.counters.launches - before == 2)
    }
  }

  /// The first backward pass writes a parameter's gradient, later ones add to it until it is cleared.
  @Test func parametersGather() throws {
    try TestDevices.cpu.use { device in
      let weight = try parameter(OracleTensor([1], [2]), on: device)
      let bias = try parameter(OracleTensor([1], [0]), on: device)
      let (ones, zeros) = try (device.filled([1], with: 1), device.zeros([1]))
      func step() throws {
        let tape = Tape()
        let y = try tape.recording {
          try batchNorm2d(
            device.filled([1, 1, 2, 1], with: 3), weight: weight, bias: bias, runningMean: zeros, runningVariance: ones,
            training: false, epsilon: 0)
        }
        try tape.backward(from: y)
      }
      try step()
      #expect(try weight.gradient!.tensor.values() == [6])
      #expect(try bias.gradient!.tensor.values() == [2])
      try step()
      #expect(try weight.gradient!.tensor.values() == [12])
      weight.gradient!.clear()
      try step()
      #expect(try weight.gradient!.tensor.values() == [6])
      #expect(try bias.gradient!.tensor.values() == [6])
    }
  }

  /// A weight that is itself computed gets its gradient through the tape.
  @Test func computedWeightsGetGradients() throws {
    try TestDevices.cpu.use { device in
      let (weight, ones) = try (device.filled([1], with: 2), device.filled([1], with: 1))
      let result = try gradient(of: weight) {
        try batchNorm2d(
          device.filled([1, 1, 2, 1], with: 3), weight: activation(weight, .leakyReLU(negativeSlope: 0)), bias: ones,
          runningMean: device.zeros([1]), runningVariance: ones, training: false, epsilon: 0)
      }
      #expect(try result.dx.values() == [6])
    }
  }

  @Test func tapesNest() throws {
    try TestDevices.cpu.use { device in
      let x = try device.tensor([1], [2])
      let (outer, inner) = (Tape(), Tape())
      var dx: [Float] = []
      outer.record(x) { dx = try $0.values() }
      let y = try outer.recording {
        _ = try inner.recording { try activation(x, .sigmoid) }
        return try add(x, x)
      }
      try outer.backward(from: y)
      #expect(dx == [2])
    }
  }
}
