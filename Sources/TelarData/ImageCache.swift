import Compute
import Foundation
import TelarIO

/// Decoded images of a data set, kept under `$XDG_CACHE_HOME/telar/images`.
///
/// An entry is found by the paths, sizes and times of the files and by what was done to the images, so it never stands
/// for other files. Its pixels are checked by their SHA-256.
struct ImageCache {
  /// Raised when decoding changes what it makes of the same files.
  private static let version = 1
  private static let magic = Array("telar images 1\n".utf8)
  /// The longest header of an entry.
  private static let longestHeader = 1 << 12
  /// The longest entry.
  private static let longest = 16 << 30

  private let folder: CacheDirectory?
  private let name: String

  /// - Parameters:
  ///   - files: the paths of the images, in order.
  ///   - preparation: what is done to them.
  init(of files: [String], _ preparation: ImagePreparation) {
    folder = CacheDirectory.standard?.folder("images")
    var text = "\(Self.version) \(preparation.json.text)\n"
    for path in files {
      var status = stat()
      // A file that cannot be found is reported when it is read.
      _ = stat(path, &status)
      let time = status.st_mtim
      text += "\(JSON.quoted(path)) \(status.st_size) \(time.tv_sec).\(time.tv_nsec) \(status.st_ino)\n"
    }
    name = sha256(Array(text.utf8)) + ".images"
  }

  /// The pixels and their size; `nil` where there are none of this count, or they are damaged.
  func read(count: Int) -> (size: ImageSize, pixels: [UInt8], sum: String)? {
    guard let bytes = folder?.read(name, atMost: Self.longest), bytes.starts(with: Self.magic),
      let end = bytes.prefix(Self.longestHeader).dropFirst(Self.magic.count).firstIndex(of: 0x0a),
      let json = try? JSON(parsing: String(decoding: bytes[Self.magic.count..<end], as: UTF8.self)),
      case .object(let members) = json, case .array(let sides)? = members["shape"],
      case .string(let sum)? = members["sha256"]
    else { return nil }
    let numbers = sides.compactMap { if case .integer(let number) = $0, number > 0 { number } else { nil } }
    guard numbers.count == 3, ImageSize.channelCounts.contains(numbers[2]), numbers.allSatisfy({ $0 < 1 << 16 }) else {
      return nil
    }
    let size = ImageSize(height: numbers[0], width: numbers[1], channels: numbers[2])
    let pixels = Array(bytes[(end + 1)...])
    guard pixels.count == count * size.byteCount, sha256(pixels) == sum else { return nil }
    return (size, pixels, sum)
  }

  func write(_ size: ImageSize, _ pixels: [UInt8], sum: String) {
    let header = JSON.object(["shape": .array(size.shape.map(JSON.integer)), "sha256": .string(sum)])
    folder?.write(Self.magic + Array((header.text + "\n").utf8) + pixels, to: name)
  }
}
