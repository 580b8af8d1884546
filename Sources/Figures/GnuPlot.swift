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
    try AtomicFile.produce(path) { picture in
      // The script is a file, not a pipe, so that a gnuplot which dies early does not break one.
      try AtomicFile.withTemporary(beside: path + ".gnuplot") { script in
        try AtomicFile.write(Self.preamble(figure.size, format, output: picture) + figure.script, to: script)
        try run(script)
      }
      guard FileManager.default.fileExists(atPath: picture) else {
        throw Failure(description: "gnuplot drew nothing for \(path); the numbers are beside it as CSV.")
      }
    }
  }

  /// The bytes of a figure's PNG.
  ///
  /// - Throws: an error whose description is a line for the user.
  package func png(of figure: any Figure) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try AtomicFile.withTemporary(beside: FileManager.default.temporaryDirectory.path + "/figure.png") { path in
      try draw(figure, to: path, format: .png)
      bytes = try InputFile.read(path, atMost: 64 << 20)
    }
    return bytes
  }

  private func run(_ script: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = [script]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    do { try process.run() } catch {
      throw Failure(description: "\(executable) cannot be started: figures are CSV only.")
    }
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      let reason = lines.last { !$0.isEmpty } ?? "status \(process.terminationStatus)"
      throw Failure(description: "gnuplot failed, so a figure is CSV only: \(reason)")
    }
  }

  private static func preamble(_ size: (width: Int, height: Int), _ format: FigureFormat, output: String) -> String {
    // noenhanced: an underscore or a caret in a name is just that.
    let terminal =
      switch format {
      case .png: "pngcairo noenhanced size \(size.width),\(size.height) font 'DejaVu Sans,13' background '#ffffff'"
      case .svg: "svg noenhanced size \(size.width),\(size.height) font 'DejaVu Sans,13' background '#ffffff'"
      }
    return """
      set encoding utf8
      set terminal \(terminal)
      set output \(quoted(output))
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
