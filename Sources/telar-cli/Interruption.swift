import Figures
import Files
import Foundation
import Synchronization

/// What SIGINT and SIGTERM do: end the process with the exit code that shells expect and no file half written.
///
/// While ``isGraceful``, the first only leaves a word for whoever asks ``isRequested``, so that work can be finished and
/// saved; a second one ends the process at once, unless it comes with the first: `timeout` and others send one to the
/// process and another to its group.
enum Interruption {
  /// Kept for as long as the process runs.
  nonisolated(unsafe) private static var sources: [any DispatchSourceSignal] = []
  private static let graceful = Atomic<Bool>(false)
  private static let received = Atomic<Int32>(0)
  /// When the first came, in nanoseconds of a clock that only goes forward.
  private static let receivedAt = Atomic<UInt64>(0)
  private static let togetherNanoseconds: UInt64 = 300_000_000

  static var isGraceful: Bool {
    get { graceful.load(ordering: .relaxed) }
    set { graceful.store(newValue, ordering: .relaxed) }
  }

  /// Whether a signal has come that asks for an end.
  static var isRequested: Bool { requested != 0 }

  /// The signal that has come; 0 for none.
  static var requested: Int32 { received.load(ordering: .relaxed) }

  static func install() {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
      source.setEventHandler {
        let now = DispatchTime.now().uptimeNanoseconds
        if isGraceful, received.exchange(number, ordering: .relaxed) == 0 {
          receivedAt.store(now, ordering: .relaxed)
          Console.note("Finishing the step and saving; once more ends at once.", isWaiting: false)
          return
        }
        if isGraceful, now - receivedAt.load(ordering: .relaxed) < togetherNanoseconds { return }
        ChildProcess.killAll()
        AtomicFile.removePending()
        Console.error(number == SIGINT ? "interrupted." : "terminated.", isWaiting: false)
        _exit(128 + number)
      }
      source.resume()
      sources.append(source)
    }
  }
}
