import Foundation
import Telar

/// A process that makes one run for another.
enum Worker {
  /// The process that has started this one, if it is a worker.
  private static let parent = getppid()
  private static let isWorker = CommandLine.arguments.contains("--worker")

  /// Notes the parent, before it can have ended.
  static func begin() { _ = parent }

  /// Whether the parent has ended, so that nobody waits for the run.
  static var isOrphan: Bool { isWorker && getppid() != parent }

  /// The options that are not a worker's own, with the number of values that follow.
  private static let left: [String: Int] = [
    "--jobs": 1, "--threads": 1, "--device": 1, "--shard": 1, "--json": 0, "--quiet": 0, "-q": 0,
  ]

  /// The command line of a worker, from that of this process.
  static func arguments(on device: DeviceProperties, threads: Int) -> [String] {
    var kept: [String] = []
    var skipped = 0
    for argument in CommandLine.arguments.dropFirst() {
      if skipped > 0 {
        skipped -= 1
      } else if let count = left[argument] {
        skipped = count
      } else if !left.keys.contains(where: { argument.hasPrefix($0 + "=") }) {
        kept.append(argument)
      }
    }
    let processor = device.kind == .cpu ? ["--threads", "\(threads)"] : []
    return kept + ["--device", device.identifier] + processor
  }
}
