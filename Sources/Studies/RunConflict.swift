import Safetensors
import TelarTraining

/// A folder that a run should go to holds something that it must not replace.
public struct RunConflict: Error, Equatable, CustomStringConvertible {
  public enum Reason: Equatable, Sendable {
    case notARun
    /// What the run was is not readable any more.
    case damaged
    case unfinished
    /// The first setting in which the run there differs.
    case otherSettings(String)
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
    case .damaged:
      "\(folder) holds a run whose \(RunFolder.recordName) is damaged. Make it again by --overwrite, or name another place "
        + "with --out DIR."
    case .unfinished:
      "\(folder) holds a run that has not ended. Go on with it by --resume, begin it again by --overwrite, or name "
        + "another place with --out DIR."
    case .otherSettings(let difference):
      "\(folder) holds another run: \(difference). Replace it by --overwrite, or name another place with --out DIR."
    }
  }
}

/// The folder says that the run came to no result when it was made.
struct RunOnRecordFailed: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  init(_ folder: RunFolder) {
    if case .string(let reason)? = folder.members(of: RunFolder.resultName)?["error"] {
      description = "\(reason) (\(folder.path), --overwrite tries again)"
    } else {
      description = "\(folder.path) is damaged; --overwrite makes the run again"
    }
  }
}
