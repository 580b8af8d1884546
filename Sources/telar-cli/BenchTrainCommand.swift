import ArgumentParser
import Telar
import TelarBench
import TelarStudies

struct BenchTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Images per second of a training step of eight networks.",
    discussion: """
      A step gathers a batch of Fashion-MNIST, runs forward, loss and backward, and updates with Adam. Ten steps warm \
      up before those that are timed.

      NETWORKS
        \(NetworkOptions.list)
      """)

  @OptionGroup var networks: NetworkOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup var data: DataOptions

  @Option(help: ArgumentHelp("Images a batch.", valueName: "count"))
  var batchSize = 100

  @Option(help: ArgumentHelp("Timed steps.", valueName: "count"))
  var steps = 60

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @Flag(help: "Print how long each kernel took. The times of whole steps are then longer.")
  var profile = false

  private static let largestBatch = 10_000

  func validate() throws {
    guard 1...Self.largestBatch ~= batchSize else {
      throw ValidationError("--batch-size \(batchSize) is not 1 to \(Self.largestBatch)")
    }
    guard 1...1_000_000 ~= steps else { throw ValidationError("--steps \(steps) is not 1 to 1000000") }
  }

  func run() throws {
    let data = try data.load()
    let set = data.test ?? data.measured
    guard set.size == .fashionMNIST else {
      throw UsageError(
        "the networks take images of \(ImageSize.fashionMNIST.text), and \(data.path) has \(set.size.text)")
    }
    guard batchSize <= set.count else {
      throw UsageError("--batch-size \(batchSize) is more than the \(set.count) test images of the data set")
    }
    let device = try device.open()
    let images = try DeviceImages(set, on: device)
    if !json { Console.result("network               images/s   ms/step      loss  launches/step") }
    for network in try networks.chosen() {
      if profile { device.profiler = Profiler() }
      let result = try TrainBenchmark.run(network, batch: batchSize, steps: steps, images: images, on: device)
      Console.result(json ? JSON.object(result.json(device.tuning)).text : result.line)
      if let profiler = device.profiler { ProfileReport(profiler.report).show(asJSON: json) }
    }
  }
}

extension TrainResult {
  fileprivate func json(_ tuning: Tuning) -> JSON.Members {
    [
      "net": .string(net), "device": .string(device), "driver": .string(driver), "isa": .string(instructionSet),
      "threads": .integer(threads), "batch": .integer(batch), "steps": .integer(steps),
      "images_per_s": .rounded(imagesPerSecond, 1), "ms_per_step": .rounded(millisecondsPerStep, 3),
      "loss": .number(loss), "launches_per_step": .rounded(launchesPerStep, 2),
      "allocations_per_step": .rounded(allocationsPerStep, 2),
      "synchronisations_per_step": .rounded(synchronizationsPerStep, 2), "version": .string(telarVersion),
      "tuning": tuning.json,
    ]
  }

  fileprivate var line: String {
    Column.left(net, 20) + Column.right(imagesPerSecond, 10, decimals: 0)
      + Column.right(millisecondsPerStep, 10, decimals: 3) + Column.right(loss, 10, decimals: 5)
      + Column.right(launchesPerStep, 15, decimals: 1)
  }
}
