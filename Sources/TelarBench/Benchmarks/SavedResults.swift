import Foundation
import TelarIO

/// A measurement from the output of `telar bench … --json`.
public struct SavedResult: Sendable, Equatable {
  public enum Unit: String, Sendable {
    case milliseconds = "ms"
    case gflops = "GFLOP/s"
    case imagesPerSecond = "images/s"
  }

  /// What was measured and where: `conv2d forward 100×28×28×1→26×26×16 k3 s1 p0 d1, cpu:avx2`.
  public var name: String
  public var value: Double
  public var unit: Unit

  /// The ratio of times, `other` over this: 1.1 for ten percent more.
  public func timeRatio(to other: SavedResult) -> Double {
    unit == .milliseconds ? other.value / value : value / other.value
  }
}

/// The JSON lines that `telar bench train`, `gemm` or `ops` printed with `--json`, of one or several rounds.
public struct SavedResults: Sendable {
  public let path: String
  /// One result per name, in the order of the file; the median where a name repeats.
  public let results: [SavedResult]

  /// The longest file, some 100,000 lines.
  private static let longestFile = 1 << 25

  /// - Throws: ``SavedResultsError`` for a file that is missing or empty, and for a line that is not a result.
  public init(path: String) throws {
    self.path = path
    let bytes: [UInt8]
    do { bytes = try InputFile.read(path, atMost: Self.longestFile) } catch {
      guard error.kind == .tooLong else {
        throw SavedResultsError(.missing, path: path, "there is no such file, or it is not readable")
      }
      throw SavedResultsError(.malformed, path: path, error.problem)
    }
    var found: [SavedResult] = []
    var values: [String: [Double]] = [:]
    for line in TextLines(bytes) where !line.isBlank {
      do {
        guard let result = try Self.result(line) else { continue }
        if values[result.name] == nil { found.append(result) }
        values[result.name, default: []].append(result.value)
      } catch let error as LineError {
        throw SavedResultsError(.malformed, path: path, "line \(line.number) \(error.problem)")
      }
    }
    guard !found.isEmpty else { throw SavedResultsError(.malformed, path: path, "there is no result in it") }
    results = found.map { SavedResult(name: $0.name, value: values[$0.name]!.median, unit: $0.unit) }
  }

  private struct LineError: Error {
    var problem: String
  }

  /// The result of a line; `nil` for a summary, which repeats the other lines.
  private static func result(_ line: TextLines.Line) throws -> SavedResult? {
    guard let json = line.text else { throw LineError(problem: "is not UTF-8 text") }
    guard case .object(let members)? = try? JSON(parsing: json) else { throw LineError(problem: "is no JSON object") }
    func text(_ key: String) throws -> String {
      switch members[key] {
      case .string(let string): return string
      case .integer(let integer): return String(integer)
      default: throw LineError(problem: "lacks \(key), a text or a whole number")
      }
    }
    func positive(_ key: String) throws -> Double {
      guard let number = members[key]?.double, number > 0 else {
        throw LineError(problem: "lacks \(key), a number above 0")
      }
      return number
    }
    if members["summary"] != nil { return nil }
    guard let measured = ["op", "net", "m"].first(where: { members[$0] != nil }) else {
      throw LineError(problem: "is no result of telar bench train, gemm or ops")
    }
    // Tools/bench.sh adds these keys to lines of other programs, and to say how it was run.
    let place = try ["device", "peer", "mode"].filter { $0 == "device" || members[$0] != nil }.map(text)
    let suffix = ", " + place.filter { !$0.isEmpty }.joined(separator: " ")
    switch measured {
    case "op":
      return SavedResult(
        name: try "\(text("op")) \(text("pass")) \(text("shape"))" + suffix, value: try positive("seconds") * 1e3,
        unit: .milliseconds)
    case "net":
      return SavedResult(
        name: try "\(text("net")) batch \(text("batch"))" + suffix, value: try positive("images_per_s"),
        unit: .imagesPerSecond)
    default:
      return SavedResult(
        name: try "gemm \(text("m"))×\(text("n"))×\(text("k"))" + suffix, value: try positive("gflops"), unit: .gflops)
    }
  }
}

/// A file that does not hold results.
public struct SavedResultsError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    case missing, malformed
  }

  public var kind: Kind
  public var path: String
  public var problem: String

  public init(_ kind: Kind, path: String, _ problem: String) {
    (self.kind, self.path, self.problem) = (kind, path, problem)
  }

  public var description: String { "\(path): \(problem)" }
}
