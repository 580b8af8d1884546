/// What can go wrong with files that Telar writes.
public enum OutputError: Error, Equatable {
  /// A file or folder cannot be made where it was asked for.
  case cannotCreate(path: String, reason: String)
  /// There is a file already, which nobody said to replace.
  case exists(path: String)
  /// Writing to a file that was made fails: a full disk, a failing one.
  case writeFailed(path: String, reason: String)
}

extension OutputError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cannotCreate(let path, let reason):
      "cannot create \(path): \(reason). Name another place (--out, --onnx)."
    case .exists(let path):
      "\(path) is there already: --overwrite replaces it."
    case .writeFailed(let path, let reason):
      "cannot write \(path): \(reason)."
    }
  }
}
