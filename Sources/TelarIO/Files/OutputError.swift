/// A failure to write a file or folder.
public enum OutputError: Error, Equatable {
  /// The file or folder cannot be created.
  case cannotCreate(path: String, reason: String)
  /// The file exists and may not be replaced.
  case exists(path: String)
  /// Writing to a created file fails, such as on a full disk.
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
