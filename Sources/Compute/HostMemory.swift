import Foundation

/// Host memory for buffers.
///
/// Large buffers use huge pages where available (Linux), so that kernels that stream through megabytes have few TLB
/// misses, which are expensive in virtual machines.
enum HostMemory {
  private static let hugePage = 2 << 20
  /// The smallest buffer in huge pages: a smaller one would leave most of its page unused.
  private static let leastHuge = 1 << 20

  /// The capacity of a buffer of `byteCount` bytes.
  static func capacity(for byteCount: Int) -> Int {
    let capacity = BufferPool.capacity(for: byteCount)
    return capacity < leastHuge ? capacity : (capacity + hugePage - 1) / hugePage * hugePage
  }

  /// Memory of a capacity, aligned to 256 bytes at least, which exceeds vectors, cache lines and the alignment of
  /// slices; `nil` if there is none. Free it with `free`.
  static func allocate(capacity: Int) -> UnsafeMutableRawPointer? {
    var memory: UnsafeMutableRawPointer?
    guard capacity >= leastHuge else { return posix_memalign(&memory, 256, capacity) == 0 ? memory : nil }
    guard posix_memalign(&memory, hugePage, capacity) == 0 else { return nil }
    #if os(Linux)
      // Only advice: it may fail.
      madvise(memory, capacity, Int32(MADV_HUGEPAGE))
    #endif
    return memory
  }
}
