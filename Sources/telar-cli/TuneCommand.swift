import ArgumentParser
import Foundation
import Telar
import TelarBench
import TelarStudies

struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Search for the fastest kernels for the shapes of networks, and remember them.",
    discussion: """
      For each matrix product and each pass of a convolution that a training step runs, the kernels that the device \
      has for it are tried: register tiles and, on GPUs, local-memory tiles. A kernel's result is held against that of \
      the device's own choice before it is timed; the two take turns, and a winner must be 3 % faster.

      The choices go to a file that other commands read: $XDG_CONFIG_HOME/telar/tuning.json, by default under \
      ~/.config. What is there of other devices and shapes is kept. TELAR_TUNING=FILE has commands read another file, \
      TELAR_TUNING= none. Devices that the file does not know use the choices shipped with telar, if there are some.

      NETWORKS
        \(NetworkOptions.list)
      """)

  @OptionGroup var networks: NetworkOptions
  @OptionGroup var device: DeviceOptions

  @Option(help: ArgumentHelp("Images a batch, on which the shapes depend.", valueName: "count"))
  var batchSize = 100

  @Option(help: ArgumentHelp("How long to search, over all shapes.", valueName: "number"))
  var seconds = 60.0

  @Option(help: ArgumentHelp("The file to add to, instead of the user's own.", valueName: "file"), completion: .file())
  var out: String?

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    guard 1...10_000 ~= batchSize else { throw ValidationError("--batch-size \(batchSize) is not 1 to 10000") }
    guard seconds > 0, seconds <= 86_400 else { throw ValidationError("--seconds \(seconds) is not above 0 to 86400") }
    guard out != "" else { throw ValidationError("--out names no file") }
  }

  func run() throws {
    guard let path = out ?? TuningFile.standardPath() else {
      throw UsageError("there is no home directory to keep tunings in: name a file with --out FILE")
    }
    // Read before the search, whose result a damaged file would lose.
    var file = AtomicFile.isTaken(path) ? try TuningFile(path: path) : TuningFile()
    let device = try device.open(isTuned: false)
    let tuner = Tuner(device: device)
    let products = try tuner.products(of: networks.chosen(), batch: batchSize)
    var found: [TunedProduct: TunedKernel?] = [:]
    var lines: [String] = []
    try tuner.search(products, seconds: seconds) { result in
      found.updateValue(result.winner, forKey: result.product)
      lines.append(json ? JSON.object(result.json).text : result.line)
      Console.note("\(found.count)/\(products.count) \(result.summary)")
      for (kernel, reason) in result.rejected { Console.note("  \(kernel.text) is left out: \(reason)") }
    }
    file.merge(found, for: device.properties)
    try file.write(to: path)
    Console.note("Written to \(path).")
    if !json { Console.result(TunedResult.header) }
    lines.forEach(Console.result)
  }
}

extension TunedResult {
  fileprivate static let header =
    Column.left("product", 76) + Column.left("default", 22) + Column.left("winner", 22) + "speed-up"

  fileprivate var line: String {
    Column.left(product.text, 76) + Column.left(own.text, 22) + Column.left(winner?.text ?? "-", 22)
      + (winner == nil ? "       -" : Column.right(speedUp, 8, decimals: 2))
  }

  fileprivate var summary: String {
    let outcome = winner.map { "\($0.text), \(Column.number(speedUp, decimals: 2))x as fast" } ?? "no better kernel"
    let rest = untried > 0 ? ", \(untried) not tried for lack of time" : ""
    return "\(product.text): \(outcome) (\(timed) timed\(rest))"
  }

  fileprivate var json: JSON.Members {
    [
      "product": .string(product.text), "default": .string(own.text),
      "winner": winner.map { .string($0.text) } ?? .null, "speed_up": .rounded(speedUp, 3),
      "timed": .integer(timed), "untried": .integer(untried),
      "rejected": .array(rejected.map { .object(["kernel": .string($0.kernel.text), "reason": .string($0.reason)]) }),
    ]
  }
}
