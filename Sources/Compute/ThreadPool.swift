import CKernels
import Foundation

/// Threads that execute one job at a time, together with the calling thread.
///
/// A job is divided into parts, one per thread, and those into chunks. Each thread starts with its own part, which
/// covers the same fraction of every job: images that a thread writes in one layer it reads in the next, from its
/// core's cache. Idle threads steal chunks from the others.
///
/// Workers spin briefly after a job, because the next kernel usually follows within microseconds, and then sleep. The
/// threads live as long as the pool. Running a second job at the same time traps.
package final class ThreadPool {
  /// A kernel over a number of work-items.
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

  /// The number of threads that work on a job, including the caller.
  package let threadCount: Int
  private let team: ThreadTeam

  /// The private arrays of a work-item take up to 1.3 MB, more than the default stack of threads on some systems.
  private static let stackBytes = 8 << 20

  package init(threadCount: Int) {
    precondition(threadCount > 0, "a pool of \(threadCount) threads")
    self.threadCount = threadCount
    // With more threads than cores, a spinning thread would keep another from working.
    let team = ThreadTeam(
      threadCount: threadCount, spins: threadCount <= ProcessInfo.processInfo.activeProcessorCount)
    self.team = team
    for index in 1..<threadCount {
      // The thread retains the team, not the pool, whose deinitializer ends the threads.
      let thread = Thread {
        Thread.current.name = "telar-\(index)"
        team.work(thread: index)
      }
      thread.stackSize = Self.stackBytes
      thread.start()
    }
  }

  deinit { team.stop() }

  /// The object that the threads retain, released when the last of them has ended. For tests.
  package var sharedByThreads: AnyObject { team }

  /// The number of sleeping workers. For tests.
  package var sleepingCount: Int { team.sleepers.load(ordering: .relaxed) }

  /// Runs the job and returns when it is done.
  ///
  /// - Returns: the number of work-items that the calling thread ran, and the nanoseconds they took.
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
