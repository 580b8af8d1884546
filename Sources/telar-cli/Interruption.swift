import Files
import Foundation

/// Ends the process on SIGINT and SIGTERM at once, with the exit code that shells expect and no file half written.
///
/// Files get their names only when they are whole, so what is to do is to remove temporary ones.
enum Interruption {
  /// Kept for as long as the process runs.
  nonisolated(unsafe) private static var sources: [any DispatchSourceSignal] = []

  static func install() {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
      source.setEventHandler {
        AtomicFile.removePending()
        Console.error(number == SIGINT ? "interrupted." : "terminated.")
        _exit(128 + number)
      }
      source.resume()
      sources.append(source)
    }
  }
}
