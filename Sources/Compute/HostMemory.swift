import Foundation

/// Memory of the host for buffers.
///
/// Large buffers lie in huge pages where the system gives them on request (Linux): a kernel that streams through
/// megabytes then seldom waits for the address of the next page, for which a virtual machine walks two tables.
enum HostMemory {
  private static let hugePage = 2 << 20
  /// What is smaller would leave most of a huge page unused.
  private static let leastHuge = 1 << 20

  /// The capacity of a buffer that serves `byteCount`.
  static func capacity(for byteCount: Int) -> Int {
    let capacity = BufferPool.capacity(for: byteCount)
    return capacity < leastHuge ? capacity : (capacity + hugePage - 1) / hugePage * hugePage
  }

  /// Memory for a capacity, aligned to 256 bytes at least: more than a vector or a cache line, and what a slice must
  /// keep. `nil` when there is none. It is freed with `free`.
  static func allocate(capacity: Int) -> UnsafeMutableRawPointer? {
    var memory: UnsafeMutableRawPointer?
    guard capacity >= leastHuge else { return posix_memalign(&memory, 256, capacity) == 0 ? memory : nil }
    guard posix_memalign(&memory, hugePage, capacity) == 0 else { return nil }
    #if os(Linux)
      // Advice: memory without huge pages serves as well.
      madvise(memory, capacity, Int32(MADV_HUGEPAGE))
    #endif
    return memory
  }
}
