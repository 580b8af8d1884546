/// Other formats that are commonly mistaken for safetensors, recognised by their first bytes.
enum ForeignFormat {
  /// The number of leading bytes that ``description(_:)`` looks at.
  static let prefixLength = 512

  /// What the file is and how to convert it; `nil` for an unknown format.
  static func description(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: "PK\u{3}\u{4}".utf8) { return zip(bytes) }
    if isPickle(bytes) { return "is a Python pickle, as torch.save wrote before PyTorch 1.6; \(advice)" }
    for (start, description) in starts where bytes.starts(with: start) { return description }
    if bytes.dropFirst(257).starts(with: "ustar".utf8) { return "is a tar archive" }
    if bytes.dropFirst(4).starts(with: "TFL3".utf8) { return "is a TensorFlow Lite model; \(advice)" }
    // ONNX, a protocol buffer: field 1 is the version of the format; the producer's name, a version or the graph
    // follow.
    if bytes.count > 2, bytes[0] == 0x08, bytes[1] < 0x20, [0x12, 0x1a, 0x28, 0x32, 0x3a].contains(bytes[2]) {
      return "is a protocol buffer, such as an ONNX model; give the checkpoint that it was made of"
    }
    return nil
  }

  private static let advice = "save the weights with safetensors.torch.save_file(model.state_dict(), FILE)"

  /// Python pickles of protocols 2 to 5, and of a dictionary in protocols 0 and 1.
  private static func isPickle(_ bytes: [UInt8]) -> Bool {
    if bytes.count > 1, bytes[0] == 0x80, 2...5 ~= bytes[1] { return true }
    return ["(dp", "}q", "ccollections\n"].contains { bytes.starts(with: $0.utf8) }
  }

  /// The kind of a ZIP archive, by the name of its first file.
  private static func zip(_ bytes: [UInt8]) -> String {
    let length = bytes.count > 27 ? Int(bytes[26]) | Int(bytes[27]) << 8 : 0
    let name = String(decoding: bytes.dropFirst(30).prefix(length), as: UTF8.self)
    if name.hasSuffix(".npy") { return "is a NumPy archive (.npz); \(advice)" }
    if name.contains(".pkl") || name.hasSuffix("/.format_version") || name.hasSuffix("/byteorder") {
      return "is a PyTorch pickle (a zip archive, as torch.save writes it); \(advice)"
    }
    return "is a zip archive: a PyTorch pickle, if torch.save wrote it; \(advice)"
  }

  private static let starts: [(start: [UInt8], description: String)] = [
    ([0x89] + "HDF\r\n\u{1a}\n".utf8, "is an HDF5 file, as Keras writes them (.h5); \(advice)"),
    ([0x93] + "NUMPY".utf8, "is a NumPy array (.npy); \(advice)"),
    (Array("GGUF".utf8), "is a GGUF file; \(advice)"),
    ([0x1f, 0x8b], "is packed with gzip; unpack it"),
    ([0x28, 0xb5, 0x2f, 0xfd], "is packed with zstd; unpack it"),
    ([0xfd] + "7zXZ".utf8, "is packed with xz; unpack it"),
    (Array("BZh".utf8), "is packed with bzip2; unpack it"),
    ([0x89] + "PNG".utf8, "is a PNG image"),
    (Array("version https://git-lfs".utf8), "is a pointer to a file in Git LFS; fetch the file with git lfs pull"),
    (Array("<!DOCTYPE".utf8), "is a web page; what was downloaded is not the file"),
    (Array("<html".utf8), "is a web page; what was downloaded is not the file"),
    (Array("{".utf8), "is JSON, which in a safetensors file stands behind eight bytes with its length"),
  ]
}
