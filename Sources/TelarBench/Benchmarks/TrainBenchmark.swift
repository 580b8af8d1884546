import TelarData
import TelarNN
import TelarStudies
import TelarTraining

/// One line of `telar bench train`.
public struct TrainResult: Sendable {
  public var net: String
  public var device: String
  public var driver: String
  public var instructionSet: String
  public var threads: Int
  public var batch: Int
  public var steps: Int
  /// Over all timed steps, without synchronization between them.
  public var imagesPerSecond: Double
  /// The median of steps that are synchronized one by one.
  public var millisecondsPerStep: Double
  /// The loss of the last timed step.
  public var loss: Double
  public var launchesPerStep: Double
  /// Device buffers created per step, not counting those from the pool.
  public var allocationsPerStep: Double
  public var synchronizationsPerStep: Double
}

/// Times training steps: gather a batch, forward, loss, backward, Adam.
public enum TrainBenchmark {
  /// Untimed steps before, which build kernels and fill the pool.
  public static let warmUpSteps = 10
  /// The most steps that are synchronized one by one.
  private static let singleSteps = 20

  /// Times one network.
  ///
  /// - Parameter images: at least one batch; batches follow in order, wrapping around at the end.
  public static func run(
    _ benchmark: BenchmarkNetwork, batch batchSize: Int, steps: Int, images: DeviceImages, on device: any Device
  ) throws -> TrainResult {
    precondition(batchSize <= images.count, "a batch of \(batchSize) from \(images.count) images")
    let network = try Network(
      benchmark.architecture, on: device, inputShape: BenchmarkNetwork.inputShape, seed: 0)
    let training = try TrainingStep(network, Adam())
    func step() throws -> Tensor {
      let offset = training.step * batchSize % (images.count - batchSize + 1)
      device.stepValues.setBatch(offset)
      return try training(repeating: batchSize) { mode in
        let batch = try images.batch(at: offset, count: batchSize)
        return try benchmark.loss(network(batch.images, mode), images: batch.images, labels: batch.labels)
      }
    }
    // Kept until the next step, here and below, so that the pool then holds all buffers of a step.
    var loss: Tensor?
    for _ in 0..<warmUpSteps { loss = try step() }
    try device.synchronize()
    let before = device.counters
    var after = before
    let seconds = try Stopwatch.time(on: device) {
      for _ in 0..<steps { loss = try step() }
      // Read before the final synchronization, which belongs to no step.
      after = device.counters
    }
    let lastLoss = try Double(loss?.item() ?? .nan)
    let single = try (0..<min(steps, singleSteps)).map { _ in try Stopwatch.time(on: device) { _ = try step() } }
    func perStep(_ count: KeyPath<DeviceCounters, Int>) -> Double {
      Double(after[keyPath: count] - before[keyPath: count]) / Double(steps)
    }
    let properties = device.properties
    return TrainResult(
      net: benchmark.name, device: properties.identifier, driver: properties.driver,
      instructionSet: properties.instructionSet, threads: properties.computeUnits, batch: batchSize, steps: steps,
      imagesPerSecond: Double(steps * batchSize) / seconds, millisecondsPerStep: single.median * 1e3,
      loss: lastLoss, launchesPerStep: perStep(\.launches),
      allocationsPerStep: perStep(\.allocations), synchronizationsPerStep: perStep(\.synchronizations))
  }
}
