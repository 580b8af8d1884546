import Files
import Foundation

/// The program that draws figures.
public struct GnuPlot: Sendable {
  public let executable: String

  /// The gnuplot on the search path; `nil` when there is none.
  public static let installed: GnuPlot? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let candidates = folders.map { "\($0)/gnuplot" }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }.map { GnuPlot(executable: $0) }
  }()

  public init(executable: String) { self.executable = executable }

  /// gnuplot ran and did not draw.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Draws a figure into a file, which appears whole or not at all.
  func draw(_ figure: some Figure, to path: String, format: FigureFormat) throws {
    try AtomicFile.write(picture(of: figure, format, scratch: path + ".gnuplot"), to: path)
  }

  /// The bytes of a figure's PNG.
  ///
  /// - Throws: an error whose description is a line for the user.
  package func png(of figure: any Figure) throws -> [UInt8] {
    try picture(of: figure, .png, scratch: FileManager.default.temporaryDirectory.path + "/figure.gnuplot")
  }

  /// - Parameter scratch: a path beside which files may stand in the meantime.
  private func picture(of figure: some Figure, _ format: FigureFormat, scratch: String) throws -> [UInt8] {
    // The script is a file, not a pipe, so that a gnuplot which dies early does not break one. The picture comes
    // through a pipe: a gnuplot that outlives a killed telar leaves no file.
    try AtomicFile.withTemporary(beside: scratch) { script in
      try AtomicFile.write(Self.preamble(figure.size, format) + figure.script, to: script)
      return try run(script, scratch)
    }
  }

  /// What gnuplot writes for a script to its standard output.
  private func run(_ script: String, _ scratch: String) throws -> [UInt8] {
    try AtomicFile.withTemporary(beside: scratch + ".log") { log in
      try AtomicFile.write("", to: log)
      let (process, output) = (Process(), Pipe())
      process.executableURL = URL(fileURLWithPath: executable)
      process.arguments = [script]
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = FileHandle(forWritingAtPath: log)
      do { try process.run() } catch {
        throw Failure(description: "\(executable) cannot be started: figures are CSV only.")
      }
      let picture = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      guard process.terminationReason == .exit, process.terminationStatus == 0 else {
        let lines = Self.end(of: log).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        let reason = lines.last { !$0.isEmpty } ?? "status \(process.terminationStatus)"
        throw Failure(description: "gnuplot failed, so a figure is CSV only: \(reason)")
      }
      guard !picture.isEmpty else {
        throw Failure(description: "gnuplot drew nothing, so a figure is CSV only.")
      }
      return [UInt8](picture)
    }
  }

  /// The last of a text file, however long it is; empty where it cannot be read.
  private static func end(of path: String) -> String {
    guard let file = FileHandle(forReadingAtPath: path), let length = try? file.seekToEnd() else { return "" }
    try? file.seek(toOffset: length - min(length, 4096))
    return String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
  }

  private static func preamble(_ size: (width: Int, height: Int), _ format: FigureFormat) -> String {
    // noenhanced: an underscore or a caret in a name is just that.
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

  /// A gnuplot string that means just its characters.
  static func quoted(_ text: String) -> String {
    "'" + text.replacingOccurrences(of: "'", with: "''").replacingOccurrences(of: "\n", with: " ") + "'"
  }
}
