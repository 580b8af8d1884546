import CKernels
import Foundation

/// Threads that share the chunks of one job at a time; the thread that asks works with them.
///
/// Each thread begins with a part of the items that is its own, the same part of each job that has a chunk for each thread:
/// images that a thread wrote in one layer it reads in the next, out of its core's cache. Who is done with that takes
/// chunks of the others' parts.
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
  private let team: ThreadTeam

  /// The private arrays of a work-item take up to 1.3 MB, more than the stacks that some systems give to threads.
  private static let stackBytes = 8 << 20

  package init(threadCount: Int) {
    precondition(threadCount > 0, "a pool of \(threadCount) threads")
    self.threadCount = threadCount
    // With more threads than cores, one that spins keeps another from working.
    let team = ThreadTeam(
      threadCount: threadCount, spins: threadCount <= ProcessInfo.processInfo.activeProcessorCount)
    self.team = team
    for index in 1..<threadCount {
      // The thread keeps the team alive, not the pool, whose end ends the threads.
      let thread = Thread {
        Thread.current.name = "telar-\(index)"
        team.work(thread: index)
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
      job.run(0..<job.items)
      return (job.items, Clock.nanoseconds - start)
    }
    return team.run(job)
  }
}

extension ThreadPool.Job {
  func run(_ part: Range<Int>) {
    if part.isEmpty { return }
    var range = telar_range(x: x, y: y, z: z, begin: UInt64(part.lowerBound), end: UInt64(part.upperBound))
    entry(&range, arguments)
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
