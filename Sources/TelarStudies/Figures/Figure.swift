import Foundation
import TelarIO

/// A picture and its numbers.
public protocol Figure {
  /// The numbers as comma-separated values, with a header line.
  var csv: String { get }

  /// The gnuplot commands that draw the figure, to follow those that set the terminal.
  var script: String { get }

  /// Width and height in pixels.
  var size: (width: Int, height: Int) { get }
}

/// The formats of pictures.
public enum FigureFormat: String, Sendable {
  case png, svg
}

/// The files of a figure that was written.
public enum FigureOutcome: Equatable, Sendable {
  /// The picture's path; the CSV file is beside it.
  case drawn(path: String)
  /// Only the CSV file. `reason` is a line for the user.
  case csvOnly(path: String, reason: String)

  /// The path of the picture, or of the CSV file where there is none.
  public var path: String {
    switch self {
    case .drawn(let path), .csvOnly(let path, _): path
    }
  }
}

extension Figure {
  /// Writes `stem.csv`, and `stem.png` if gnuplot is installed.
  ///
  /// - Throws: `OutputError` when a file cannot be written. A missing or failing gnuplot is an outcome, not an error,
  ///   as the numbers are written.
  @discardableResult
  public func write(to stem: String, format: FigureFormat = .png, gnuplot: GnuPlot? = .installed) throws
    -> FigureOutcome
  {
    try write(stem, format, gnuplot, path: \.self) { bytes, path in try AtomicFile.write(bytes, to: path) }
  }

  /// Writes `stem.csv`, and `stem.png` if gnuplot is installed, to a folder.
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
    // The picture is written last: one that is older than its numbers is out of date.
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

/// Comma-separated values after RFC 4180, with line feeds; control characters are escaped.
package enum CSV {
  package static func line(_ fields: [String]) -> String {
    fields.map(\.visible).map { field in
      field.contains { $0 == "," || $0 == "\"" }
        ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
    }.joined(separator: ",") + "\n"
  }
}
