import TelarNN
import TestSupport
import Testing

/// Weights are packed once for evaluations, and anew when they have changed.
@Suite struct PreparedWeightTests {
  @Test(arguments: TestDevices.cpus + TestDevices.openCL)
  func evaluationsPackOnceAndSeeEachChange(_ on: TestDevice) throws {
    try on.use { device in
      func network() throws -> Network {
        try Network(on: device, inputShape: [6, 6, 16], seed: 3) {
          Part("part") {
            Conv2d(16, 16, kernelSize: 3, padding: 1); ReLU(); Conv2d(16, 8, kernelSize: 2); Flatten()
          }
          Part("head") { Linear(200, 3) }
        }
      }
      var random = SeededGenerator(seed: 1)
      let x = try device.tensor([40, 6, 6, 16], random.gaussians([40, 6, 6, 16]).floats)
      let labels = try device.labels((0..<40).map { Int32($0 % 3) })
      let used = try network()
      func evaluated() throws -> (values: [Float], launches: Int) {
        let before = device.counters.launches
        let values = try used(x).values()
        return (values, device.counters.launches - before)
      }
      let first = try evaluated(), second = try evaluated()
      #expect(second.launches == first.launches - 2 && second.values == first.values)

      let step = try TrainingStep(used, SGD(learningRate: 0.1))
      try step { mode in try crossEntropy(used(x, mode), labels: labels) }
      let trained = try evaluated()
      #expect(trained.launches == first.launches && trained.values != first.values)
      // The same values in a network that has prepared nothing.
      let fresh = try network()
      for part in ["part", "head"] { try fresh.copyPart(part, from: used) }
      #expect(try fresh(x).values() == trained.values)

      let bias = try #require(used.parameters.first { $0.key == "part.0.bias" })
      try bias.write([Float](repeating: 5, count: 16))
      #expect(try evaluated().values != trained.values)
      try bias.write(try #require(fresh.parameters.first { $0.key == "part.0.bias" }).values())
      #expect(try evaluated().values == trained.values)
    }
  }
}
