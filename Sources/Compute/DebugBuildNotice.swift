import CKernels
import Foundation
import Synchronization

/// Warns once that the compiled-in kernels of this build are not optimised.
enum DebugBuildNotice {
  private static let shown = Atomic<Bool>(false)

  static func showOnce() {
    guard telar_is_optimized() == 0, !shown.exchange(true, ordering: .relaxed) else { return }
    FileHandle.standardError.write(
      Data("telar: this is a debug build; its kernels are many times slower. Use swift build -c release.\n".utf8))
  }
}
