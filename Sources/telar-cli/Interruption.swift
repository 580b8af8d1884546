import Foundation
import Synchronization
import Telar
import TelarStudies

/// What SIGINT and SIGTERM do: end the process with the exit code that shells expect and no file half written.
///
/// While ``isGraceful``, the first only leaves a word for whoever asks ``isRequested``, so that work can be finished and
/// saved; a second one ends the process at once, unless it comes with the first: `timeout` and others send one to the
/// process and another to its group.
enum Interruption {
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

  /// Has a thread of its own wait for the signals. Where no thread can be made they end the process, as they do others.
  static func install() {
    var signals = awaited
    // Threads take this over from the one that makes them, and there are no others yet.
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let code = pthread_create(&thread, nil, { _ in Interruption.wait() }, nil)
    if code != 0 { pthread_sigmask(SIG_UNBLOCK, &signals, nil) }
  }

  private static var awaited: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
    return signals
  }

  private static func wait() -> Never {
    var signals = awaited
    while true {
      var number: Int32 = 0
      if sigwait(&signals, &number) == 0 { handle(number) }
    }
  }

  private static func handle(_ number: Int32) {
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
}
