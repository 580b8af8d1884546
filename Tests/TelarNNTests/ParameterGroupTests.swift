import Foundation
import TelarIO
import TelarNN
import TestSupport
import Testing

/// Optimizers with other settings for some parameters, clipped gradients, and steps of several batches.
@Suite struct ParameterGroupTests {
  private static let optimizers: [any Optimizer] = [
    Adam(learningRate: 0.02, weightDecay: 0.1), AdamW(learningRate: 0.02, weightDecay: 0.5),
    SGD(learningRate: 0.05, momentum: 0.7, weightDecay: 0.1), RMSprop(learningRate: 0.01, weightDecay: 0.1),
  ]
  private static let groups = [
    ParameterGroup.noDecayOfVectors, ParameterGroup(["second.*"], ["learning_rate": .number(0.004)]),
  ]

  private static func network(on device: any Device) throws -> Network {
    try Network(on: device, inputShape: [8, 8, 1], seed: 3) {
      Part("first") {
        Conv2d(1, 4, kernelSize: 3, stride: 2)
        BatchNorm2d(4)
        ReLU()
        Flatten()
      }
      Part("second") {
        Linear(36, 6)
        Linear(6, 5)
      }
    }
  }

  private static func batch(on device: any Device, count: Int = 12) throws -> (x: Tensor, labels: LabelTensor) {
    var random = SeededGenerator(seed: 4)
    let images = random.gaussians([count, 8, 8, 1])
    return (
      try device.tensor(images.shape, images.floats), try device.labels((0..<count).map { Int32($0 % 5) })
    )
  }

  private static func bits(_ network: Network) throws -> [String: [UInt32]] {
    try network.parameters.reduce(into: [:]) { $0[$1.key] = try $1.values().map(\.bitPattern) }
  }

  /// Each parameter goes the way that it goes in a network which has its settings throughout: a step changes it by its own
  /// gradient, and one step is taken, so that the gradients are the same.
  @Test(arguments: TestDevices.all) func `groups have their own settings`(_ on: TestDevice) throws {
    try on.use { device in
      let (x, labels) = try Self.batch(on: device)
      for optimizer in Self.optimizers {
        func step(_ optimizer: any Optimizer, _ groups: [ParameterGroup], factor: Double = 1) throws -> [String:
          [UInt32]]
        {
          let network = try Self.network(on: device)
          let rate = optimizer.learningRate
          let train = try TrainingStep(network, optimizer, groups: groups) { _ in rate * factor }
          try train { mode in try crossEntropy(network(x, mode), labels: labels) }
          return try Self.bits(network)
        }
        let grouped = try step(optimizer, Self.groups, factor: 0.5)
        for (key, spec) in try Self.network(on: device).parameters.filter(\.isTrainable).map({ ($0.key, $0.spec) }) {
          var settings: JSON.Members = [:]
          if spec.shape.count == 1 { settings["weight_decay"] = .number(0) }
          if key.hasPrefix("second") { settings["learning_rate"] = .number(0.004) }
          let alone = try step(optimizer.with(settings), [], factor: 0.5)
          #expect(grouped[key] == alone[key], "\(type(of: optimizer).name) \(key)")
        }
      }
    }
  }

  @Test(arguments: TestDevices.all) func `a group that changes nothing changes no bit`(_ on: TestDevice) throws {
    try on.use { device in
      let (x, labels) = try Self.batch(on: device)
      func run(_ groups: [ParameterGroup]) throws -> ([String: [UInt32]], launches: Int) {
        let network = try Self.network(on: device)
        let train = try TrainingStep(network, Adam(learningRate: 0.02), groups: groups)
        for _ in 0..<3 { try train { mode in try crossEntropy(network(x, mode), labels: labels) } }
        let before = device.counters.launches
        try train { mode in try crossEntropy(network(x, mode), labels: labels) }
        return (try Self.bits(network), device.counters.launches - before)
      }
      let plain = try run([])
      let grouped = try run([ParameterGroup([ParameterGroup.vectors], ["weight_decay": .number(0)])])
      #expect(plain.0 == grouped.0)
      // The vectors lie side by side: one launch more.
      #expect(grouped.launches == plain.launches + 1)
    }
  }

