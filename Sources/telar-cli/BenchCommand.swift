import ArgumentParser

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how fast a device trains and multiplies.",
    subcommands: [BenchTrainCommand.self, BenchGemmCommand.self, BenchOpsCommand.self, BenchCompareCommand.self])
}
