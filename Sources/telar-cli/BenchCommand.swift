import ArgumentParser
import Benchmarks
import StudyNetworks
import Telar

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how fast a device trains and multiplies.",
    subcommands: [BenchTrainCommand.self, BenchGemmCommand.self, BenchOpsCommand.self])
}

struct BenchTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Images per second of a training step of eight networks.",
    discussion: """
      A step gathers a batch of Fashion-MNIST, runs forward, loss and backward, and updates with Adam. Ten steps warm \
      up before those that are timed.

      NETWORKS
        \(BenchmarkNetwork.all.map(\.name).joined(separator: "\n  "))
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Networks to measure; all of them when none is named.", valueName: "name"))
  var net: [String] = []

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

  private func networks() throws -> [BenchmarkNetwork] {
    try (net.isEmpty ? BenchmarkNetwork.all.map(\.name) : net).map { name in
      guard let network = BenchmarkNetwork.all.first(where: { $0.name == name.lowercased() }) else {
        let known = BenchmarkNetwork.all.map(\.name).joined(separator: ", ")
        throw ValidationError("no network is named '\(name)'. There are: \(known).")
      }
      return network
    }
  }

  func validate() throws {
    _ = try networks()
    guard 1...Self.largestBatch ~= batchSize else {
      throw ValidationError("--batch-size \(batchSize) is not 1 to \(Self.largestBatch)")
    }
    guard 1...1_000_000 ~= steps else { throw ValidationError("--steps \(steps) is not 1 to 1000000") }
  }

  func run() throws {
    let data = try data.load()
    guard batchSize <= data.validation.count else {
      throw UsageError("--batch-size \(batchSize) is more than the \(data.validation.count) images of the data set")
    }
    let device = try device.open()
    let images = try DeviceImages(data.validation, on: device)
    if !json { Console.result("network               images/s   ms/step      loss  launches/step") }
    for network in try networks() {
      if profile { device.profiler = Profiler() }
      let result = try TrainBenchmark.run(network, batch: batchSize, steps: steps, images: images, on: device)
      Console.result(json ? JSON.object(result.json).text : result.line)
      if let profiler = device.profiler { ProfileReport(profiler.report).show(asJSON: json) }
    }
  }
}

extension TrainResult {
  fileprivate var json: JSON.Members {
    [
      "net": .string(net), "device": .string(device), "driver": .string(driver), "isa": .string(instructionSet),
      "threads": .integer(threads), "batch": .integer(batch), "steps": .integer(steps),
      "images_per_s": .rounded(imagesPerSecond, 1), "ms_per_step": .rounded(millisecondsPerStep, 3),
      "loss": .rounded(loss, 6), "launches_per_step": .rounded(launchesPerStep, 2),
      "allocations_per_step": .rounded(allocationsPerStep, 2),
      "synchronisations_per_step": .rounded(synchronizationsPerStep, 2), "version": .string(telarVersion),
    ]
  }

  fileprivate var line: String {
    Column.left(net, 20) + Column.right(imagesPerSecond, 10, decimals: 0)
      + Column.right(millisecondsPerStep, 10, decimals: 3) + Column.right(loss, 10, decimals: 5)
      + Column.right(launchesPerStep, 15, decimals: 1)
  }
}

struct BenchGemmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gemm",
    abstract: "GFLOP/s of square matrix products, and the fraction of the device's multiply-add peak.")

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Rows and columns of the matrices.", valueName: "n"))
  var sizes: [Int] = GemmBenchmark.defaultSizes

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print one JSON object a line.")
  var json = false

  /// 16,384² floats are 1 GiB, and a product of that size takes minutes on a small machine.
  private static let largestSize = 16_384

  func validate() throws {
    for size in sizes where !(1...Self.largestSize ~= size) {
      throw ValidationError("--sizes \(size) is not 1 to \(Self.largestSize)")
    }
  }

  func run() throws {
    let device = try device.open()
    if !json { Console.result("    m      n      k    GFLOP/s   of peak") }
    try GemmBenchmark.run(sizes: sizes, on: device) { result in
      let line: JSON = .object([
        "m": .integer(result.m), "n": .integer(result.n), "k": .integer(result.k), "device": .string(result.device),
        "gflops": .rounded(result.gflops, 2), "peak_fraction": .rounded(result.peakFraction, 4),
      ])
      let sizes = [result.m, result.n, result.k].map { Column.right(Double($0), 5, decimals: 0) }
      Console.result(
        json
          ? line.text
          : sizes.joined(separator: "  ") + Column.right(result.gflops, 11, decimals: 1)
            + Column.right(result.peakFraction * 100, 8, decimals: 1) + " %")
    }
  }
}

struct BenchOpsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops",
    abstract: "Every pass of the studies' convolutions, and the fraction of what the device could do at most.")

  @OptionGroup var device: DeviceOptions

  @Option(help: ArgumentHelp("Images a batch.", valueName: "count"))
  var batchSize = 100

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    guard 1...10_000 ~= batchSize else { throw ValidationError("--batch-size \(batchSize) is not 1 to 10000") }
  }

  func run() throws {
    let device = try device.open()
    if !json {
      Console.result(
        Column.left("operator", 20) + Column.left("pass", 18) + Column.left("shape", 34)
          + "        ms    GFLOP/s   of roof  launches")
    }
    try OpsBenchmark.run(batch: batchSize, on: device) { result in
      let line: JSON = .object([
        "op": .string(result.op), "pass": .string(result.pass), "shape": .string(result.shape),
        "device": .string(result.device), "seconds": .number(result.seconds), "gflops": .rounded(result.gflops, 2),
        "roof_fraction": .rounded(result.roofFraction, 4), "launches": .integer(result.launches),
      ])
      Console.result(
        json
          ? line.text
          : Column.left(result.op, 20) + Column.left(result.pass, 18) + Column.left(result.shape, 34)
            + Column.right(result.seconds * 1e3, 10, decimals: 3) + Column.right(result.gflops, 11, decimals: 1)
            + Column.right(result.roofFraction * 100, 8, decimals: 1) + " %"
            + Column.right(Double(result.launches), 10, decimals: 0))
    }
  }
}