  @Test func `names match with stars`() throws {
    func matched(_ names: String...) throws -> [String] {
      let network = try Self.network(on: CPUDevice())
      let trained = network.parameters.filter(\.isTrainable).map { (key: $0.key, spec: $0.spec) }
      let (_, group) = try Adam().grouped(by: [ParameterGroup(names, ["epsilon": .number(1)])], trained)
      return zip(trained, group).filter { $0.1 == 1 }.map(\.0.key)
    }
    #expect(try matched("first.0.weight") == ["first.0.weight"])
    #expect(try matched("*.bias") == ["first.0.bias", "first.1.bias", "second.0.bias", "second.1.bias"])
    #expect(try matched("second*") == ["second.0.weight", "second.0.bias", "second.1.weight", "second.1.bias"])
    #expect(try matched("*0*t") == ["first.0.weight", "second.0.weight"])
    #expect(
      try matched(ParameterGroup.vectors)
        == ["first.0.bias", "first.1.weight", "first.1.bias", "second.0.bias", "second.1.bias"])
    #expect(throws: AttributeError.self) { try matched("third.*") }
    #expect(throws: AttributeError.self) { try matched("econd.0.bias") }
  }

  @Test func `settings that an optimizer lacks are refused`() throws {
    func problem(_ optimizer: any Optimizer, _ settings: JSON.Members) throws -> String {
      let error = #expect(throws: AttributeError.self) {
        try OptimizerState(
          optimizer, groups: [ParameterGroup(["*"], settings)], for: Self.network(on: CPUDevice()))
      }
      return "\(error as Any)"
    }
    #expect(try problem(Adam(), ["momentum": .number(0.9)]).contains("no keyword is named \"momentum\""))
    #expect(try problem(Adam(), ["beta1": .number(2)]).contains("beta1 must be a number from 0 to below 1"))
    #expect(try problem(SGD(), ["momentum": .number(0.9)]).contains("keeps momentum_buffer"))
  }

  /// A clipped step is one of gradients that were scaled by hand.
  @Test(arguments: TestDevices.all) func `clipped gradients are scaled`(_ on: TestDevice) throws {
    try on.use { device in
      let (x, labels) = try Self.batch(on: device)
      func run(limit: Double?, rate: Double) throws -> (network: Network, norm: Double) {
        let network = try Self.network(on: device)
        let train = try TrainingStep(network, SGD(learningRate: rate))
        train.optimizerState.clipNorm = limit
        let before = try network.parameters.map { try $0.values() }
        try train { mode in try crossEntropy(network(x, mode), labels: labels) }
        var squares = 0.0
        for (parameter, before) in zip(network.parameters, before) where parameter.isTrainable {
          for (a, b) in zip(try parameter.values(), before) { squares += pow(Double(a) - Double(b), 2) }
        }
        return (network, squares.squareRoot() / rate)
      }
      let free = try run(limit: nil, rate: 1)
      let clipped = try run(limit: free.norm / 4, rate: 1)
      #expect(abs(clipped.norm / (free.norm / 4) - 1) < 1e-4)
      let slower = try run(limit: nil, rate: 0.25)
      for (a, b) in zip(clipped.network.parameters, slower.network.parameters) {
        try expectClose(
          a.values(), OracleTensor(a.spec.shape, b.values().map(Double.init)), .within(absolute: 1e-6, relative: 1e-5),
          TestCase(device, a.key))
      }
      let loose = try run(limit: free.norm * 2, rate: 1)
      #expect(try Self.bits(loose.network) == Self.bits(free.network))
    }
  }

  /// Gradients of batches, added up by their shares, are those of one large batch.
  @Test(arguments: TestDevices.all) func `a step of several batches is one of their images`(_ on: TestDevice) throws {
    try on.use { device in
      let (x, labels) = try Self.batch(on: device, count: 12)
      func network() throws -> Network {
        try Network(on: device, inputShape: [8, 8, 1], seed: 3) {
          Part("only") {
            Conv2d(1, 4, kernelSize: 3)
            ReLU()
            MaxPool2d(2)
            Flatten()
            Linear(36, 5)
          }
        }
      }
      let whole = try network(), parts = try network()
      let wholeStep = try TrainingStep(whole, SGD(learningRate: 1)),
        partStep = try TrainingStep(parts, SGD(learningRate: 1))
      let images = try x.values(), classes = try labels.values()
      for _ in 0..<2 {
        try wholeStep { mode in try crossEntropy(whole(x, mode), labels: labels) }
        let ranges = [0..<5, 5..<10, 10..<12]
        try partStep(accumulating: ranges.map { Double($0.count) / 12 }) { batch, mode in
          let range = ranges[batch]
          let part = try device.tensor(
            [range.count, 8, 8, 1], Array(images[range.lowerBound * 64..<range.upperBound * 64]))
          return try crossEntropy(parts(part, mode), labels: device.labels(Array(classes[range])))
        }
      }
      for (a, b) in zip(parts.parameters, whole.parameters) {
        try expectClose(
          a.values(), OracleTensor(a.spec.shape, b.values().map(Double.init)), .within(absolute: 2e-6, relative: 2e-5),
          TestCase(device, a.key))
      }
      #expect(partStep.step == 2)
    }
  }

  /// What a step of several batches needs beside them is made once.
  @Test(arguments: TestDevices.all) func `a steady step of several batches allocates nothing`(_ on: TestDevice) throws {
    try on.use { device in
      let network = try Self.network(on: device)
      let (x, labels) = try Self.batch(on: device)
      let train = try TrainingStep(network, Adam(learningRate: 0.01), groups: Self.groups)
      train.optimizerState.clipNorm = 1
      func step() throws {
        try train(accumulating: [0.25, 0.75]) { _, mode in try crossEntropy(network(x, mode), labels: labels) }
      }
      for _ in 0..<3 { try step() }
      let before = device.counters
      for _ in 0..<3 { try step() }
      #expect(device.counters.allocations == before.allocations)
      #expect(device.counters.synchronizations == before.synchronizations)
    }
  }
}
