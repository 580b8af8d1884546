import CKernels
import Compute
import Foundation
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  /// Adds one to the counter of each item in the range.
  private static let count: telar_entry = { range, arguments in
    let counters = arguments![0]!.load(as: UnsafeMutablePointer<UInt32>.self)
    for item in Int(range!.pointee.begin)..<Int(range!.pointee.end) { counters[item] += 1 }
  }

  /// Notes the length of the range where it begins.
  private static let measure: telar_entry = { range, arguments in
    let lengths = arguments![0]!.load(as: UnsafeMutablePointer<UInt32>.self)
    lengths[Int(range!.pointee.begin)] = UInt32(range!.pointee.end - range!.pointee.begin)
  }

  /// Runs jobs of these sizes; returns how often each item ran, or what else `entry` makes of 4096 zeros.
  private func run(
    _ pool: ThreadPool, entry: telar_entry = count, jobs: [(items: Int, chunks: Int)], pause: (Int) -> Void = { _ in }
  ) -> [UInt32] {
    let counters = UnsafeMutablePointer<UInt32>.allocate(capacity: 4096)
    counters.initialize(repeating: 0, count: 4096)
    defer { counters.deallocate() }
    withUnsafePointer(to: counters) { argument in
      var pointer: UnsafeRawPointer? = UnsafeRawPointer(argument)
      for (index, job) in jobs.enumerated() {
        pool.run(
          ThreadPool.Job(
            entry: entry, arguments: &pointer, x: UInt32(job.items), items: job.items, chunks: job.chunks))
        pause(index)
      }
    }
    return Array(UnsafeBufferPointer(start: counters, count: 4096))
  }

  private func expected(_ jobs: [(items: Int, chunks: Int)]) -> [UInt32] {
    var expected = [UInt32](repeating: 0, count: 4096)
    for job in jobs { for item in 0..<job.items { expected[item] += 1 } }
    return expected
  }

  @Test(arguments: [1, 2, 3, 8])
  func manyTinyJobsRunEachItemOnce(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    let jobs = (0..<20_000).map { index in
      let items = 1 + index * 7 % 300
      return (items: items, chunks: min(items, 1 + index % 17))
    }
    #expect(run(pool, jobs: jobs) == expected(jobs))
  }

  @Test func manyChunksBecomeSmallerAndFewAreEven() {
    let pool = ThreadPool(threadCount: 2)
    let many = run(pool, entry: Self.measure, jobs: [(items: 2560, chunks: 16)]).filter { $0 > 0 }
    let falling: [UInt32] = (0..<8).map { 300 - 40 * $0 }
    #expect(many == falling + falling)
    let few = run(pool, entry: Self.measure, jobs: [(items: 2560, chunks: 4)]).filter { $0 > 0 }
    let even = [UInt32](repeating: 640, count: 4)
    #expect(few == even)
  }

  /// Notes how many chunks began before the one in the middle; that with the first item waits for it.
  private static let middle: telar_entry = { range, arguments in
    let words = arguments![0]!.load(as: UnsafeMutablePointer<Atomic<Int>>.self)
    let before = words[0].add(1, ordering: .relaxed).oldValue
    if range!.pointee.begin == UInt64(range!.pointee.x) / 2 { words[1].store(before, ordering: .releasing) }
    while range!.pointee.begin == 0 && words[1].load(ordering: .acquiring) < 0 { sched_yield() }
  }

  @Test func eachThreadBeginsWithItsOwnPart() {
    let pool = ThreadPool(threadCount: 2)
    let words = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 2)
    (words + 0).initialize(to: Atomic(0))
    (words + 1).initialize(to: Atomic(0))
    defer { words.deallocate() }
    withUnsafePointer(to: words) { argument in
      var pointer: UnsafeRawPointer? = UnsafeRawPointer(argument)
      for _ in 0..<100 {
        words[0].store(0, ordering: .relaxed)
        words[1].store(-1, ordering: .relaxed)
        pool.run(ThreadPool.Job(entry: Self.middle, arguments: &pointer, x: 1024, items: 1024, chunks: 16))
        #expect(words[1].load(ordering: .relaxed) <= 1)
      }
    }
  }

  @Test func jobsAfterPausesFindTheWorkersAsleepOrAwake() {
    let pool = ThreadPool(threadCount: 4)
    let jobs = (0..<600).map { index in (items: 64 + index, chunks: 2 + index % 15) }
    // Around the time for which workers spin, so that they are often just going to sleep.
    #expect(run(pool, jobs: jobs) { usleep(UInt32($0 % 13 * 10)) } == expected(jobs))
  }

  @Test func idleWorkersSleep() {
    let pool = ThreadPool(threadCount: 4)
    _ = run(pool, jobs: [(items: 100, chunks: 20)])
    #expect(eventually { pool.sleepingCount == 3 })
  }

  @Test func threadsEndWithTheirPool() {
    var pool: ThreadPool? = ThreadPool(threadCount: 4)
    _ = run(pool!, jobs: [(items: 100, chunks: 20)])
    weak let shared = pool!.sharedByThreads
    #expect(shared != nil)
    pool = nil
    #expect(eventually { shared == nil })
  }

  private func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<2000 {
      if condition() { return true }
      usleep(5_000)
    }
    return false
  }
}

/// How many threads there are for a process.
@Suite struct ThreadCountTests {
  @Test func theLeastOfWhatIsGrantedCounts() {
    #expect(HostProcessor.threadCount(cores: 8, slurm: nil, quota: nil) == 8)
    #expect(HostProcessor.threadCount(cores: 8, slurm: "4", quota: nil) == 4)
    #expect(HostProcessor.threadCount(cores: 8, slurm: "16", quota: 2.5) == 3)
    #expect(HostProcessor.threadCount(cores: 2, slurm: "none", quota: 0.5) == 1)
  }
}
