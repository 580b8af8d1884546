/// The lines of a text file with any system's line ends.
///
/// A line ends with LF or CR LF; the last one may end with the file. A leading UTF-8 byte order mark is skipped.
/// Splitting works on bytes, because in Swift CR LF is a single `Character` that differs from LF.
public struct TextLines: Sequence, IteratorProtocol, Sendable {
  /// A line without its line end.
  public struct Line: Sendable {
    /// The line number, from 1.
    public let number: Int
    public let bytes: ArraySlice<UInt8>

    /// The line as text; `nil` for invalid UTF-8.
    public var text: String? { String(validating: bytes, as: UTF8.self) }

    /// Whether the line is empty or holds only spaces and tabs.
    public var isBlank: Bool { bytes.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }
  }

  private var rest: ArraySlice<UInt8>
  private var number = 0

  public init(_ bytes: [UInt8]) {
    rest = bytes.starts(with: Self.byteOrderMark) ? bytes.dropFirst(Self.byteOrderMark.count) : bytes[...]
  }

  public init(_ text: String) { self.init(Array(text.utf8)) }

  public mutating func next() -> Line? {
    guard !rest.isEmpty else { return nil }
    number += 1
    let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
    var line = rest[..<end]
    rest = rest[end...].dropFirst()
    if end < rest.startIndex, line.last == UInt8(ascii: "\r") { line.removeLast() }
    return Line(number: number, bytes: line)
  }

  private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
}
