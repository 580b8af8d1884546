import Foundation
import TelarIO

/// A picture with the numbers behind it.
public protocol Figure {
  /// The numbers, as text of comma-separated values with a line of column names.
  var csv: String { get }

  /// Commands for gnuplot that draw the figure to its standard output, to follow those which set the terminal.
  var script: String { get }

  /// Width and height in pixels.
  var size: (width: Int, height: Int) { get }
}

/// The formats that pictures can be drawn in.
public enum FigureFormat: String, Sendable {
  case png, svg
}

/// What became of a figure.
public enum FigureOutcome: Equatable, Sendable {
  /// The picture's path; the CSV lies beside it.
  case drawn(path: String)
  /// Only the CSV was written. `reason` is a line for the user.
  case csvOnly(path: String, reason: String)

  /// The picture, or the CSV where there is none.
  public var path: String {
    switch self {
    case .drawn(let path), .csvOnly(let path, _): path
    }
  }
}

extension Figure {
  /// Writes `stem.csv`, and `stem.png` where gnuplot is installed.
  ///
  /// - Throws: `OutputError` when a file cannot be written. A missing or failing gnuplot is an outcome, not an error:
  ///   the numbers are there.
  @discardableResult
  public func write(to stem: String, format: FigureFormat = .png, gnuplot: GnuPlot? = .installed) throws
    -> FigureOutcome
  {
    try write(stem, format, gnuplot, path: \.self) { bytes, path in try AtomicFile.write(bytes, to: path) }
  }

  /// Writes `stem.csv`, and `stem.png` where gnuplot is installed, into a folder.
  ///
  /// - Throws: `OutputError` when a file cannot be written.
  @discardableResult
  public func write(
    as stem: String, in folder: Folder, format: FigureFormat = .png, gnuplot: GnuPlot? = .installed
  ) throws -> FigureOutcome {
    try write(stem, format, gnuplot, path: folder.file) { bytes, name in try folder.write(bytes, to: name) }
  }

  private func write(
    _ stem: String, _ format: FigureFormat, _ gnuplot: GnuPlot?, path: (String) -> String,
    _ write: ([UInt8], String) throws -> Void
  ) throws -> FigureOutcome {
    let (numbers, picture) = ("\(stem).csv", "\(stem).\(format.rawValue)")
    // The picture comes last: one that is older than its numbers is of others.
    try write(Array(csv.utf8), numbers)
    guard let gnuplot else {
      return .csvOnly(
        path: path(numbers), reason: "gnuplot is not installed, so figures are CSV only (Debian: gnuplot-nox).")
    }
    do {
      try write(gnuplot.picture(of: self, format), picture)
    } catch let error as GnuPlot.Failure {
      return .csvOnly(path: path(numbers), reason: error.description)
    }
    return .drawn(path: path(picture))
  }
}

/// Comma-separated values as RFC 4180 has them, with line feeds; control characters in a field become escapes.
package enum CSV {
  package static func line(_ fields: [String]) -> String {
    fields.map(\.visible).map { field in
      field.contains { $0 == "," || $0 == "\"" }
        ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
    }.joined(separator: ",") + "\n"
  }
}
