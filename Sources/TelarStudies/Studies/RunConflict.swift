import TelarIO
import TelarTraining

/// A run's folder that holds something which must not be replaced.
public struct RunConflict: Error, Equatable, CustomStringConvertible {
  public enum Reason: Equatable, Sendable {
    case notARun
    case unfinished
    /// The first setting in which the existing run differs.
    case otherSettings(String)
    /// The folder belongs to another recipe of the same name.
    case otherRecipe(path: String)
  }

  public let folder: String
  public let reason: Reason

  public init(folder: String, _ reason: Reason) {
    self.folder = folder
    self.reason = reason
  }

  public var description: String {
    switch reason {
    case .notARun: "\(folder) holds something that is no run of telar. Name another place with --out DIR."
    case .unfinished:
      "\(folder) holds a run that has not ended. Go on with it by --resume, begin it again by --overwrite, or name "
        + "another place with --out DIR."
    case .otherSettings(let difference):
      "\(folder) holds another run: \(difference). Replace it by --overwrite, or name another place with --out DIR."
    case .otherRecipe(let path):
      "\(folder) holds the results of another recipe of this name, \(path). Name another place with --out DIR, or give "
        + "this recipe another name; --overwrite makes the folder this recipe's."
    }
  }
}

/// A run whose files are damaged. They are kept unless the user asks to overwrite them.
public struct RunDamaged: Error, Equatable, CustomStringConvertible {
  public let folder: String
  /// The problem, and which files are intact.
  public let problem: String

  public init(folder: String, _ problem: String) {
    self.folder = folder
    self.problem = problem
  }

  /// - Parameter problem: the problem; the list of intact files is appended.
  init(_ folder: RunFolder, _ problem: String) {
    let results = folder.results
    let epochs = folder.history.count
    let metrics = epochs > 0 ? "\(epochs) epoch\(epochs == 1 ? "" : "s") of metrics" : nil
    let kept = results.filter { $0 != RunFolder.metricsName } + [metrics].compactMap(\.self)
    let rest = kept.isEmpty ? "" : " What is there stays as it is: \(kept.joined(separator: ", "))."
    self.init(folder: folder.path, "\(problem).\(rest) --overwrite makes the run again.")
  }

  public var description: String { "\(folder): \(problem)" }
}

/// A run without a result, for a reason that is not an error of the present process.
public struct NoResult: Error, Equatable, CustomStringConvertible {
  public enum Reason: Sendable, Equatable {
    /// It ended without one earlier, as its folder records.
    case onRecord(String)
    /// The run whose weights it needs has no result.
    case pretrainingFailed
  }

  public let reason: Reason

  public init(_ reason: Reason) { self.reason = reason }

  /// - Parameter result: the contents of the run's `result.json`.
  /// - Returns: `nil` unless it records that the run ended without a result.
  init?(onRecord result: JSON.Members, in folder: RunFolder) {
    guard case .string(let reason)? = result["error"] else { return nil }
    self.init(.onRecord("\(reason) (\(folder.path), --overwrite tries again)"))
  }

  public var description: String {
    switch reason {
    case .onRecord(let reason): reason
    case .pretrainingFailed: "its pre-trained encoder came to no result"
    }
  }
}
