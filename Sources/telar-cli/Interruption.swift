import Foundation
import Synchronization
import Telar
import TelarStudies

/// Handling of signals that end the process, without partial files: SIGINT and SIGTERM with the customary exit code, and
/// SIGUSR1 and SIGUSR2, which schedulers send before a job's time is over, with ``ExitStatus/tryAgain``.
///
/// While ``isGraceful``, the first signal only sets ``isRequested``, so that work can be completed and saved. A second
/// one ends the process at once, unless it arrives together with the first: `timeout` and others send one to the
/// process and another to its group.
enum Interruption {
  private static let graceful = Atomic<Bool>(false)
  private static let received = Atomic<Int32>(0)
  /// The time of the first signal, in nanoseconds of a monotonic clock.
  private static let receivedAt = Atomic<UInt64>(0)
  private static let togetherNanoseconds: UInt64 = 300_000_000
  /// The scheduler's signal that SIGTERM stands for; 0 for none.
  private static let relayed = Atomic<Int32>(0)

  static var isGraceful: Bool {
    get { graceful.load(ordering: .relaxed) }
    set { graceful.store(newValue, ordering: .relaxed) }
  }

  /// Whether a signal has requested an end.
  static var isRequested: Bool { requested != 0 }

  /// The signal that was received; 0 for none.
  static var requested: Int32 { received.load(ordering: .relaxed) }

  /// Starts a thread that waits for the signals. If no thread can be created, signals keep their default action.
  static func install() {
    var signals = awaited
    // New threads inherit the mask; this one is still the only thread.
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let code = pthread_create(&thread, nil, { _ in Interruption.wait() }, nil)
    if code != 0 { pthread_sigmask(SIG_UNBLOCK, &signals, nil) }
    // Not blocked and waited for as the others: Swift's runtime stops all threads by SIGUSR1 when a program crashes.
    relayed.store(0, ordering: .relaxed)
    var schedulers = sigset_t()
    sigemptyset(&schedulers)
    for number in [SIGUSR1, SIGUSR2] {
      signal(number) { Interruption.relay($0) }
      sigaddset(&schedulers, number)
    }
    // Whoever started this process may have blocked them.
    pthread_sigmask(SIG_UNBLOCK, &schedulers, nil)
  }

  /// In a handler: passes the signal on to the thread that waits for SIGTERM.
  private static func relay(_ number: Int32) {
    relayed.store(number, ordering: .relaxed)
    kill(getpid(), SIGTERM)
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

  private static func handle(_ signal: Int32) {
    let scheduled = signal == SIGTERM ? relayed.exchange(0, ordering: .relaxed) : 0
    let number = scheduled == 0 ? signal : scheduled
    let now = DispatchTime.now().uptimeNanoseconds
    if isGraceful, received.exchange(number, ordering: .relaxed) == 0 {
      receivedAt.store(now, ordering: .relaxed)
      Console.note("Finishing the step and saving; once more ends at once.", isWaiting: false)
      return
    }
    if isGraceful, now - receivedAt.load(ordering: .relaxed) < togetherNanoseconds { return }
    ChildProcess.killAll()
    AtomicFile.removePending()
    Console.error("\(Stopped.word(for: number)).", isWaiting: false)
    _exit(ExitStatus.after(number))
  }
}
