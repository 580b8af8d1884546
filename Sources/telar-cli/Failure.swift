import ArgumentParser
import Foundation
import Telar
import TelarBench
import TelarStudies

/// The exit codes of `telar`, as in sysexits.h.
enum ExitStatus {
  static let checkFailed: Int32 = 1
  static let usage: Int32 = 64
  static let badData: Int32 = 65
  static let missingInput: Int32 = 66
  static let noDevice: Int32 = 69
  static let internalError: Int32 = 70
  static let cannotCreate: Int32 = 73
  static let inputOutput: Int32 = 74
  /// Stopped before its time was over; the same command with `--resume` goes on.
  static let tryAgain: Int32 = 75

  /// The exit code after a signal.
  static func after(_ signal: Int32) -> Int32 { [SIGUSR1, SIGUSR2].contains(signal) ? tryAgain : 128 + signal }
}

/// A check that failed. The command has printed the details.
struct CheckFailed: Error, CustomStringConvertible {
  var description: String
  var exitCode = ExitStatus.checkFailed
}

/// The message and the exit code of an error, for all errors in one place.
struct Failure {
  let message: String
  /// Further lines, such as a compiler's log.
  let details: [String]
  let exitCode: Int32

  init(_ error: any Error) {
    if case DeviceError.buildFailed = error {
      let lines = TextLines("\(error)").map { $0.text ?? "" }
      (message, details) = (lines[0], Array(lines.dropFirst()))
    } else {
      (message, details) = ("\(error)", [])
    }
    exitCode =
      switch error {
      case let error as DataError:
        switch error {
        case .missing, .unreadable: ExitStatus.missingInput
        case .malformed, .unexpectedContents, .unusable, .tooLarge: ExitStatus.badData
        }
      case let error as SafetensorsError:
        switch error.kind {
        case .missing: ExitStatus.missingInput
        case .unreadable, .malformed, .mismatch: ExitStatus.badData
        }
      case let error as ImageFileError:
        error.kind == .unreadable ? ExitStatus.missingInput : ExitStatus.badData
      case is ONNXError: ExitStatus.badData
      case let error as ConformanceError:
        error.kind == .missing ? ExitStatus.missingInput : ExitStatus.badData
      case let error as SavedResultsError:
        error.kind == .missing ? ExitStatus.missingInput : ExitStatus.badData
      case let error as ReferenceRunsError:
        error.kind == .missing ? ExitStatus.missingInput : ExitStatus.badData
      case let error as RecipeError:
        error.kind == .missing ? ExitStatus.missingInput : ExitStatus.badData
      case let error as TuningFileError:
        error.kind == .missing ? ExitStatus.missingInput : ExitStatus.badData
      case let error as ReportError:
        error.kind == .missing ? ExitStatus.missingInput : ExitStatus.badData
      case let error as DeviceError:
        switch error {
        case .noSuchDevice, .noOpenCL, .driverHangs: ExitStatus.noDevice
        case .threadCount, .setting: ExitStatus.usage
        case .allocationTooLarge, .outOfMemory, .buildFailed, .groupTooLarge, .driver: ExitStatus.internalError
        }
      case let error as InputError:
        switch error.kind {
        case .missing, .unreadable: ExitStatus.missingInput
        case .tooLong: ExitStatus.badData
        }
      case is EventFileError: ExitStatus.badData
      case let error as OutputError:
        switch error {
        case .cannotCreate, .exists: ExitStatus.cannotCreate
        case .writeFailed: ExitStatus.inputOutput
        }
      case is RunConflict, is NoPicture: ExitStatus.cannotCreate
      case let error as Stopped: ExitStatus.after(error.signal)
      case is UsageError, is ValidationError: ExitStatus.usage
      case let error as CheckFailed: error.exitCode
      case is NotFiniteError, is NoResult: ExitStatus.checkFailed
      case let error as StudyRunner.NotMade: error.exitCode
      case is RunDamaged: ExitStatus.badData
      default: ExitStatus.internalError
      }
  }
}
