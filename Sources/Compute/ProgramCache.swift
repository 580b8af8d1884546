import CZlib
import Foundation

/// Program binaries kept on disk from one run to the next.
///
/// A file holds everything that its binary depends on (source, options, device, driver) in full, a checksum over all of
/// it, and the binary. A file that differs in any byte, or that other users can write to, is treated as absent. Nothing
/// here throws: a cache that cannot be read or written costs time only.
public final class ProgramCache: Sendable {
  /// The cache under `$XDG_CACHE_HOME/telar`; `nil` when the environment variable `TELAR_NO_CACHE` is `1`.
  public static let standard: ProgramCache? = CacheDirectory.standard.map {
    ProgramCache($0.folder("programs"))
  }

  /// Changes with the layout of the files.
  private static let magic = Array("telar program 1\n".utf8)

  /// Far longer than any binary of these programs.
  static let longestBinary = 64 << 20

  private let directory: CacheDirectory

  public convenience init(directory: URL) {
    self.init(CacheDirectory(directory.path))
  }

  package init(_ directory: CacheDirectory) {
    self.directory = directory
  }

  /// The binary that was stored for exactly this key.
  package func load(_ key: String) -> [UInt8]? {
    let header = Self.magic.count + 20
    let limit = header + key.utf8.count + Self.longestBinary
    guard let bytes = directory.read(name(for: key), atMost: limit) else { return nil }
    guard bytes.count >= header, bytes.starts(with: Self.magic) else { return nil }
    let keyCount = Self.integer(bytes, at: Self.magic.count, width: 8)
    let binaryCount = Self.integer(bytes, at: Self.magic.count + 8, width: 8)
    let checksum = Self.integer(bytes, at: Self.magic.count + 16, width: 4)
    let payload = bytes[header...]
    guard keyCount <= payload.count, binaryCount == payload.count - Int(keyCount),
      Self.checksum(payload) == UInt32(checksum), payload.prefix(Int(keyCount)).elementsEqual(key.utf8)
    else { return nil }
    return Array(payload.dropFirst(Int(keyCount)))
  }

  package func store(_ binary: [UInt8], for key: String) {
    let payload = Array(key.utf8) + binary
    var bytes = Self.magic
    withUnsafeBytes(of: UInt64(key.utf8.count).littleEndian) { bytes += $0 }
    withUnsafeBytes(of: UInt64(binary.count).littleEndian) { bytes += $0 }
    withUnsafeBytes(of: Self.checksum(payload[...]).littleEndian) { bytes += $0 }
    directory.write(bytes + payload, to: name(for: key))
  }

  func remove(_ key: String) { directory.remove(name(for: key)) }

  package func file(for key: String) -> URL { URL(fileURLWithPath: "\(directory.path)/\(name(for: key))") }

  /// A name from a 64-bit hash. Keys that share one overwrite each other's file and never load it.
  private func name(for key: String) -> String {
    // FNV-1a.
    let hash = key.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16) + ".bin"
  }

  private static func integer(_ bytes: [UInt8], at offset: Int, width: Int) -> UInt64 {
    (0..<width).reversed().reduce(0) { $0 << 8 | UInt64(bytes[offset + $1]) }
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count)) }
  }
}
