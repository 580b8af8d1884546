import CKernels
import Foundation
import Synchronization

/// The state that the threads of a pool share.
///
/// A job is published by an atomic word that holds its number and its division into chunks. Each part of a job has a
/// word too, with the number of the job whose chunks were last claimed and the count of claimed chunks. A claim is one
/// compare-and-swap on that word, which fails once the job is over, so a worker that wakes late cannot claim a chunk of
/// a later job with the data of an earlier one. `job` is written before its word is published and read only after a
/// claim; the caller waits for all chunks before it replaces it.
///
/// Moving a cache line between distant cores takes a third of a microsecond. Words that threads wait for or claim from
/// therefore have cache lines of their own, a thread starts with a word that others seldom touch, and finished chunks
/// are counted once per part.
///
/// No wake-up is lost: a worker increments the count of sleepers before it reads the published word for the last time,
/// and the caller publishes before it reads the count, all sequentially consistent, so one of them sees the other.
final class ThreadTeam: @unchecked Sendable {
  private let threadCount: Int
  /// The ``Publication`` of the current job.
  private let published = AtomicWords(count: 1)
  private let claims: ChunkClaims
  /// The number of chunks that workers have finished, over all jobs.
  private let finished = AtomicWords(count: 1)
  /// The value of `finished` at the end of the current job. Only callers access it.
  private var expected: UInt64 = 0
  let sleepers = Atomic<Int>(0)
  /// Nonzero when the workers are to end.
  private let stopping = AtomicWords(count: 1)
  private let busy = Atomic<Bool>(false)
  private let wake = NSCondition()
  private var job: ThreadPool.Job?
  private let spinNanoseconds: UInt64

  /// How long a worker spins before it sleeps: longer than the host takes between two launches, and about the cost of
  /// sleeping and being woken.
  private static let spinNanoseconds: UInt64 = 50_000
  private static let pausesPerLook = 32

  init(threadCount: Int, spins: Bool) {
    self.threadCount = threadCount
    claims = ChunkClaims(parts: threadCount)
    spinNanoseconds = spins ? Self.spinNanoseconds : 0
  }

  func run(_ job: ThreadPool.Job) -> (items: Int, nanoseconds: UInt64) {
    precondition(!busy.exchange(true, ordering: .acquiring), "a CPU device is used from two threads at a time")
    defer { busy.store(false, ordering: .releasing) }
    self.job = job
    let publication = Publication(published[0].load(ordering: .relaxed)).next(chunks: job.chunks)
    let division = Division(chunks: publication.chunks, threads: threadCount)
    published[0].store(publication.bits, ordering: .sequentiallyConsistent)
    wakeSleepers(atMost: division.chunks - 1)

    let start = Clock.nanoseconds
    let own = runChunks(of: publication, divided: division, thread: 0)
    let nanoseconds = Clock.nanoseconds - start

    expected += UInt64(division.chunks - own.chunks)
    var looks = 0
    while finished[0].load(ordering: .acquiring) < expected {
      telar_pause()
      looks += 1
      // The worker with the last chunk may be waiting for this core.
      if looks % Self.pausesPerLook == 0 { sched_yield() }
    }
    return (own.items, nanoseconds)
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

  /// Claims and runs chunks of the published job until none is left, those of the thread's own part first. Returns the
  /// numbers of chunks and items.
  private func runChunks(
    of publication: Publication, divided division: Division, thread: Int
  ) -> (chunks: Int, items: Int) {
    var (chunks, items) = (0, 0)
    for other in 0..<division.parts {
      let part = (thread + other) % division.parts
      let before = chunks
      while let chunk = claims.claim(part, of: publication, most: division.chunksPerPart), let job {
        let range = division.items(ofChunk: chunk, part: part, of: job.items)
        job.run(range)
        chunks += 1
        items += range.count
      }
      // The caller counts its own chunks itself. From here on the job is accessed only after another claim, because its
      // memory may be gone.
      if thread > 0, chunks > before { finished[0].wrappingAdd(UInt64(chunks - before), ordering: .releasing) }
    }
    return (chunks, items)
  }

  /// The main loop of worker `thread`, which returns when the pool ends.
  func work(thread: Int) {
    while stopping[0].load(ordering: .acquiring) == 0 {
      let last = Publication(published[0].load(ordering: .acquiring))
      _ = runChunks(of: last, divided: Division(chunks: last.chunks, threads: threadCount), thread: thread)
      if !spin(since: last) { sleep(since: last) }
    }
  }

  /// Whether nothing has been published since a job without chunks left.
  private func isIdle(since last: Publication) -> Bool {
    published[0].load(ordering: .sequentiallyConsistent) == last.bits
      && stopping[0].load(ordering: .sequentiallyConsistent) == 0
  }

  /// Spins until something is published; returns false when the time is up.
  private func spin(since last: Publication) -> Bool {
    let end = Clock.nanoseconds + spinNanoseconds
    repeat {
      for _ in 0..<Self.pausesPerLook {
        if !isIdle(since: last) { return true }
        telar_pause()
      }
    } while Clock.nanoseconds < end
    return false
  }

  private func sleep(since last: Publication) {
    wake.lock()
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while isIdle(since: last) { wake.wait() }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    wake.unlock()
  }

  /// Ends the workers. No job may be running.
  func stop() {
    stopping[0].store(1, ordering: .sequentiallyConsistent)
    wake.lock()
    wake.broadcast()
    wake.unlock()
  }
}

/// The word that publishes a job: its number, and in the lower 16 bits the number of chunks, which determines its
/// ``Division``.
private struct Publication {
  let bits: UInt64

