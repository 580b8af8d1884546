import Tensors
import TestSupport
import Testing

/// ReLU, dropout and max-pooling as one operator against the three one after the other: the same bits, forward and back.
@Suite struct PoolFusionTests {
  /// The last three have as many elements in two lines as a work-item keeps numbers of the mask for, or almost, with lines
  /// that begin anywhere in a group of numbers, or more.
  private static let shapes = [
    [3, 7, 6, 5], [2, 4, 4, 16], [1, 9, 5, 33], [2, 3, 64, 64], [3, 5, 63, 65], [1, 3, 64, 65],
  ]

  @Test(
    arguments: TestDevices.all,
    [PoolGeometry(kernelSize: 2), PoolGeometry(kernelSize: 3), PoolGeometry(kernelSize: 3, stride: 2, padding: 1)])
  func isReLUThenDropoutThenMaxPooling(_ on: TestDevice, geometry: PoolGeometry) throws {
    try on.use { device in
      for (seed, shape) in Self.shapes.enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let x = random.gaussians(shape)
        let key = DropoutKey(seed: 7, layer: 1, step: UInt32(seed))
        // An activation first, so that the gradient goes through the tape and not only into the input's slot.
        func run(_ body: (Tensor) throws -> Tensor) throws -> (y: [Float], dx: [Float]) {
          let size = geometry.outputSize(of: Pair(shape[1], shape[2]))
          var dyRandom = SeededGenerator(seed: 99)
          let dy = dyRandom.gaussians([shape[0], size.height, size.width, shape[3]])
          let run = try GradientRun(on: device, [x], dy: dy) {
            try body(activation($0[0], .leakyReLU(negativeSlope: 0.5)))
          }
          let results = (try run.output.values(), try run.gradients[0].values())
          try run.checkCanaries(TestCase(device, "reluDropoutMaxPool2d \(shape)", seed: UInt64(seed)))
          return results
        }
        let fused = try run { try Joined.reluDropoutMaxPool2d($0, geometry, probability: 0.3, key: key) }
        let apart = try run { try maxPool2d(dropout(activation($0, .relu), probability: 0.3, key: key), geometry) }
        #expect(fused.y == apart.y)
        #expect(fused.dx == apart.dx)
        #expect(fused.dx.contains { $0 != 0 } && fused.dx.contains(0))
      }
    }
  }
}
