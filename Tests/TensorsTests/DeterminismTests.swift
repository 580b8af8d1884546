import Tensors
import TestSupport
import Testing

/// The same work twice gives the same bits, on each device and for any number of threads.
@Suite struct DeterminismTests {
  // Runs are compared outside of the expectations, which would look for the differences of long arrays.

  /// Everything that sums, forward and backward, on sizes that are cut into many chunks.
  private func run(on device: any Device) throws -> [UInt32] {
    var random = SeededGenerator(seed: 77)
    func tensor(_ shape: [Int]) throws -> Tensor { try device.tensor(shape, random.gaussians(shape).floats) }
    let x = try tensor([16, 15, 15, 9])
    let (weight, bias) = try (
      parameter(random.gaussians([9]), on: device), parameter(random.gaussians([9]), on: device)
    )
    let (mean, variance) = try (device.zeros([9]), device.filled([9], with: 1))
    let labels = try device.labels((0..<16).map { Int32($0 % 9) })
    let metrics = try RunningMetrics(on: device)
    let result = try gradient(of: x) {
      let y = try batchNorm2d(
        x, weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: true, activation: .tanh)
      let pooled = try maxPool2d(y, PoolGeometry(kernelSize: 3, stride: 2))
      let dropped = try dropout(pooled, probability: 0.3, key: DropoutKey(seed: 5, layer: 1, step: 2))
      let averaged = try avgPool2d(dropped, PoolGeometry(kernelSize: 7))
      let first = try crossEntropy(flatten(averaged), labels: labels, metrics: metrics)
      return try add(first, meanSquaredError(y, x))
    }
    let (images, filters) = try (
      parameter(random.gaussians([9, 7, 8, 16]), on: device), parameter(random.gaussians([3, 3, 16, 32]), on: device)
    )
    let tape = Tape()
    let convolved = try tape.recording { try conv2d(images, weight: filters, bias: nil, ConvGeometry(kernelSize: 3)) }
    try tape.backward(from: convolved, seed: tensor(convolved.shape))
    let columns = try device.tensor([9])
    try columnSum(result.dx, into: columns, accumulate: false)
    let tensors = try [
      result.y, result.dx, weight.gradient!.tensor, bias.gradient!.tensor, mean, variance, columns,
      sum(result.dx), convolved, images.gradient!.tensor, filters.gradient!.tensor,
    ]
    return try tensors.flatMap { try $0.values() }.map(\.bitPattern)
      + [metrics.values().loss].map { Float($0).bitPattern }
  }

  @Test(arguments: TestDevices.all)
  func repeats(_ on: TestDevice) throws {
    try on.use { device in
      let isSame = try run(on: device) == run(on: device)
      #expect(isSame, "on \(on.name)")
    }
  }

  @Test func threadsDoNotMatter() throws {
    let one = try run(on: CPUDevice(threads: 1))
    for threads in [2, 3, 7] {
      let isSame = try run(on: CPUDevice(threads: threads)) == one
      #expect(isSame, "\(threads) threads")
    }
  }
}
