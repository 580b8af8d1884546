/// A safetensors file, open for reading.
///
/// Opening it checks the header, and the whole file where it has a check sum, as files of ``SafetensorsWriter`` have.
/// Tensors are read on demand. No file, however broken, crashes it; opening takes memory in proportion to the header.
public final class SafetensorsFile {
  public let path: String
  /// The tensors in the order of their data.
  public let tensors: OrderedMembers<TensorInfo>
  /// The metadata in the order of the file; empty if there is none.
  public let metadata: OrderedMembers<String>

  private let file: OpenFile
  private let dataStart: Int

  /// - Parameter requiringChecksum: whether a file without a check sum is refused, for files that only Telar writes.
  /// - Throws: ``SafetensorsError`` when the file is missing, unreadable, violates the format or fails its check sum.
  public init(_ path: String, requiringChecksum: Bool = false) throws(SafetensorsError) {
    self.path = path
    file = try OpenFile(path)
    let bytes = try Self.headerBytes(of: file)
    dataStart = 8 + bytes.count
    do {
      let header = try Header(parsing: bytes, dataLength: file.length - dataStart)
      tensors = header.tensors
      metadata = header.metadata
    } catch {
      throw SafetensorsError(.malformed, path: path, "has a broken header: \(error)")
    }
    if let checksum = Checksum(endOf: bytes) {
      guard try file.checksum(leavingOut: (dataStart - Checksum.digitCount)..<dataStart) == checksum else {
        throw SafetensorsError(
          .malformed, path: path, "is damaged: its check sum is not that of what it holds; use a copy of the file")
      }
    } else if requiringChecksum {
      throw SafetensorsError(
        .malformed, path: path,
        "has no check sum: it is damaged, or not as this version of telar wrote it, and is not to be relied on")
    }
  }

  /// The bytes of the header's JSON.
  private static func headerBytes(of file: OpenFile) throws(SafetensorsError) -> [UInt8] {
    let start = try file.read(at: 0, UInt8.self, count: min(file.length, ForeignFormat.prefixLength))
    func malformed(_ problem: String) -> SafetensorsError { SafetensorsError(.malformed, path: file.path, problem) }
    func foreign(_ problem: String) -> SafetensorsError {
      malformed("is not a safetensors file: it \(ForeignFormat.description(start) ?? problem)")
    }
    guard start.count >= 8 else {
      throw foreign("has \(start.count) bytes, fewer than the 8 of the header's length")
    }
    let length = start[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Header.maximumLength) else {
      throw foreign("says that its header has \(length) bytes, above the limit of \(Header.maximumLength)")
    }
    guard start.count > 8, start[8] == UInt8(ascii: "{") else {
      throw foreign("does not start with '{' behind the header's length")
    }
    guard length <= UInt64(file.length - 8) else {
      throw malformed("is truncated: its header has \(length) bytes, of which \(file.length - 8) are there")
    }
    return try file.read(at: 8, UInt8.self, count: Int(length))
  }

  /// The type and shape of a tensor.
  ///
  /// - Throws: ``SafetensorsError`` when the tensor is missing.
  public func info(_ name: String) throws(SafetensorsError) -> TensorInfo {
    guard let info = tensors[name] else {
      throw SafetensorsError(.mismatch, path: path, "has no tensor \(JSON.quoted(name, limit: 60))")
    }
    return info
  }

  /// The elements of a tensor in row-major order.
  ///
  /// - Throws: ``SafetensorsError`` when the tensor is missing or has another type.
  public func values<Element: TensorElement>(_ name: String, as type: Element.Type) throws(SafetensorsError)
    -> [Element]
  {
    let info = try info(name)
    guard info.type == Element.elementType else {
      throw SafetensorsError(
        .mismatch, path: path,
        "tensor \(JSON.quoted(name, limit: 60)) is \(info.type.rawValue), not \(Element.elementType.rawValue)")
    }
    return try elements(name, Element.self)
  }
  /// The elements of a tensor of any type, as values of the same size.
  func elements<Element: BitwiseCopyable>(_ name: String, _ type: Element.Type) throws(SafetensorsError) -> [Element] {
    let info = try info(name)
    return try file.read(at: dataStart + info.offset, Element.self, count: info.count)
  }
}
