import TelarNN
import TestSupport
import Testing

@Suite struct TrainingStepTests {
  private static func network(on device: any Device) throws -> Network {
    try Network(on: device, inputShape: [8, 8, 1], seed: 1) {
      NetworkTests.encoder
      NetworkTests.classifier
    }
  }

  /// A steady step makes no buffer, waits for nothing, and launches the same kernels every time.
  @Test(arguments: TestDevices.all) func aSteadyStepAllocatesNothing(_ on: TestDevice) throws {
    try on.use { device in
      let network = try Self.network(on: device)
      let (x, labels) = try NetworkTests.batch(on: device)
      let train = try TrainingStep(network, Adam())
      let metrics = try RunningMetrics(on: device)
      func step() throws {
        try train { mode in try crossEntropy(network(x, mode), labels: labels, metrics: metrics) }
      }
      for _ in 0..<3 { try step() }
      try device.synchronize()
      var launches: [Int] = []
      let before = device.counters
      for _ in 0..<5 {
        let start = device.counters.launches
        try step()
        launches.append(device.counters.launches - start)
      }
      #expect(device.counters.allocations == before.allocations)
      #expect(device.counters.synchronizations == before.synchronizations)
      #expect(Set(launches).count == 1, "\(launches)")
      #expect(try metrics.values().examples == 8 * 6)
    }
  }

  /// Batches of different sizes leave gradients in parts of different layouts, which an optimizer adds up to the bits that
  /// they have when they are added up before it.
  @Test(arguments: TestDevices.tile) func layoutsOfPartsChange(_ on: TestDevice) throws {
    try on.use { device in
      func run(addsUpBefore: Bool) throws -> (bits: [[UInt32]], layouts: Set<[Int]>) {
        let network = try Network(on: device, inputShape: [3, 3, 1], seed: 1) {
          Part("classifier") {
            Flatten()
            Linear(9, 8)
            ReLU()
            Linear(8, 3)
          }
        }
        let tape = Tape(), state = try OptimizerState(Adam(), for: network)
        var random = SeededGenerator(seed: 5), layouts: Set<[Int]> = []
        for (step, batch) in [2400, 4, 2400, 300, 4].enumerated() {
          let x = try device.tensor([batch, 3, 3, 1], random.gaussians([batch, 3, 3, 1]).floats)
          let labels = try device.labels((0..<batch).map { Int32($0 % 3) })
          network.clearGradients()
          let loss = try tape.recording { try crossEntropy(network(x, .training(step: step)), labels: labels) }
          try tape.backward(from: loss)
          let slots = network.parameters.map { $0.tensor.gradient! }
          layouts.insert(slots.map { $0.parts?.place.count ?? 1 })
          if addsUpBefore { for slot in slots { _ = try slot.tensor } }
          try state.update()
        }
        return (try network.parameters.map { try $0.values().map(\.bitPattern) }, layouts)
      }
      let summed = try run(addsUpBefore: false)
      #expect(summed.layouts.count > 1)
      let isSame = try summed.bits == run(addsUpBefore: true).bits
      #expect(isSame)
    }
  }

  /// Run twice, the same bits; stopped, saved and resumed, the same bits too.
  @Test(arguments: TestDevices.all) func runsAreRepeatableAndResumable(_ on: TestDevice) throws {
    let folder = try TemporaryFolder()
    try on.use { device in
      let (x, labels) = try NetworkTests.batch(on: device)
      for optimizer in [
        Adam(learningRate: 0.01, weightDecay: 0.01) as any Optimizer, AdamW(learningRate: 0.01),
        SGD(momentum: 0.9, nesterov: true), RMSprop(learningRate: 0.01, momentum: 0.9, isCentered: true),
      ] {
        func steps(_ train: TrainingStep, _ count: Int) throws {
          for _ in 0..<count { try train { mode in try crossEntropy(train.network(x, mode), labels: labels) } }
        }
        func state(_ train: TrainingStep) throws -> [[Float]] { try train.network.parameters.map { try $0.values() } }
        let through = try TrainingStep(Self.network(on: device), optimizer)
        try steps(through, 6)

        let first = try TrainingStep(Self.network(on: device), optimizer)
        try steps(first, 3)
        var writer = SafetensorsWriter()
        try first.network.add(to: &writer)
        try first.optimizerState.add(to: &writer)
        try writer.write(to: folder.path + "/run.safetensors")
        try steps(first, 3)
        #expect(try state(first) == state(through))

        let file = try SafetensorsFile(folder.path + "/run.safetensors")
        let second = try TrainingStep(Network(checkpoint: file, on: device, inputShape: [8, 8, 1], seed: 1), optimizer)
        try second.optimizerState.load(from: file)
        second.step = 3
        try steps(second, 3)
        #expect(try state(second) == state(through))
      }
    }
  }

