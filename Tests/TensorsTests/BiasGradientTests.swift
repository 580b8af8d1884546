import Tensors
import TestSupport
import Testing

/// The gradient of a convolution's bias before a batch normalisation: zero in training, where the mean is subtracted, and
/// otherwise the sum over the batch like any other.
@Suite struct BiasGradientTests {
  private static let shape = [3, 4, 5, 2]
  private static let channels = 6

  private enum Behind: CaseIterable {
    case norm, pooledNorm, frozenNorm, normAndSum
  }

  /// The bias's gradient, where x's convolution goes into what is behind it.
  private func gradient(
    on device: any Device, _ behind: Behind, isTransposed: Bool, alreadyThere: Float? = nil
  ) throws -> [Float] {
    var random = SeededGenerator(seed: 3)
    let x = random.gaussians(Self.shape)
    let w = random.gaussians(isTransposed ? [3, 3, Self.channels, 2] : [3, 3, 2, Self.channels])
    let bias = random.gaussians([Self.channels])
    let outShape = behind == .pooledNorm ? [3, 2, 2, Self.channels] : [3, 4, 5, Self.channels]
    let dy = OracleTensor(outShape, (0..<outShape.reduce(1, *)).map { Double($0 % 7 - 2) })
    let run = try GradientRun(on: device, [x, w, bias], dy: dy, alreadyThere: alreadyThere) { inputs in
      let geometry = ConvGeometry(kernelSize: 3, padding: 1)
      let y =
        try isTransposed
        ? convTranspose2d(inputs[0], weight: inputs[1], bias: inputs[2], geometry)
        : conv2d(inputs[0], weight: inputs[1], bias: inputs[2], geometry)
      let ones = try y.device.filled([Self.channels], with: 1), zeros = try y.device.zeros([Self.channels])
      if behind == .pooledNorm {
        return try Joined.batchNorm2dPool2d(
          y, weight: ones, bias: zeros, runningMean: zeros, runningVariance: ones, training: true, .max,
          PoolGeometry(kernelSize: 2))
      }
      let normal = try batchNorm2d(
        y, weight: ones, bias: zeros, runningMean: zeros, runningVariance: ones, training: behind != .frozenNorm,
        epsilon: 0)
      return try behind == .normAndSum ? add(normal, y) : normal
    }
    let values = try run.gradients[2].values()
    try run.checkCanaries(TestCase(device, "bias before \(behind)", seed: 3))
    return values
  }

  /// The sums of dy's channels.
  private var sums: [Float] {
    var sums = [Float](repeating: 0, count: Self.channels)
    for i in 0..<(60 * Self.channels) { sums[i % Self.channels] += Float(i % 7 - 2) }
    return sums
  }

  @Test(arguments: TestDevices.all, [false, true])
  func isZeroBeforeTrainingNorms(_ on: TestDevice, isTransposed: Bool) throws {
    try on.use { device in
      for behind in [Behind.norm, .pooledNorm] {
        let fresh = try gradient(on: device, behind, isTransposed: isTransposed)
        #expect(fresh == [Float](repeating: 0, count: Self.channels))
        let added = try gradient(on: device, behind, isTransposed: isTransposed, alreadyThere: 2)
        #expect(added == [Float](repeating: 2, count: Self.channels))
      }
    }
  }

  @Test(arguments: TestDevices.all, [false, true])
  func isTheSumOtherwise(_ on: TestDevice, isTransposed: Bool) throws {
    try on.use { device in
      // With a running variance of one, a frozen normalisation passes dy on as it is.
      #expect(try gradient(on: device, .frozenNorm, isTransposed: isTransposed) == sums)
      let both = try gradient(on: device, .normAndSum, isTransposed: isTransposed)
      for (value, sum) in zip(both, sums) { #expect(abs(value - sum) < 1e-3) }
    }
  }
}
