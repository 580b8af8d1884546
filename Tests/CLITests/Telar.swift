import Foundation

/// The built command, run as a user runs it.
enum Telar {
  struct Output {
    var status: Int32
    var out: String
    var error: String

    var outLines: [Substring] { out.split(separator: "\n") }
    var errorLines: [Substring] { error.split(separator: "\n") }
  }

  /// Beside the test bundle, where SwiftPM puts all products.
  static let executable: URL = {
    let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
    let folders = [
      bundle.map { $0.bundleURL.deletingLastPathComponent() },
      URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent(),
      URL(fileURLWithPath: FileManager.default.currentDirectoryPath + "/.build/release"),
    ]
    let candidates = folders.compactMap { $0?.appendingPathComponent("telar") }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
      preconditionFailure("no telar beside the tests: \(candidates.map(\.path))")
    }
    return found
  }()

  /// A process that is not started yet, its output going to files that cannot fill up as pipes do.
  static func process(_ arguments: [String], environment: [String: String] = [:]) -> Process {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    var all = ProcessInfo.processInfo.environment
    // Help is folded at the width of the terminal; data set and tuning must not depend on who runs the tests.
    all["COLUMNS"] = "80"
    all["FASHION_MNIST_DIR"] = nil
    all["TELAR_TUNING"] = ""
    for (name, value) in environment { all[name] = value }
    process.environment = all
    process.standardInput = FileHandle.nullDevice
    return process
  }

  static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Output {
    try run(arguments, environment: environment)
  }

  static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Output {
    let process = process(arguments, environment: environment)
    let folder = FileManager.default.temporaryDirectory
    let files = try ["out", "error"].map { kind in
      let url = folder.appendingPathComponent("telar-cli-\(UUID().uuidString)-\(kind)")
      try Data().write(to: url)
      return (url, try FileHandle(forWritingTo: url))
    }
    defer { files.forEach { try? FileManager.default.removeItem(at: $0.0) } }
    process.standardOutput = files[0].1
    process.standardError = files[1].1
    try process.run()
    process.waitUntilExit()
    let texts = try files.map { try String(contentsOf: $0.0, encoding: .utf8) }
    let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    return Output(status: status, out: texts[0], error: texts[1])
  }
}