  /// Adam, AdamW and SGD over a network are the oracle's, each parameter for itself.
  @Test(arguments: TestDevices.all) func optimizersFollowTheOracle(_ on: TestDevice) throws {
    try on.use { device in
      let adam = Adam(learningRate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1)
      let sgd = SGD(learningRate: 0.05, momentum: 0.7, nesterov: true, weightDecay: 0.1)
      let adamW = AdamW(learningRate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.5)
      for optimizer in [adam as any Optimizer, adamW, sgd] {
        let network = try Network(on: device, inputShape: nil, seed: 3) { Part("a") { Linear(3, 5) } }
        let state = try OptimizerState(optimizer, for: network)
        var random = SeededGenerator(seed: 8)
        for parameter in network.parameters {
          let gradients = (0..<4).map { _ in random.gaussians(parameter.spec.shape) }
          let start = try parameter.values().map(Double.init)
          for gradient in gradients {
            network.clearGradients()
            try Self.setGradient(gradient.floats, of: parameter)
            // The other parameter has none: it must stay, and not count the step.
            try state.update()
          }
          let history = gradients.map(\.values)
          let expected =
            optimizer is SGD
            ? Oracle.sgd(
              start, gradients: history, learningRate: 0.05, momentum: 0.7, nesterov: true, weightDecay: 0.1)
            : Oracle.adam(
              start, gradients: history, learningRate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-6,
              weightDecay: optimizer is AdamW ? 0.5 : 0.1, isDecoupled: optimizer is AdamW)
          expectClose(
            try parameter.values(), OracleTensor(parameter.spec.shape, expected),
            .within(absolute: 1e-6, relative: 4e-6), TestCase(device, "\(type(of: optimizer).name) \(parameter.key)"))
        }
      }
    }
  }

  /// Writes a gradient as the backward pass would.
  private static func setGradient(_ values: [Float], of parameter: Parameter) throws {
    let slot = parameter.tensor.gradient!
    try slot.tensor.buffer.write(parameter.spec.layout.values(fromPyTorch: values, shape: parameter.spec.shape))
    _ = try slot.claim()
  }

  @Test func parametersWithoutAGradientStay() throws {
    try TestDevices.cpu.use { device in
      let network = try Network(on: device, inputShape: nil, seed: 3) {
        Part("used") { Linear(64, 3) }
        Part("unused") { Linear(64, 3) }
      }
      let (_, labels) = try NetworkTests.batch(on: device)
      let x = try device.filled([6, 64], with: 1)
      let train = try TrainingStep(network, Adam(weightDecay: 1))
      let before = try network.parameters.map { try $0.values() }
      // First a step of both parts, so that a stale gradient is there; then of one.
      try train { mode in
        try crossEntropy(add(network[part: "used"](x, mode), network[part: "unused"](x, mode)), labels: labels)
      }
      let middle = try network.parameters.map { try $0.values() }
      try train { mode in try crossEntropy(network[part: "used"](x, mode), labels: labels) }
      let after = try network.parameters.map { try $0.values() }
      for (index, parameter) in network.parameters.enumerated() {
        #expect(middle[index] != before[index])
        #expect((after[index] == middle[index]) == (parameter.part == "unused"), "\(parameter.key)")
      }
    }
  }

  @Test func theScheduleSetsTheLearningRate() throws {
    try TestDevices.cpu.use { device in
      let network = try Network(on: device, inputShape: nil, seed: 3) { Part("a") { Linear(64, 3) } }
      let (_, labels) = try NetworkTests.batch(on: device)
      let x = try device.filled([6, 64], with: 1)
      let train = try TrainingStep(network, SGD(learningRate: 1)) { step in step == 1 ? 0 : 0.5 }
      var changes: [Bool] = []
      for _ in 0..<3 {
        let before = try network.parameters[0].values()
        try train { mode in try crossEntropy(network(x, mode), labels: labels) }
        changes.append(try network.parameters[0].values() != before)
      }
      #expect(changes == [true, false, true])
    }
  }
}
