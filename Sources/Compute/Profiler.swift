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
  /// What the launches belong to that are made now.
  package var context = LaunchContext()
  private var pendingFlops = 0.0
  private var pendingBytes = 0.0

  public init() {}

  /// Declares the work of the next launch; operators call it just before they launch.
  public func declare(flops: Double, bytes: Double) {
    pendingFlops = flops
    pendingBytes = bytes
  }

  /// Takes the work declared for the launch that is being made. For devices.
  public func takeDeclared() -> (flops: Double, bytes: Double) {
    defer {
      pendingFlops = 0
      pendingBytes = 0
    }
    return (pendingFlops, pendingBytes)
  }

  /// Adds a launch to the entry of its kernel. For devices, as soon as they know how long it took.
  public func add(kernel: String, seconds: Double, work: (flops: Double, bytes: Double)) {
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

/// What a launch belongs to.
public struct LaunchContext: Sendable, Equatable {
  /// What a launch contributes to.
  public enum Role: String, Sendable {
    case forward
    case gradient
    case inputGradient = "input gradient"
    case weightGradient = "weight gradient"
    case biasGradient = "bias gradient"
  }

  /// The layers of the step of a plan, by their names: `encoder.0 encoder.1`; `nil` outside of networks.
  public var step: String?
  public var role = Role.forward
  /// The route of the operator, the outermost where one enqueues another; `nil` for operators that have one way only.
  public var route: String?

  public init() {}
}
