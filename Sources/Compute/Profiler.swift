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
  /// The routes that are being enqueued, the innermost last.
  private var routes: [(pass: String, route: String)] = []
  /// What the launches belong to: the step of a plan. Kept by a tape for the launches of its gradient.
  package var step: String?
  private var pendingFlops = 0.0
  private var pendingBytes = 0.0

  public init() {}

  /// Declares the work of the next launch; operators call it just before they launch.
  public func declare(flops: Double, bytes: Double) {
    pendingFlops = flops
    pendingBytes = bytes
  }

  /// Says that the launches up to ``leave()`` are those of a route.
  package func enter(pass: String, route: String) { routes.append((pass, route)) }

  /// Ends what the last ``enter(pass:route:)`` began.
  package func leave() { routes.removeLast() }

  /// The route that launches belong to now, the outermost where one is enqueued by another.
  package var route: (pass: String, route: String)? { routes.first }

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
}
