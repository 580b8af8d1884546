import CKernels
import Foundation
import Synchronization

/// Threads that share the chunks of one job at a time; the thread that asks works with them.
///
/// Workers spin for a moment after a job, because the next kernel is usually only microseconds away, and then sleep.
/// The threads live as long as the pool. One job runs at a time: a second thread that asks meanwhile traps.
package final class ThreadPool {
  /// A kernel over a range of work-items, which are claimed in chunks.
  package struct Job {
    package var entry: telar_entry
    package var arguments: UnsafePointer<UnsafeRawPointer?>
    package var x: UInt32
    package var y: UInt32
    package var z: UInt32
    package var items: Int
    package var chunks: Int
    /// Whether chunks become smaller towards the end, instead of being even.
    fileprivate var tapers = false

    package init(
      entry: telar_entry, arguments: UnsafePointer<UnsafeRawPointer?>, x: UInt32, y: UInt32 = 1, z: UInt32 = 1,
      items: Int, chunks: Int
    ) {
      self.entry = entry
      self.arguments = arguments
      self.x = x
      self.y = y
      self.z = z
      self.items = items
      self.chunks = chunks
    }
  }

  /// Threads that work on a job, the caller included.
  package let threadCount: Int
  private let team: Team

  /// The private arrays of a work-item take up to 1.3 MB, more than the stacks that some systems give to threads.
  private static let stackBytes = 8 << 20

  package init(threadCount: Int) {
    precondition(threadCount > 0, "a pool of \(threadCount) threads")
    self.threadCount = threadCount
    // With more threads than cores, one that spins keeps another from working.
    let team = Team(spins: threadCount <= ProcessInfo.processInfo.activeProcessorCount)
    self.team = team
    for index in 1..<threadCount {
      // The thread keeps the team alive, not the pool, whose end ends the threads.
      let thread = Thread {
        Thread.current.name = "telar-\(index)"
        team.work()
      }
      thread.stackSize = Self.stackBytes
      thread.start()
    }
  }

  deinit { team.stop() }

  /// What the threads keep alive: it goes when the last of them has ended. For tests.
  package var sharedByThreads: AnyObject { team }

  /// How many workers sleep now. For tests.
  package var sleepingCount: Int { team.sleepers.load(ordering: .relaxed) }

  /// Runs all chunks of the job and returns when they are done.
  ///
  /// - Returns: how many work-items the calling thread ran, and in how many nanoseconds.
  @discardableResult
  package func run(_ job: Job) -> (items: Int, nanoseconds: UInt64) {
    guard job.chunks > 1, threadCount > 1 else {
      let start = Clock.nanoseconds
      job.run(chunk: 0, of: 1)
      return (job.items, Clock.nanoseconds - start)
    }
    var job = job
    job.tapers = job.chunks >= Self.taperingChunks * threadCount
    return team.run(job)
  }

  /// Chunks a thread from which on they taper: the first is then no more than half of a thread's share.
  private static let taperingChunks = 4
}

extension ThreadPool.Job {
  /// Runs one of `count` parts of the items; returns how many those are.
  @discardableResult
  fileprivate func run(chunk: Int, of count: Int) -> Int {
    let (begin, end) = (first(chunk, of: count), first(chunk + 1, of: count))
    if begin == end { return 0 }
    var range = telar_range(x: x, y: y, z: z, begin: UInt64(begin), end: UInt64(end))
    entry(&range, arguments)
    return end - begin
  }

  /// The first item of a part. Where they taper, sizes fall linearly to next to nothing, so that the threads end at about
  /// the same time though there are few claims (T. Tzen, L. Ni: Trapezoid self-scheduling, 1993).
  private func first(_ chunk: Int, of count: Int) -> Int {
    guard tapers else { return items * chunk / count }
    let left = count - chunk
    return items - items * (left * left) / (count * count)
  }
}

