import TelarNN
import TestSupport
import Testing

@Suite struct InitializerTests {
  /// Weights and biases are uniform in ±1/√fanIn; PyTorch counts the fan-in of a transposed convolution by its outputs.
  @Test(arguments: [
    (Conv2d(6, 64, kernelSize: Pair(3, 5), groups: 2) as any Layer, 3 * 15),
    (ConvTranspose2d(64, 6, kernelSize: Pair(3, 5), groups: 2), 3 * 15), (Linear(300, 200), 300),
  ])
  func defaultsArePyTorchs(layer: any Layer, fanIn: Int) throws {
    let bound = 1 / Double(fanIn).squareRoot()
    for spec in layer.parameters {
      let values = spec.initializer.values(count: 20_000, seed: 3, key: spec.name).map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
      #expect(values.allSatisfy { abs($0) <= bound * 1.000001 } && values.contains { abs($0) > 0.999 * bound })
      #expect(abs(mean) < 0.02 * bound && abs(variance / (bound * bound / 3) - 1) < 0.03, "\(spec.name)")
    }
  }

  @Test func aLayerWithoutBiasHasNone() {
    #expect(Conv2d(1, 2, kernelSize: 3, bias: false).parameters.map(\.name) == ["weight"])
    #expect(Linear(1, 2, bias: false).parameters.map(\.name) == ["weight"])
    #expect(BatchNorm2d(2).parameters.map(\.name) == ["weight", "bias", "running_mean", "running_var"])
  }

  /// Known numbers: a change of the generator would change every run.
  @Test func theNumbersStay() {
    let values = Initializer.uniform(bound: 1).values(count: 3, seed: 1, key: "encoder.0.weight")
    #expect(values == [0.76565564, 0.81269586, 0.8458586], "\(values)")
  }

  /// Alike on every device and in every network in which a part stands; different for another seed, layer or name.
  @Test(arguments: TestDevices.all) func valuesDependOnSeedAndNameOnly(_ on: TestDevice) throws {
    let encoder = Part("encoder") {
      Conv2d(1, 4, kernelSize: 3)
      Conv2d(4, 4, kernelSize: 3)
      Conv2d(4, 4, kernelSize: 3)
      BatchNorm2d(4)
    }
    try on.use { device in
      let alone = try Network(on: device, inputShape: nil, seed: 5) { encoder }
      let among = try Network(on: device, inputShape: nil, seed: 5) {
        Part("first") { Linear(2, 3) }
        encoder.frozen()
      }
      let other = try Network(on: device, inputShape: nil, seed: 6) { encoder }
      for parameter in alone.parameters {
        let values = try parameter.values()
        let spec = parameter.spec
        #expect(values == spec.initializer.values(count: spec.count, seed: 5, key: parameter.key))
        #expect(try values == among.parameters.first { $0.key == parameter.key }!.values())
        if case .uniform = spec.initializer {
          #expect(try values != other.parameters.first { $0.key == parameter.key }!.values())
        }
      }
      let weights = try alone.parameters.filter { $0.spec.shape == [4, 4, 3, 3] }.map { try $0.values() }
      #expect(weights.count == 2 && weights[0] != weights[1])
      #expect(
        try alone.parameters.suffix(4).map { try $0.values() }.flatMap { $0 }.map(Int.init)
          == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    }
  }
}
