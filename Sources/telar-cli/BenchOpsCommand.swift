import ArgumentParser
import Telar
import TelarBench
import TelarStudies

struct BenchOpsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops",
    abstract: "Every operator of eight networks, forward and gradients, and its share of what the device could do.",
    discussion: """
      Operators and shapes are those of training steps, each once, merged as training merges them; gemm is the matrix \
      product that a convolution amounts to. "net ms" is the measured time less that of as many empty launches, and \
      the figures behind it are of the net time; where less than a tenth is left they are missing.

      The roof is min(peak, FLOPs / (bytes of inputs and outputs once) × copy bandwidth), or the copy bandwidth for \
      operators that only move data. Peak and bandwidth are measured before and after each operator, and the higher \
      counts. What fits the caches can be faster than a copy and exceed 100 %, and so can convolutions that take fewer \
      products than the plain sum, whose FLOPs are counted.

      With --json there is one object a line, and a summary in the end; telar bench compare holds two such files \
      against each other.

      OPERATORS
        \(Self.operators.joined(separator: "\n  "))

      NETWORKS
        \(NetworkOptions.list)
      """)

  /// The operators of the networks.
  private static let operators = OpCase.list().map(\.op).reduce(into: [String]()) { names, name in
    if names.last != name { names.append(name) }
  }

  @OptionGroup var networks: NetworkOptions

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Operators to measure, or parts of joined ones; all of them when none is named.", valueName: "name"),
    completion: .list(operators))
  var op: [String] = []

  @OptionGroup var device: DeviceOptions

  @Option(help: ArgumentHelp("Images a batch.", valueName: "count"))
  var batchSize = 100

  @Flag(help: "Print one JSON object a line.")
  var json = false

  private func cases() throws -> [OpCase] {
    let all = OpCase.list(of: try networks.chosen())
    if op.isEmpty { return all }
    for name in op where !OpCase.list().contains(where: { $0.isNamed(name.lowercased()) }) {
      throw ValidationError(UsageError.unknown("operator", name, known: Self.operators).description)
    }
    let chosen = all.filter { test in op.contains { test.isNamed($0.lowercased()) } }
    guard !chosen.isEmpty else { throw ValidationError("no network named has \(op.joined(separator: " or "))") }
    return chosen
  }

  func validate() throws {
    _ = try cases()
    guard 1...10_000 ~= batchSize else { throw ValidationError("--batch-size \(batchSize) is not 1 to 10000") }
  }

  func run() throws {
    let cases = try cases()
    let device = try device.open()
    if !json { Console.result(OpResult.header) }
    let summary = try OpsBenchmark.run(cases, batch: batchSize, on: device) { result in
      Console.result(json ? JSON.object(result.json).text : result.line)
    }
    if json {
      Console.result(JSON.object(["summary": .object(summary.json)]).text)
    } else {
      summary.lines.forEach(Console.result)
    }
  }
}

extension OpResult {
  fileprivate var json: JSON.Members {
    [
      "op": .string(op), "pass": .string(pass), "shape": .string(shape),
      "networks": .array(networks.map { .string($0) }), "device": .string(device),
      "seconds": .rounded(seconds, 10), "net_seconds": .rounded(netSeconds, 10),
      "gflops": .rounded(gflops, 2), "gbytes_per_s": .rounded(gigabytesPerSecond, 2),
      "roof_fraction": .rounded(roofFraction, 4), "peak_fraction": .rounded(peakFraction, 4),
      "launches": .integer(launches),
    ]
  }

  fileprivate static let header =
    Column.left("operator", 28) + Column.left("pass", 21) + Column.left("shape", 48)
    + "        ms    net ms   GFLOP/s      GB/s   of roof  launches"

  fileprivate var line: String {
    func cell(_ value: Double, _ width: Int, unit: String = "") -> String {
      value > 0
        ? Column.right(value, width, decimals: 1) + unit
        : String(repeating: " ", count: width - 1) + "-" + String(repeating: " ", count: unit.count)
    }
    return Column.left(op, 28) + Column.left(pass, 21) + Column.left(shape, 48)
      + Column.right(seconds * 1e3, 10, decimals: 4) + Column.right(netSeconds * 1e3, 10, decimals: 4)
      + cell(gflops, 10) + cell(gigabytesPerSecond, 10) + cell(roofFraction * 100, 8, unit: " %")
      + Column.right(Double(launches), 10, decimals: 0)
  }
}

extension OpsSummary {
  fileprivate var json: JSON.Members {
    [
      "device": .string(device), "empty_launch_seconds": .rounded(emptyLaunchSeconds, 10),
      "peak_gflops": .rounded(roof.gflops, 1), "copy_gbytes_per_s": .rounded(roof.gigabytesPerSecond, 2),
      "convolutions_of_roof": .object(convolutions.json), "linear_of_roof": .object(linear.json),
      "products_of_peak": .object(products.json),
    ]
  }

  fileprivate var lines: [String] {
    func number(_ value: Double, _ decimals: Int = 1) -> String { Column.number(value, decimals: decimals) }
    var lines = [
      "",
      "Empty launch \(number(emptyLaunchSeconds * 1e6, 2)) µs, peak \(number(roof.gflops)) GFLOP/s, "
        + "copy \(number(roof.gigabytesPerSecond)) GB/s",
    ]
    for (name, shares) in [
      ("Convolutions, of the roof", convolutions), ("Linear layers, of the roof", linear),
      ("Matrix products, of the peak", products),
    ] {
      guard let worst = shares.worst else { continue }
      lines.append(
        "\(name): geometric mean \(number(shares.geometricMean * 100)) % of \(shares.count) passes, "
          + "least \(number(shares.least * 100)) % (\(worst))")
    }
    return lines
  }
}

extension OpsSummary.Shares {
  fileprivate var json: JSON.Members {
    [
      "passes": .integer(count), "geometric_mean": .rounded(geometricMean, 4), "least": .rounded(least, 4),
      "worst": worst.map { .string($0) } ?? .null,
    ]
  }
}
