/// A safetensors file, open for reading: its header is checked at once, its tensors are read when they are asked for.
///
/// No file, however broken, makes it crash, and opening one takes memory in proportion to its header only.
public final class SafetensorsFile {
  public let path: String
  /// The tensors in the order of their data.
  public let tensors: OrderedMembers<TensorInfo>
  /// The file's metadata in its order there; empty without any.
  public let metadata: OrderedMembers<String>

  private let file: OpenFile
  private let dataStart: Int

  /// - Throws: ``SafetensorsError`` for a file that is not there, cannot be read or breaks a rule of the format.
  public init(_ path: String) throws(SafetensorsError) {
    func malformed(_ problem: String) -> SafetensorsError { SafetensorsError(.malformed, path: path, problem) }
    self.path = path
    file = try OpenFile(path)
    guard file.length >= 8 else {
      throw malformed("is not a safetensors file: it has \(file.length) bytes, fewer than the 8 of the header's length")
    }
    let prefix = try file.read(at: 0, UInt64.self, count: 1)[0]
    guard prefix <= UInt64(Header.maximumLength) else {
      throw malformed(
        "is not a safetensors file: the header's length is \(prefix), above the limit of \(Header.maximumLength)")
    }
    let headerLength = Int(prefix)
    guard headerLength <= file.length - 8 else {
      throw malformed("is truncated: its header has \(headerLength) bytes, of which \(file.length - 8) are there")
    }
    dataStart = 8 + headerLength
    let bytes = try file.read(at: 8, UInt8.self, count: headerLength)
    do {
      let header = try Header(parsing: bytes, dataLength: file.length - dataStart)
      tensors = header.tensors
      metadata = header.metadata
    } catch {
      throw malformed("has a broken header: \(error)")
    }
  }

  /// The type and shape of a tensor.
  ///
  /// - Throws: ``SafetensorsError`` when the file has none of that name.
  public func info(_ name: String) throws(SafetensorsError) -> TensorInfo {
    guard let info = tensors[name] else {
      throw SafetensorsError(.mismatch, path: path, "has no tensor \(JSON.quoted(name, limit: 60))")
    }
    return info
  }

  /// A tensor's elements in row-major order.
  ///
  /// - Throws: ``SafetensorsError`` when there is no such tensor, or it has another type.
  public func values<Element: TensorElement>(_ name: String, as type: Element.Type) throws(SafetensorsError)
    -> [Element]
  {
    let info = try info(name)
    guard info.type == Element.elementType else {
      throw SafetensorsError(
        .mismatch, path: path,
        "tensor \(JSON.quoted(name, limit: 60)) is \(info.type.rawValue), not \(Element.elementType.rawValue)")
    }
    return try file.read(at: dataStart + info.offset, Element.self, count: info.count)
  }

  /// A tensor's elements as 32-bit floats, from any type of real numbers; F64 and 64-bit integers are rounded.
  ///
  /// - Throws: ``SafetensorsError`` when there is no such tensor, or it is complex, boolean or of 8-bit floats.
  public func floats(_ name: String) throws(SafetensorsError) -> [Float] {
    let info = try info(name)
    func read<Element: BitwiseCopyable>(_ type: Element.Type) throws(SafetensorsError) -> [Element] {
      try file.read(at: dataStart + info.offset, Element.self, count: info.count)
    }
    switch info.type {
    case .float32: return try read(Float.self)
    case .float64: return try read(Double.self).map { Float($0) }
    case .float16: return try read(UInt16.self).map(Self.float(half:))
    case .bfloat16: return try read(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .uint8: return try read(UInt8.self).map { Float($0) }
    case .int8: return try read(Int8.self).map { Float($0) }
    case .uint16: return try read(UInt16.self).map { Float($0) }
    case .int16: return try read(Int16.self).map { Float($0) }
    case .uint32: return try read(UInt32.self).map { Float($0) }
    case .int32: return try read(Int32.self).map { Float($0) }
    case .uint64: return try read(UInt64.self).map { Float($0) }
    case .int64: return try read(Int64.self).map { Float($0) }
    case .bool, .float8E5M2, .float8E4M3, .float8E8M0, .complex64:
      throw SafetensorsError(
        .mismatch, path: path,
        "tensor \(JSON.quoted(name, limit: 60)) is \(info.type.rawValue), which is not read as floats")
    }
  }

  /// The value of an IEEE half. Written out because `Float16` is missing on x86-64 macOS.
  private static func float(half bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1f)
    let fraction = Float(bits & 0x3ff)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 0x1f: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }
}