/// The monotonic clock.
package enum Clock {
  package static var nanoseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// What the threads of a pool share.
///
/// A claim of a chunk is one compare-and-swap on a word that holds the job's number and how many chunks are left, so a
/// worker that wakes late can never take a chunk of a later job with the data of an earlier one. `job` is written before
/// that word publishes it and read only after a chunk of it was claimed, which keeps it from being replaced: the caller
/// waits until all claimed chunks are finished.
///
/// No wake-up is lost: a worker counts itself among the sleepers before it looks at the word for the last time, and the
/// caller writes the word before it looks at the count, all sequentially consistent, so one of them sees the other.
private final class Team: @unchecked Sendable {
  /// Job number in the upper half, chunks not yet claimed in the lower.
  private let state = Atomic<UInt64>(0)
  private let finished = Atomic<Int>(0)
  let sleepers = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)
  private let busy = Atomic<Bool>(false)
  private let wake = NSCondition()
  private var job: ThreadPool.Job?
  private let spinNanoseconds: UInt64

  /// How long a worker looks for the next job before it sleeps: longer than the host takes from one launch to the
  /// next, and about what it costs to sleep and be woken.
  private static let spinNanoseconds: UInt64 = 50_000
  private static let pausesPerLook = 32

  init(spins: Bool) {
    spinNanoseconds = spins ? Self.spinNanoseconds : 0
  }

  func run(_ job: ThreadPool.Job) -> (items: Int, nanoseconds: UInt64) {
    precondition(!busy.exchange(true, ordering: .acquiring), "a CPU device is used from two threads at a time")
    defer { busy.store(false, ordering: .releasing) }
    self.job = job
    finished.store(0, ordering: .relaxed)
    let number = (state.load(ordering: .relaxed) >> 32) &+ 1
    state.store(number << 32 | UInt64(UInt32(job.chunks)), ordering: .sequentiallyConsistent)
    wakeSleepers(atMost: job.chunks - 1)

    let start = Clock.nanoseconds
    var items = 0
    while let chunk = claim() { items += chunk.job.run(chunk: chunk.index, of: chunk.job.chunks, finishing: finished) }
    let nanoseconds = Clock.nanoseconds - start

    var looks = 0
    while finished.load(ordering: .acquiring) < job.chunks {
      telar_pause()
      looks += 1
      // A worker with the last chunk may be waiting for this core.
      if looks % Self.pausesPerLook == 0 { sched_yield() }
    }
    return (items, nanoseconds)
  }

  private func wakeSleepers(atMost count: Int) {
    let sleeping = sleepers.load(ordering: .sequentiallyConsistent)
    if sleeping == 0 { return }
    wake.lock()
    if count >= sleeping {
      wake.broadcast()
    } else {
      for _ in 0..<count { wake.signal() }
    }
    wake.unlock()
  }

  /// Claims one chunk of the present job; `nil` when none is left.
  private func claim() -> (job: ThreadPool.Job, index: Int)? {
    var current = state.load(ordering: .acquiring)
    while current & 0xffff_ffff > 0 {
      let (exchanged, original) = state.weakCompareExchange(
        expected: current, desired: current - 1, ordering: .acquiringAndReleasing)
      if exchanged, let job { return (job, job.chunks - Int(current & 0xffff_ffff)) }
      current = original
    }
    return nil
  }

  /// What a worker does until the pool ends.
  func work() {
    while !stopping.load(ordering: .acquiring) {
      while let chunk = claim() { _ = chunk.job.run(chunk: chunk.index, of: chunk.job.chunks, finishing: finished) }
      if !spin() { sleep() }
    }
  }

  private var isIdle: Bool {
    state.load(ordering: .sequentiallyConsistent) & 0xffff_ffff == 0
      && !stopping.load(ordering: .sequentiallyConsistent)
  }

  /// Whether there was something to do before the time was up.
  private func spin() -> Bool {
    let end = Clock.nanoseconds + spinNanoseconds
    repeat {
      for _ in 0..<Self.pausesPerLook {
        if !isIdle { return true }
        telar_pause()
      }
    } while Clock.nanoseconds < end
    return false
  }

  private func sleep() {
    wake.lock()
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while isIdle { wake.wait() }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    wake.unlock()
  }

  /// Ends the workers, which no job keeps busy now.
  func stop() {
    stopping.store(true, ordering: .sequentiallyConsistent)
    wake.lock()
    wake.broadcast()
    wake.unlock()
  }
}

extension ThreadPool.Job {
  /// Runs a claimed chunk and counts it. Nothing of the job is touched afterwards: its memory may be gone.
  fileprivate func run(chunk: Int, of count: Int, finishing finished: borrowing Atomic<Int>) -> Int {
    let items = run(chunk: chunk, of: count)
    finished.add(1, ordering: .releasing)
    return items
  }
}
