import Foundation
import Telar

/// What tells this build of the program from others: a sum of the program's own file.
enum BuildIdentity {
  static let current: String = {
    guard let path = Bundle.main.executablePath, let bytes = FileManager.default.contents(atPath: path) else {
      return ""
    }
    return String(sha256(bytes).prefix(16))
  }()
}
