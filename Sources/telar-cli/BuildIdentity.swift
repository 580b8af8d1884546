import Foundation
import Telar

/// An identifier of the program's build: a digest of its executable file.
enum BuildIdentity {
  static let current: String = {
    String((Bundle.main.executablePath.flatMap(sha256(ofFile:)) ?? "").prefix(16))
  }()
}
