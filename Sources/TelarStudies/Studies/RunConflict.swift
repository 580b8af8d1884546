import TelarIO
import TelarTraining

/// A folder that a run should go to holds something that it must not replace.
public struct RunConflict: Error, Equatable, CustomStringConvertible {
  public enum Reason: Equatable, Sendable {
    case notARun
    case unfinished
    /// The first setting in which the run there differs.
    case otherSettings(String)
    /// The folder is that of another recipe of the same name.
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

/// A run in its folder cannot be read, or gone on with. Nothing of it is removed unless the user says so.
public struct RunDamaged: Error, Equatable, CustomStringConvertible {
  public let folder: String
  /// What is wrong, and what is there all the same.
  public let problem: String

  public init(folder: String, _ problem: String) {
    self.folder = folder
    self.problem = problem
  }

  /// - Parameter problem: what is wrong; what can still be used is added.
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

/// A run has no result, though nothing went wrong this time.
public struct NoResult: Error, Equatable, CustomStringConvertible {
  public enum Reason: Sendable, Equatable {
    /// It came to none when it was made, as its folder says.
    case onRecord(String)
    /// The run that it should begin with came to none.
    case pretrainingFailed
  }

  public let reason: Reason

  public init(_ reason: Reason) { self.reason = reason }

  /// - Returns: `nil` where the folder does not say that the run came to no result.
  init?(onRecord folder: RunFolder) {
    guard case .string(let reason)? = folder.members(of: RunFolder.resultName)?["error"] else { return nil }
    self.init(.onRecord("\(reason) (\(folder.path), --overwrite tries again)"))
  }

  public var description: String {
    switch reason {
    case .onRecord(let reason): reason
    case .pretrainingFailed: "its pre-trained encoder came to no result"
    }
  }
}