  init(_ bits: UInt64) { self.bits = bits }

  var number: UInt64 { bits >> 16 }
  var chunks: Int { Int(bits & 0xffff) }

  func next(chunks: Int) -> Publication { Publication((number &+ 1) << 16 | UInt64(min(chunks, 0xffff))) }
}

/// For each part, the number of the job whose chunks were last claimed, and in the lower 16 bits the count of them.
private struct ChunkClaims: Sendable {
  private let words: AtomicWords

  init(parts: Int) { words = AtomicWords(count: parts) }

  /// Claims one of the `most` chunks of a part; `nil` if none is left or the job is over.
  func claim(_ part: Int, of publication: Publication, most: Int) -> Int? {
    var current = words[part].load(ordering: .acquiring)
    while true {
      if current >> 16 > publication.number { return nil }
      let claimed = current >> 16 == publication.number ? Int(current & 0xffff) : 0
      if claimed == most { return nil }
      let (exchanged, original) = words[part].weakCompareExchange(
        expected: current, desired: publication.number << 16 | UInt64(claimed + 1), ordering: .acquiringAndReleasing)
      if exchanged { return claimed }
      current = original
    }
  }
}

/// Words in cache lines of their own. Processors prefetch lines in pairs, so a word has two.
private final class AtomicWords: @unchecked Sendable {
  private static let lineBytes = 128
  private static let stride = lineBytes / MemoryLayout<UInt64>.stride
  private let memory: UnsafeMutableRawBufferPointer
  private let words: UnsafeMutableBufferPointer<Atomic<UInt64>>

  init(count: Int) {
    memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count * Self.lineBytes, alignment: Self.lineBytes)
    words = memory.bindMemory(to: Atomic<UInt64>.self)
    for index in words.indices { words.initializeElement(at: index, to: Atomic(0)) }
  }

  deinit {
    words.deinitialize()
    memory.deallocate()
  }

  subscript(index: Int) -> Atomic<UInt64> {
    _read { yield words[index * Self.stride] }
  }
}

/// The division of a job into parts, one per thread, and of each part into the same number of chunks.
private struct Division {
  let parts: Int
  let chunksPerPart: Int

  init(chunks: Int, threads: Int) {
    parts = max(1, min(threads, chunks))
    chunksPerPart = (chunks + parts - 1) / parts
  }

  var chunks: Int { parts * chunksPerPart }

  func items(ofChunk chunk: Int, part: Int, of items: Int) -> Range<Int> {
    let (begin, end) = (items * part / parts, items * (part + 1) / parts)
    return end - behind(chunk, of: end - begin)..<end - behind(chunk + 1, of: end - begin)
  }

  /// The least number of chunks of a part that taper; the first chunk is then less than half of the part.
  private static let taperingChunks = 4

  /// The number of items of a part from a chunk on. Chunks that taper shrink linearly to almost nothing, so that
  /// threads end at about the same time with few claims (T. Tzen, L. Ni: Trapezoid self-scheduling, 1993).
  private func behind(_ chunk: Int, of items: Int) -> Int {
    let left = chunksPerPart - chunk
    guard chunksPerPart >= Self.taperingChunks else { return items * left / chunksPerPart }
    return items * (left * left) / (chunksPerPart * chunksPerPart)
  }
}
