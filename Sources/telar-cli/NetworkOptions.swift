import ArgumentParser
import TelarStudies

/// The choice of benchmark networks.
struct NetworkOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Networks to measure; all of them when none is named.", valueName: "name"),
    completion: Completions.network)
  var net: [String] = []

  /// The names, one per line, for help.
  static var list: String { BenchmarkNetwork.all.map(\.name).joined(separator: "\n  ") }

  func validate() throws { _ = try chosen() }

  /// The named networks, or all.
  func chosen() throws -> [BenchmarkNetwork] {
    if net.isEmpty { return BenchmarkNetwork.all }
    return try net.map { name in
      guard let network = BenchmarkNetwork.all.first(where: { $0.name == name.lowercased() }) else {
        throw ValidationError(
          UsageError.unknown("network", name, known: BenchmarkNetwork.all.map(\.name)).description)
      }
      return network
    }
  }
}
