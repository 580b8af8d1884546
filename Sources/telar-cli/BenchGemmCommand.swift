import ArgumentParser
import Telar
import TelarBench

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
