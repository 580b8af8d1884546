/// Freed memory that is kept for reuse, so that a training step allocates nothing once the pool is warm.
///
/// Handles are kept by capacity, which is rounded up to one of eight steps per power of two: at most 12.5 % is wasted.
/// Reuse needs no synchronisation because devices work in order.
package struct BufferPool {
  private var free: [Int: [UnsafeMutableRawPointer]] = [:]
  private(set) var pooledBytes = 0

  /// The capacity that serves `byteCount`: at least 256 bytes.
  package static func capacity(for byteCount: Int) -> Int {
    if byteCount <= 256 { return 256 }
    let step = max(256, (1 << (Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount)) / 8)
    return (byteCount + step - 1) / step * step
  }

  mutating func take(capacity: Int) -> UnsafeMutableRawPointer? {
    guard let handle = free[capacity]?.popLast() else { return nil }
    pooledBytes -= capacity
    return handle
  }

  mutating func put(_ handle: UnsafeMutableRawPointer, capacity: Int) {
    free[capacity, default: []].append(handle)
    pooledBytes += capacity
  }

  /// Empties the pool into another one.
  mutating func move(to other: inout BufferPool) {
    for (capacity, handles) in free { other.free[capacity, default: []] += handles }
    other.pooledBytes += pooledBytes
    (free, pooledBytes) = ([:], 0)
  }

  /// Empties the pool, giving each handle to `release`; returns how many bytes they held.
  mutating func drain(_ release: (UnsafeMutableRawPointer) -> Void) -> Int {
    for handles in free.values { handles.forEach(release) }
    defer {
      free = [:]
      pooledBytes = 0
    }
    return pooledBytes
  }
}
