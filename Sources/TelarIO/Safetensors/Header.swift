/// The header of a safetensors file, checked against every rule of the format.
///
/// The format: eight bytes with the header's length N, little-endian; N bytes of JSON, an object that starts with `{`
/// and may end in spaces; the data. Each member names a tensor: `{"dtype", "shape", "data_offsets": [begin, end]}`;
/// `__metadata__` maps strings to strings. The tensors cover the data without holes or overlaps.
///
/// - Source: the format's description and reference reader, huggingface/safetensors.
struct Header {
  static let maximumLength = 100_000_000
  /// The most dimensions of a tensor. PyTorch has at most 64.
  static let maximumRank = 64

  /// The tensors in the order of their data.
  var tensors = OrderedMembers<TensorInfo>()
  var metadata = OrderedMembers<String>()

  /// - Parameter dataLength: bytes of the file behind the header.
  init(parsing bytes: [UInt8], dataLength: Int) throws(JSONError) {
    var reader = JSONReader(bytes, maximumDepth: 3)
    guard bytes.first == UInt8(ascii: "{") else { throw reader.error("the header does not start with '{'") }
    var infos: [(key: String, value: TensorInfo)] = []
    var metadata: OrderedMembers<String>?
    try reader.object { reader, key throws(JSONError) in
      if key == "__metadata__" {
        guard metadata == nil else { throw reader.error("the metadata stand there twice") }
        var members = OrderedMembers<String>()
        try reader.object { reader, key throws(JSONError) in
          guard try reader.next() == .string else {
            throw reader.error("the metadata of \(JSON.quoted(key, limit: 60)) is not a string")
          }
          guard members.append(key, try reader.string()) else {
            throw reader.error("the metadata's key \(JSON.quoted(key, limit: 60)) stands there twice")
          }
        }
        metadata = members
      } else {
        infos.append((key, try Self.info(key, &reader)))
      }
    }
    try reader.end()
    self.metadata = metadata ?? [:]

    // An empty tensor has the same offset as the tensor behind it, and comes first.
    infos.sort { ($0.value.offset, $0.value.byteCount) < ($1.value.offset, $1.value.byteCount) }
    for (name, info) in infos {
      guard tensors.append(name, info) else {
        throw reader.error("the name \(JSON.quoted(name, limit: 60)) stands there twice")
      }
    }
    var end = 0
    for (name, info) in infos {
      guard info.offset == end else {
        throw reader.error(
          "the data of \(JSON.quoted(name, limit: 60)) starts at \(info.offset), not at \(end), the end of the tensor before it"
        )
      }
      end += info.byteCount
      guard end <= dataLength else {
        throw reader.error("the data of \(JSON.quoted(name, limit: 60)) ends at \(end) and the file's at \(dataLength)")
      }
    }
    guard end == dataLength else { throw reader.error("\(dataLength - end) bytes at the end belong to no tensor") }
  }

  private static func info(_ name: String, _ reader: inout JSONReader) throws(JSONError) -> TensorInfo {
    var type: ElementType?
    var shape: [Int]?
    var offsets: [Int]?
    try reader.object { reader, key throws(JSONError) in
      switch key {
      case "dtype" where type == nil:
        let text = try reader.string()
        guard let known = ElementType(rawValue: text) else {
          throw reader.error("\(JSON.quoted(name, limit: 60)) has the unknown dtype \(JSON.quoted(text, limit: 20))")
        }
        type = known
      case "shape" where shape == nil: shape = try naturals(&reader, atMost: maximumRank)
      case "data_offsets" where offsets == nil: offsets = try naturals(&reader, atMost: 2)
      default:
        throw reader.error(
          "\(JSON.quoted(name, limit: 60)) has an unknown or repeated member \(JSON.quoted(key, limit: 20))")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw reader.error("\(JSON.quoted(name, limit: 60)) lacks its dtype, its shape or its two data_offsets")
    }
    var byteCount = type.byteCount
    for size in shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
      guard !overflow else { throw reader.error("the shape of \(JSON.quoted(name, limit: 60)) is too large") }
      byteCount = product
    }
    guard offsets[0] <= offsets[1], offsets[1] - offsets[0] == byteCount else {
      throw reader.error(
        "\(JSON.quoted(name, limit: 60)) needs \(byteCount) bytes by its shape and has the offsets \(offsets[0]) to \(offsets[1])"
      )
    }
    return TensorInfo(type: type, shape: shape, offset: offsets[0], byteCount: byteCount)
  }

  private static func naturals(_ reader: inout JSONReader, atMost limit: Int) throws(JSONError) -> [Int] {
    var numbers: [Int] = []
    try reader.array { reader throws(JSONError) in
      guard numbers.count < limit else { throw reader.error("more than \(limit) numbers stand in a list") }
      numbers.append(try reader.natural())
    }
    return numbers
  }
}

/// The type, shape and data range of a tensor.
public struct TensorInfo: Sendable, Hashable {
  public let type: ElementType
  public let shape: [Int]
  /// Offset of the first byte from the end of the header.
  package let offset: Int
  public let byteCount: Int

  /// The number of elements: 1 for an empty shape.
  public var count: Int { byteCount / type.byteCount }
}
