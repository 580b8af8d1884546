import Foundation
import Synchronization
import Telar
import TelarStudies

/// Makes runs in worker processes, several at once, each when the run whose weights it needs has ended.
///
/// A worker is this command again, with the key of its run. It prints a line of JSON for each event. A worker that dies
/// ends its own run only; what it had saved is resumed by the next command with `--resume`.
final class JobQueue: Sendable {
  private struct State {
    var waiting: [StudyRunner.PendingRun]
    var running: Set<String> = []
    var failures: [String: StudyRunner.NotMade] = [:]
    var isEnding = false
  }

  private let runs: [StudyRunner.PendingRun]
  private let state: Mutex<State>
  private let arguments: [String]
  /// Called by one thread at a time.
  private let observe: @Sendable (Event) -> Void

  enum Event: Sendable {
    case began(StudyRunner.PendingRun)
    case line(StudyRunner.PendingRun, String, JSON.Members)
    case ended(StudyRunner.PendingRun, StudyRunner.NotMade?)
  }

  /// - Parameter arguments: the command line of a worker, but for the key of its run.
  init(_ runs: [StudyRunner.PendingRun], arguments: [String], observe: @escaping @Sendable (Event) -> Void) {
    self.runs = runs
    self.arguments = arguments
    self.observe = observe
    state = Mutex(State(waiting: runs))
  }

  /// Makes all runs.
  ///
  /// - Parameters:
  ///   - count: how many at once.
  ///   - isInterrupted: whether the workers are to save and end.
  /// - Returns: why runs have no result, by their keys.
  func run(count: Int, isInterrupted: () -> Int32) -> [String: StudyRunner.NotMade] {
    let threads = (0..<min(count, runs.count)).map { _ in
      let thread = Thread { [self] in work() }
      thread.stackSize = 4 << 20
      return thread
    }
    threads.forEach { $0.start() }
    var isTold = false
    while !threads.allSatisfy(\.isFinished) {
      usleep(20_000)
      let signal = isInterrupted()
      guard signal != 0, !isTold else { continue }
      isTold = true
      state.withLock { $0.isEnding = true }
      ChildProcess.signalAll(signal)
    }
    return state.withLock { $0.failures }
  }

  private func work() {
    while true {
      guard let run = next() else { return }
      observe(.began(run))
      let failure = make(run)
      state.withLock { state in
        state.running.remove(run.key)
        state.failures[run.key] = failure
      }
      observe(.ended(run, failure))
    }
  }

  /// The next run, as soon as there is one; `nil` when none is left.
  private func next() -> StudyRunner.PendingRun? {
    while true {
      let (run, isDone) = state.withLock { state -> (StudyRunner.PendingRun?, Bool) in
        if state.isEnding || state.waiting.isEmpty { return (nil, true) }
        let open = state.running.union(state.waiting.map(\.key))
        guard let index = state.waiting.firstIndex(where: { run in run.source.map { !open.contains($0) } ?? true })
        else {
          return (nil, false)
        }
        let run = state.waiting.remove(at: index)
        state.running.insert(run.key)
        return (run, false)
      }
      if run != nil || isDone { return run }
      usleep(20_000)
    }
  }

  /// Makes a run in a worker; returns why it has no result.
  private func make(_ run: StudyRunner.PendingRun) -> StudyRunner.NotMade? {
    if let source = run.source, state.withLock({ $0.failures[source] }) != nil {
      return StudyRunner.NotMade("\(NoResult(.pretrainingFailed))")
    }
    guard let program = Bundle.main.executablePath else { return StudyRunner.NotMade("the program's file is unknown") }
    let outcome: ChildProcess.Outcome
    var read = 0
    do {
      outcome = try ChildProcess.run(
        program, arguments + ["--worker", run.key], input: [], environment: ProcessInfo.processInfo.environment,
        limit: .seconds(Self.longestRun)
      ) { output in
        guard let end = output.lastIndex(of: UInt8(ascii: "\n")), end >= read else { return }
        for line in TextLines(Array(output[read...end])) { note(line.text ?? "", of: run) }
        read = end + 1
      }
    } catch {
      return StudyRunner.NotMade("its process cannot be started: \(error.reason)")
    }
    let message = TextLines(outcome.errors).compactMap(\.text).last { $0.hasPrefix("telar: ") }
    switch outcome.end {
    case .exited(0): return nil
    case .exited(let code):
      return StudyRunner.NotMade(
        message.map { String($0.dropFirst("telar: ".count)) } ?? "its process ended with \(code)", exitCode: code)
    case .killed(let signal):
      return StudyRunner.NotMade(
        "its process was ended by signal \(signal), \(String(cString: strsignal(signal))). --resume goes on with it.")
    case .outOfBounds: return StudyRunner.NotMade("its process did not end. --resume goes on with it.")
    }
  }

  /// Ten years, in seconds.
  private static let longestRun = 10 * 365 * 86_400

  private func note(_ line: String, of run: StudyRunner.PendingRun) {
    guard case .object(let members)? = try? JSON(parsing: line) else { return }
    observe(.line(run, line, members))
  }
}
