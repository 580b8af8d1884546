import Foundation
import Telar

/// What tells this build of the program from others: a sum of the program's own file.
enum BuildIdentity {
  static let current: String = {
    String((Bundle.main.executablePath.flatMap(sha256(ofFile:)) ?? "").prefix(16))
  }()
}
