/// Builds a safetensors file from tensors and metadata.
///
/// Equal tensors and metadata, added in the same order, give equal bytes. The file holds a check sum, which
/// ``SafetensorsFile`` verifies and other readers ignore.
public struct SafetensorsWriter {
  /// The metadata, written in this order.
  public var metadata = OrderedMembers<String>()

  private var tensors = OrderedMembers<(type: ElementType, shape: [Int], bytes: [UInt8])>()

  public init() {}

  /// Adds a tensor, its elements in row-major order.
  ///
  /// - Precondition: the name is new and not `__metadata__`, and the shape has as many elements as there are values.
  public mutating func add<Element: TensorElement>(_ name: String, shape: [Int], _ values: [Element]) {
    precondition(name != "__metadata__" && tensors[name] == nil, "a tensor cannot have the name \(name)")
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values for shape \(shape) of \(name)")
    tensors[name] = (Element.elementType, shape, values.withUnsafeBytes { Array($0) })
  }

  /// The bytes of the file.
  ///
  /// Tensors of larger elements come first, so that each is aligned to its element size, otherwise in the order of
  /// addition. White space that holds the check sum pads the header to a multiple of 8. Apart from that, this is the
  /// output of the format's own library for the tensors sorted by name.
  public var bytes: [UInt8] {
    let ordered = tensors.enumerated().sorted {
      (-$0.element.value.type.byteCount, $0.offset) < (-$1.element.value.type.byteCount, $1.offset)
    }.map(\.element)
    var members: [String] = []
    if !metadata.isEmpty {
      members.append(
        "\"__metadata__\":{" + metadata.map { JSON.quoted($0.key) + ":" + JSON.quoted($0.value) }.joined(separator: ",")
          + "}")
    }
    var offset = 0
    for (name, tensor) in ordered {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let end = offset + tensor.bytes.count
      members.append(
        "\(JSON.quoted(name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    header += Checksum.place(behind: header.count)
    precondition(header.count <= Header.maximumLength, "a header of \(header.count) bytes is over the format's limit")
    var bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    bytes.reserveCapacity(8 + header.count + offset)
    bytes += header
    for (_, tensor) in ordered { bytes += tensor.bytes }
    Checksum.seal(&bytes, headerEnd: 8 + header.count)
    return bytes
  }

  /// Writes the file atomically.
  ///
  /// - Throws: `OutputError`.
  public func write(to path: String) throws {
    try AtomicFile.write(bytes, to: path)
  }
}
