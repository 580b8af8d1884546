import Foundation

/// Collects kernel times while a profile is taken.
///
/// Set it as a device's ``Device/profiler``, run, synchronise, then read the report. On an OpenCL device the times are the
/// driver's, from start to end of the kernel; on the CPU they are of the whole launch.
public final class Profiler {
  /// One kernel's share of the profile.
  public struct Entry: Sendable {
    public var kernel: String
    public var launches = 0
    public var seconds = 0.0
    /// Floating-point operations and bytes that the operators declared, for GFLOP/s and GB/s.
    public var flops = 0.0
    public var bytes = 0.0
  }

  private var entries: [String: Entry] = [:]
  private var pendingFlops = 0.0
  private var pendingBytes = 0.0

  public init() {}

  /// Declares the work of the next launch; operators call it just before they launch.
  public func declare(flops: Double, bytes: Double) {
    pendingFlops = flops
    pendingBytes = bytes
  }

  /// Takes the work declared for the launch that is being made.
  package func takeDeclared() -> (flops: Double, bytes: Double) {
    defer {
      pendingFlops = 0
      pendingBytes = 0
    }
    return (pendingFlops, pendingBytes)
  }

  package func add(kernel: String, seconds: Double, work: (flops: Double, bytes: Double)) {
    var entry = entries[kernel] ?? Entry(kernel: kernel)
    entry.launches += 1
    entry.seconds += seconds
    entry.flops += work.flops
    entry.bytes += work.bytes
    entries[kernel] = entry
  }

  /// The entries, the longest total time first.
  public var report: [Entry] {
    entries.values.sorted { ($0.seconds, $1.kernel) > ($1.seconds, $0.kernel) }
  }

  /// The report as a plain-text table: launches, time, GFLOP/s and GB/s where operators declared their work, and the
  /// share of all kernels' time.
  public func table() -> String {
    let total = report.reduce(0) { $0 + $1.seconds }
    var rows = [["kernel", "launches", "ms", "us/launch", "GFLOP/s", "GB/s", "share"]]
    for entry in report {
      rows.append([
        entry.kernel, "\(entry.launches)", Self.format(entry.seconds * 1e3, digits: 2),
        Self.format(entry.seconds * 1e6 / Double(entry.launches), digits: 1),
        Self.rate(entry.flops, entry.seconds), Self.rate(entry.bytes, entry.seconds),
        Self.format(total > 0 ? entry.seconds / total * 100 : 0, digits: 1) + " %",
      ])
    }
    let launches = report.reduce(0) { $0 + $1.launches }
    rows.append(["all", "\(launches)", Self.format(total * 1e3, digits: 2), "", "", "", ""])
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    return rows.map { row in
      let cells = row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + padding : padding + row[column]
      }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }

  private static func rate(_ amount: Double, _ seconds: Double) -> String {
    amount > 0 && seconds > 0 ? format(amount / seconds * 1e-9, digits: 1) : ""
  }

  private static func format(_ value: Double, digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
