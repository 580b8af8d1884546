import Foundation
import Synchronization

/// Draws figures with gnuplot.
public final class GnuPlot: Sendable {
  public let executable: String
  /// The time limit of a figure.
  private let limit: Duration
  /// A failure that further figures would meet too: gnuplot cannot be started, or hangs.
  private let defect = Mutex<Failure?>(nil)

  /// The gnuplot on the search path; `nil` when there is none.
  public static let installed: GnuPlot? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/gnuplot" }.first(where: isProgram).map { GnuPlot(executable: $0) }
  }()

  /// - Parameter limit: the time limit of a figure.
  public init(executable: String, limit: Duration = .seconds(60)) {
    self.executable = executable
    self.limit = limit
  }

  /// gnuplot did not draw a figure.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private static func isProgram(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }

  /// The bytes of a figure's PNG.
  ///
  /// - Throws: an error whose description is a line for the user.
  package func png(of figure: any Figure) throws -> [UInt8] { try picture(of: figure, .png) }

  /// The bytes of a picture.
  ///
  /// - Throws: ``Failure``.
  func picture(of figure: some Figure, _ format: FigureFormat) throws(Failure) -> [UInt8] {
    if let defect = defect.withLock({ $0 }) { throw defect }
    let script = Self.preamble(figure.size, format) + figure.script
    let outcome: ChildProcess.Outcome
    do {
      // -d: ignores the user's ~/.gnuplot.
      outcome = try ChildProcess.run(
        executable, ["-d", "-"], input: Array(script.utf8), environment: Self.environment, limit: limit)
    } catch {
      throw broken("\(executable) cannot be started (\(error.reason)), so figures are CSV only.")
    }
    switch outcome.end {
    case .exited(0): break
    case .outOfBounds:
      throw broken("gnuplot did not end within \(limit.components.seconds) seconds, so figures are CSV only.")
    case .exited(let status): throw failure(outcome, "status \(status)")
    case .killed(let signal): throw failure(outcome, "signal \(signal)")
    }
    guard !outcome.output.isEmpty else {
      throw Failure(description: "gnuplot drew nothing, so a figure is CSV only.")
    }
    return outcome.output
  }

  private func failure(_ outcome: ChildProcess.Outcome, _ end: String) -> Failure {
    let lines = String(decoding: outcome.errors, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    return Failure(description: "gnuplot failed, so a figure is CSV only: \(lines.last { !$0.isEmpty } ?? end)")
  }

  /// A failure that further figures would meet too.
  private func broken(_ description: String) -> Failure {
    let failure = Failure(description: description)
    defect.withLock { $0 = failure }
    return failure
  }

  /// This process's environment, without variables that affect gnuplot.
  private static let environment: [String: String] = {
    var environment = ProcessInfo.processInfo.environment.filter { name, _ in
      !name.hasPrefix("GNU") && !name.hasPrefix("FIT_") && !name.hasPrefix("LC_")
        && !["GDFONTPATH", "LANG"].contains(name)
    }
    environment["LC_ALL"] = "C.UTF-8"
    return environment
  }()

  private static func preamble(_ size: (width: Int, height: Int), _ format: FigureFormat) -> String {
    // noenhanced: underscores and carets in names are not markup.
    let terminal =
      switch format {
      case .png: "pngcairo noenhanced size \(size.width),\(size.height) font 'DejaVu Sans,13' background '#ffffff'"
      case .svg: "svg noenhanced size \(size.width),\(size.height) font 'DejaVu Sans,13' background '#ffffff'"
      }
    return """
      set encoding utf8
      set terminal \(terminal)
      ink = '\(Palette.ink)'
      faint = '\(Palette.faint)'
      # A bitmap in a PNG leaves no seams between its pixels; an SVG would put it into a file beside it.
      blocks = '\(format == .png ? "" : "pixels")'

      """
  }

  /// A gnuplot string literal. Characters that could end it are replaced: quotes by typographic ones, since gnuplot
  /// misreads several doubled quotes in a row, and control characters by spaces.
  static func quoted(_ text: String) -> String {
    var result = "'"
    for scalar in text.unicodeScalars {
      switch scalar {
      case "'": result += "’"
      case _ where scalar.properties.generalCategory == .control: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "'"
  }
}
