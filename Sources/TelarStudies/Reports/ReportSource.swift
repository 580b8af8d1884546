import Foundation
import TelarTraining

/// The kind of folder that is reported on.
enum ReportSource: Equatable {
  /// A run of one seed.
  case run
  /// An experiment, with one folder per seed.
  case experiment
  /// A study, with one folder per experiment.
  case study
  /// A folder of studies, with the names of their folders.
  case studies([String])

  /// - Throws: ``ReportError`` when the folder does not exist or holds no runs.
  init(_ path: String) throws(ReportError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ReportError(.missing, path: path, "there is no such folder")
    }
    guard isFolder.boolValue else {
      throw ReportError(.noRuns, path: path, "is a file; name the folder of a run, an experiment or a study")
    }
    let studies = Self.folders(in: path).filter { Self.isStudy("\(path)/\($0)") }
    if RunFolder(path).has(RunFolder.recordName) {
      self = .run
    } else if RunFolder(path).has(RunFolder.studyName) {
      self = .study
    } else if !Self.seeds(in: path).isEmpty {
      self = .experiment
    } else if Self.isStudy(path) {
      self = .study
    } else if !studies.isEmpty {
      self = .studies(Array(studies.prefix(ReportLimits.studies)))
    } else {
      throw ReportError(
        .noRuns, path: path,
        "holds no runs of telar; name a study's folder (runs/STUDY), one in it (EXPERIMENT, EXPERIMENT/seed-N), or the "
          + "folder of several studies")
    }
  }

  static func isStudy(_ path: String) -> Bool {
    RunFolder(path).has(RunFolder.studyName) || folders(in: path).contains { !seeds(in: "\(path)/\($0)").isEmpty }
  }

  /// The subfolders in sorted order, without hidden ones.
  static func folders(in path: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      return !name.hasPrefix(".") && FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder)
        && isFolder.boolValue
    }.sorted { $0.localizedStandardCompare($1) == .orderedAscending }
  }

  /// The seeds of an experiment and the names of their folders, sorted. An experiment may itself have such a name.
  static func seeds(in path: String) -> [(seed: UInt64, name: String)] {
    seedFolders(in: path).filter { _, name in
      RunFolder("\(path)/\(name)").has(RunFolder.recordName) || seedFolders(in: "\(path)/\(name)").isEmpty
    }
  }

  private static func seedFolders(in path: String) -> [(seed: UInt64, name: String)] {
    folders(in: path).compactMap { name in
      UInt64(name.dropFirst(5)).flatMap { name == "seed-\($0)" ? ($0, name) : nil }
    }.sorted { $0.seed < $1.seed }
  }
}

/// Limits on what is read of a folder, far above any real study.
enum ReportLimits {
  static let studies = 50
  static let experiments = 300
  static let runsOfExperiment = 100
  /// The most epochs over all runs of a study.
  static let epochs = 1_000_000
  /// The most classes of a confusion matrix.
  static let classes = 32
}
