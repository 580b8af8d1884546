import TelarBench
import TelarStudies
import Tensors
import TestSupport
import Testing

@Suite struct TunerTests {
  private let perceptron = BenchmarkNetwork.all.filter { $0.name == "molina-mlp" }

  @Test(arguments: TestDevices.all)
  func productsAreThoseOfATrainingStep(_ on: TestDevice) throws {
    try on.use { device in
      let products = try Tuner(device: device).products(of: perceptron, batch: 5)
      #expect(
        Set(products.map(\.product.text)) == [
          "gemm nn 5x128x784", "gemm nn 5x64x128", "gemm nn 5x10x64", "gemm tn 64x10x5", "gemm nt 5x64x10",
          "gemm tn 128x64x5", "gemm nt 5x128x64", "gemm tn 784x128x5",
        ])
      #expect(products.allSatisfy { $0.own.runs(on: device.properties) })
    }
  }

  /// A kernel that is wrong in one element, by NaN or by a little, is never timed, however fast.
  @Test(arguments: [Float.nan, 1e-2])
  func wrongResultsAreRejected(_ error: Float) throws {
    try TestDevices.cpu.use { device in
      var tuner = Tuner(device: device)
      tuner.afterCandidate = { _, output in
        var values = try output.values()
        values[values.count - 1] += error
        try output.buffer.write(values)
      }
      var results: [TunedResult] = []
      let products = try tuner.products(of: perceptron, batch: 5)
      // More than checking takes on the busiest machine; no time goes to timing.
      try tuner.search(products, seconds: 3600) { results.append($0) }
      #expect(results.count == products.count)
      for result in results {
        #expect(result.winner == nil && result.timed == 0 && result.untried == 0, "\(result.product.text)")
        #expect(result.rejected.count == device.properties.registerTiles.count - 1)
        #expect(result.rejected.allSatisfy { $0.reason.contains("and should be") })
      }
    }
  }

  @Test(arguments: TestDevices.cpus)
  func winnersRunAndLosersAreNotKept(_ on: TestDevice) throws {
    try on.use { device in
      let tuner = Tuner(device: device)
      let products = try tuner.products(of: perceptron, batch: 5)
      try tuner.search(products, seconds: 0.3) { result in
        #expect(result.rejected.isEmpty, "\(result.rejected.map(\.reason))")
        #expect(result.winner.map { $0 != result.own && $0.runs(on: device.properties) } ?? true)
        #expect(result.winner == nil ? result.speedUp == 1 : result.speedUp >= 1.03)
      }
      #expect(device.tuning.choices.isEmpty)
    }
  }
}
