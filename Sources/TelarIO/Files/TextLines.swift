/// The lines of a text file, whichever system wrote it.
///
/// A line ends with LF or CR LF; the last one may lack its end. A leading UTF-8 byte order mark is no part of the text.
/// Splitting works on bytes: in Swift CR LF is one character, which is not equal to LF.
public struct TextLines: Sequence, IteratorProtocol, Sendable {
  /// A line without its end.
  public struct Line: Sendable {
    /// From 1.
    public let number: Int
    public let bytes: ArraySlice<UInt8>

    /// The line as text; `nil` where it is not UTF-8.
    public var text: String? { String(validating: bytes, as: UTF8.self) }

    /// Whether it holds nothing but spaces and tabs.
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
