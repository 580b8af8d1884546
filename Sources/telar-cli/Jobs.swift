import ArgumentParser
import Foundation
import Telar
import TelarStudies

/// The value of `--jobs`.
enum Jobs: ExpressibleByArgument, Equatable {
  case count(Int)
  case automatic

  private static let most = 256

  init?(argument: String) {
    if argument == "auto" {
      self = .automatic
      return
    }
    guard let count = Int(argument), 1...Self.most ~= count else { return nil }
    self = .count(count)
  }

  var defaultValueDescription: String { "1" }

  /// How many runs to make at once.
  func count(on device: DeviceProperties) -> Int {
    switch self {
    case .count(let count): count
    case .automatic: device.kind == .cpu ? device.computeUnits : 1
    }
  }
}

/// The value of `--shard`.
struct ShardChoice: ExpressibleByArgument {
  let shard: Shard

  init?(argument: String) {
    guard let shard = argument == "auto" ? Self.ofSlurm(ProcessInfo.processInfo.environment) : Self.parsed(argument)
    else { return nil }
    self.shard = shard
  }

  private static func parsed(_ text: String) -> Shard? {
    let words = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard words.count == 2, let number = words[0], let count = words[1] else { return nil }
    return Shard(number, of: count)
  }

  /// The part of a task of a Slurm job array, whose numbers have to be without gaps: `--array=1-8`.
  static func ofSlurm(_ environment: [String: String]) -> Shard? {
    func number(_ name: String) -> Int? { environment["SLURM_ARRAY_TASK_\(name)"].flatMap { Int($0) } }
    guard let id = number("ID"), let first = number("MIN"), let last = number("MAX"), let count = number("COUNT"),
      last - first + 1 == count
    else { return nil }
    return Shard(id - first + 1, of: count)
  }
}
