import Foundation

/// An array in the format of NumPy's `save`: a header that is a Python dictionary, then the values.
///
/// - Source: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
struct NPYArray {
  enum Kind: Character {
    case unsigned = "u"
    case signed = "i"
    case float = "f"
    case boolean = "b"
  }

  /// Whose array it is, for errors: a path, and a name in it.
  let name: String
  let kind: Kind
  /// Bytes a value: 1, 2, 4 or 8.
  let width: Int
  let isLittle: Bool
  let shape: [Int]
  /// The values, in row-major order.
  let values: ArraySlice<UInt8>

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// The most bytes of a header, and the most dimensions.
  private static let longestHeader = 1 << 16
  private static let mostDimensions = 32

  var count: Int { shape.reduce(1, *) }

  /// - Throws: ``DataError`` for what is no array of numbers in row-major order, or is shorter or longer than it says.
  init(_ bytes: ArraySlice<UInt8>, name: String) throws(DataError) {
    func fail(_ problem: String) -> DataError { .malformed(path: name, problem: problem) }
    let first = bytes.startIndex
    guard bytes.starts(with: Self.magic), bytes.count >= 10 else { throw fail("it is no NumPy array (.npy)") }
    let isLong = bytes[first + 6] >= 2
    guard 1...3 ~= bytes[first + 6], bytes.count >= (isLong ? 12 : 10) else { throw fail("its version is unknown") }
    let lengthBytes = bytes[(first + 8)..<(first + (isLong ? 12 : 10))]
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = lengthBytes.endIndex
    guard length <= Self.longestHeader, length <= bytes.endIndex - start else { throw fail("its header is cut short") }
    let header = Header(bytes[start..<(start + length)])
    guard let header else { throw fail("its header is not one that NumPy writes") }
    guard header.description.count == 3 || header.description.count == 4,
      let kind = header.description.dropFirst().first.flatMap(Kind.init(rawValue:)),
      let width = Int(header.description.dropFirst(2)), [1, 2, 4, 8].contains(width), kind != .float || width >= 4,
      kind != .boolean || width == 1, "<>|=".contains(header.description.first!)
    else {
      throw fail(
        "its values are \(header.description.debugDescription), which is not read: save bytes, integers or floats of 32 or "
          + "64 bits")
    }
    guard !header.isColumnMajor else {
      throw fail("it is stored by columns (fortran_order): save numpy.ascontiguousarray of it")
    }
    guard header.shape.count <= Self.mostDimensions else { throw fail("it has \(header.shape.count) dimensions") }
    var count = width
    for size in header.shape {
      let (next, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { throw fail("its header announces more values than any file holds") }
      count = next
    }
    let values = bytes[(start + length)...]
    guard values.count == count else {
      throw fail("its header announces \(count) bytes of values, and there are \(values.count)")
    }
    (self.name, self.kind, self.width, shape, self.values) = (name, kind, width, header.shape, values)
    isLittle = header.description.first != ">"
  }

  /// The dictionary: `{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }`.
  private struct Header {
    var description = ""
    var isColumnMajor = false
    var shape: [Int] = []

    init?(_ bytes: ArraySlice<UInt8>) {
      let text = Substring(String(decoding: bytes, as: UTF8.self))
      func after(_ key: String) -> Substring? {
        guard let range = text.range(of: "'\(key)':") else { return nil }
        return text[range.upperBound...].drop { $0 == " " }
      }
      guard let kind = after("descr"), kind.first == "'", let end = kind.dropFirst().firstIndex(of: "'"),
        let order = after("fortran_order"), let sizes = after("shape"), sizes.first == "(",
        let close = sizes.firstIndex(of: ")")
      else { return nil }
      description = String(kind[kind.index(after: kind.startIndex)..<end])
      guard order.hasPrefix("True") || order.hasPrefix("False") else { return nil }
      isColumnMajor = order.hasPrefix("True")
      for part in sizes[sizes.index(after: sizes.startIndex)..<close].split(separator: ",") {
        let digits = part.trimmingCharacters(in: .whitespaces)
        if digits.isEmpty { continue }
        guard digits.allSatisfy(\.isNumber), let size = Int(digits) else { return nil }
        shape.append(size)
      }
    }
  }

  /// A value's bits, from its lowest byte on.
  private func bits(_ index: Int) -> UInt64 {
    let start = values.startIndex + index * width
    var bits: UInt64 = 0
    for offset in 0..<width {
      let byte = values[start + (isLittle ? width - 1 - offset : offset)]
      bits = bits << 8 | UInt64(byte)
    }
    return bits
  }

  /// A value as a whole number; `nil` for a float, and for what does not fit.
  func integer(_ index: Int) -> Int? {
    let bits = bits(index)
    switch kind {
    case .unsigned, .boolean: return Int(exactly: bits)
    case .signed: return Int(Int64(bitPattern: bits << UInt64(64 - 8 * width)) >> Int64(64 - 8 * width))
    case .float: return nil
    }
  }

  /// A value of any kind.
  func number(_ index: Int) -> Double {
    guard kind == .float else { return Double(integer(index) ?? .max) }
    let bits = bits(index)
    return width == 4 ? Double(Float(bitPattern: UInt32(bits))) : Double(bitPattern: bits)
  }
}
