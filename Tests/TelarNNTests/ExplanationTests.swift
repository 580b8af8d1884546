import TelarNN
import TelarStudies
import TestSupport
import Testing

/// What `telar explain` says against what a device does.
@Suite struct ExplanationTests {
  /// The launches of a step of training, which are the same at each step but for those that the first one makes once.
  private func launches(_ network: BenchmarkNetwork, on device: any Device, batch: Int) throws -> Int {
    let model = try Network(network.architecture, on: device, inputShape: BenchmarkNetwork.inputShape, seed: 1)
    let step = try TrainingStep(model, Adam())
    let x = try device.zeros([batch] + BenchmarkNetwork.inputShape)
    let labels = try device.labels([Int32](repeating: 0, count: batch))
    let before = device.counters.launches
    try step(repeating: 0) { mode in try network.loss(model(x, mode), images: x, labels: labels) }
    return device.counters.launches - before
  }

  @Test(arguments: TestDevices.all) func launchesAreThoseOfTheDevice(_ on: TestDevice) throws {
    try on.use { device in
      for network in BenchmarkNetwork.all {
        let explanation = try Explanation(
          network.architecture, inputShape: BenchmarkNetwork.inputShape, batch: 34, loss: network.loss,
          on: device.properties)
        #expect(try explanation.launches == launches(network, on: device, batch: 34), "\(network.name)")
      }
    }
  }

  /// Every layer is in one step, every step has a forward pass, and what trains has gradients.
  @Test(arguments: BenchmarkNetwork.all.map(\.name), ["gpu", "cpu:baseline"])
  func everyLayerIsExplained(_ name: String, _ device: String) throws {
    guard let properties = DeviceProperties.typical(device) else { return }
    let network = try #require(BenchmarkNetwork.all.first { $0.name == name })
    let explanation = try Explanation(
      network.architecture, inputShape: BenchmarkNetwork.inputShape, batch: 100, loss: network.loss, on: properties)
    #expect(
      explanation.layers.map(\.name)
        == network.architecture.parts.flatMap { part in
          part.layers.layers.indices.map { "\(part.name).\($0)" }
        })
    for (index, step) in explanation.steps.enumerated() {
      let layers = explanation.layers.filter { $0.step == index }
      #expect(layers.map(\.name) == step.layers)
      let isView = layers.allSatisfy { ["Flatten", "Unflatten"].contains($0.module) }
      #expect(isView || step.passes.contains { $0.role == "forward" }, "\(step.layers)")
      if layers.contains(where: { $0.parameters > 0 }) {
        #expect(step.passes.contains { $0.role.hasSuffix("gradient") }, "\(step.layers)")
      }
      #expect(layers.count == 1 || step.pattern != nil)
    }
    #expect(explanation.trainableParameters == explanation.parameters && explanation.rest.count > 0)
    if device == "gpu" {
      let routes = explanation.steps.flatMap(\.passes).filter { $0.kernels.contains { $0.name.hasPrefix("conv2d_") } }
      #expect(routes.allSatisfy { $0.route == "local-tile" })
    }
  }

  @Test func productsAreCountedAndFrozenPartsHaveNoGradients() throws {
    let architecture = Architecture {
      Part("encoder", isFrozen: true) {
        Conv2d(1, 4, kernelSize: 3); ReLU(); MaxPool2d(2); Flatten()
      }
      Part("classifier") {
        Dropout(0.5); Linear(4 * 13 * 13, 10)
      }
    }
    let gpu = try #require(DeviceProperties.typical("gpu"))
    let explanation = try Explanation(architecture, inputShape: [28, 28, 1], batch: 8, loss: .classification, on: gpu)
    #expect(explanation.layers.map(\.parameters) == [40, 0, 0, 0, 0, 6770])
    #expect(explanation.trainableParameters == 6770 && explanation.parameters == 6810)
    #expect(explanation.layers[0].multiplyAdds == 26 * 26 * 4 * 9 && explanation.layers[5].multiplyAdds == 6760)
    #expect(explanation.steps.prefix(3).flatMap(\.passes).allSatisfy { $0.role == "forward" })
    let inUse = try Explanation(architecture, inputShape: [28, 28, 1], batch: 8, loss: nil, on: gpu)
    #expect(inUse.layers[4].step == nil && inUse.rest.isEmpty && inUse.launches < explanation.launches)
  }
}
