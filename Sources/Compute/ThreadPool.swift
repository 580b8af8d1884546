import Foundation
import Synchronization

/// Threads that share the chunks of one job at a time; the thread that asks works with them.
///
/// A claim of a chunk is one compare-and-swap on a word that holds the job's number and how many chunks are left, so a
/// worker that wakes late can never take a chunk of a later job with the data of an earlier one. Workers spin for a
/// moment after a job, because the next kernel is usually only microseconds away, and then sleep.
final class ThreadPool: @unchecked Sendable {
  /// Threads that work on a job, the caller included.
  let threadCount: Int

  /// Job number in the upper half, chunks not yet claimed in the lower.
  private let state = Atomic<UInt64>(0)
  private let finished = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)
  private let wake = NSCondition()
  private let ended = DispatchSemaphore(value: 0)
  /// The job's chunks and what to do with one. Written before the job is published in `state`, and read only after a
  /// chunk of it was claimed, which keeps the job alive.
  private nonisolated(unsafe) var chunkCount = 0
  private nonisolated(unsafe) var body: (Int) -> Void = { _ in }

  private static let spins = 20_000

  init(threadCount: Int) {
    self.threadCount = max(1, threadCount)
    for index in 1..<self.threadCount {
      let thread = Thread { [unowned self] in self.work() }
      thread.name = "telar-\(index)"
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  /// Runs `body` for each chunk 0 ..< count and returns when all are done. Not reentrant.
  func run(chunks count: Int, _ body: @escaping (Int) -> Void) {
    guard count > 1, threadCount > 1 else {
      for chunk in 0..<count { body(chunk) }
      return
    }
    self.body = body
    chunkCount = count
    finished.store(0, ordering: .relaxed)
    let job = (state.load(ordering: .relaxed) >> 32) &+ 1
    state.store((job & 0xffff_ffff) << 32 | UInt64(count), ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      wake.lock()
      wake.broadcast()
      wake.unlock()
    }
    while takeChunk() {}
    var waited = 0
    while finished.load(ordering: .acquiring) < count {
      waited += 1
      if waited % 1_000 == 0 { sched_yield() }
    }
    self.body = { _ in }
  }

  /// Claims and runs one chunk; false when none is left.
  private func takeChunk() -> Bool {
    var current = state.load(ordering: .acquiring)
    while current & 0xffff_ffff > 0 {
      let (exchanged, original) = state.weakCompareExchange(
        expected: current, desired: current - 1, ordering: .acquiringAndReleasing)
      if exchanged {
        body(chunkCount - Int(current & 0xffff_ffff))
        finished.add(1, ordering: .releasing)
        return true
      }
      current = original
    }
    return false
  }

  private func work() {
    while !stopping.load(ordering: .acquiring) {
      if takeChunk() { continue }
      var spun = 0
      while spun < Self.spins, state.load(ordering: .acquiring) & 0xffff_ffff == 0,
        !stopping.load(ordering: .relaxed)
      {
        spun += 1
      }
      if spun < Self.spins { continue }
      wake.lock()
      sleepers.add(1, ordering: .sequentiallyConsistent)
      while state.load(ordering: .sequentiallyConsistent) & 0xffff_ffff == 0, !stopping.load(ordering: .acquiring) {
        wake.wait()
      }
      sleepers.subtract(1, ordering: .sequentiallyConsistent)
      wake.unlock()
    }
    ended.signal()
  }

  /// Ends the workers. The pool is not used afterwards.
  func stop() {
    stopping.store(true, ordering: .sequentiallyConsistent)
    wake.lock()
    wake.broadcast()
    wake.unlock()
    for _ in 1..<threadCount { ended.wait() }
  }

  deinit { stop() }
}
