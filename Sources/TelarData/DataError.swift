/// A problem with a data set. The description is one line that names the file and the remedy.
public enum DataError: Error, Equatable {
  /// A file or the whole folder does not exist. `source` says where the folder's path came from.
  case missing(path: String, source: String)
  /// A file exists and cannot be read: permissions, a folder of its name, a failing disk.
  case unreadable(path: String, reason: String)
  /// A file violates its format, is truncated, or is longer than its header says.
  case malformed(path: String, problem: String)
  /// Files that are valid by themselves and no data set together; the problem says what to do.
  case unusable(path: String, problem: String)
  /// More bytes of pixels than may be in memory.
  case tooLarge(path: String, byteCount: Int, limit: Int)
  /// A valid file that is not Fashion-MNIST's.
  case unexpectedContents(path: String, expectedSum: String, actualSum: String)
}

extension DataError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing(let path, let source):
      return "\(path) not found (\(source)): install the Debian package dataset-fashion-mnist, "
        + "or name the folder of the four IDX files with --data DIR or $\(FashionMNIST.environmentVariable)."
    case .unreadable(let path, let reason):
      return "\(path) cannot be read: \(reason)."
    case .malformed(let path, let problem):
      return "\(path): \(problem). Fetch the file again, or name another folder with --data DIR."
    case .unusable(let path, let problem): return "\(path): \(problem)."
    case .tooLarge(let path, let byteCount, let limit):
      return
        "\(path) has \(Self.mebibytes(byteCount)) MiB of pixels, more than the \(Self.mebibytes(limit)) MiB that a data set "
        + "may take of this machine's memory: use smaller images (--resize), or fewer."
    case .unexpectedContents(let path, let expected, let actual):
      return "\(path) is not Fashion-MNIST's: its uncompressed bytes have SHA-256 \(actual), not \(expected). "
        + "Fetch the file again, or give --allow-other-data to use it as it is."
    }
  }

  /// At least 1.
  private static func mebibytes(_ count: Int) -> Int { max(1, count >> 20) }
}
