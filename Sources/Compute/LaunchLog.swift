import CZlib

/// Checksums of the buffers of each launch, taken after it. Repeated work must have the same checksums, also of values
/// that nothing reads or that a later operator masks.
///
/// While a device has a log, it waits for each launch, and new buffers are zeroed.
package final class LaunchLog {
  private struct Entry: Equatable {
    var kernel: String
    var sums: [UInt]
  }

  private var entries: [Entry] = []

  package init() {}

  func add(_ kernel: String, _ contents: [[UInt8]]) {
    let sums = contents.map { bytes in bytes.withUnsafeBufferPointer { UInt(crc32_z(0, $0.baseAddress, $0.count)) } }
    entries.append(Entry(kernel: kernel, sums: sums))
  }

  /// The kernel of the first launch that differs; `nil` if none does.
  package func firstDifference(from other: LaunchLog) -> String? {
    if let pair = zip(entries, other.entries).first(where: { $0 != $1 }) { return pair.0.kernel }
    let (count, otherCount) = (entries.count, other.entries.count)
    return count == otherCount ? nil : (count > otherCount ? self : other).entries[min(count, otherCount)].kernel
  }
}
