import Tensors
import Testing

/// A device that places every buffer between canaries, to detect kernels that write out of bounds.
///
/// It forwards all work to the device that it wraps. A buffer is a slice of a larger one that is filled with a pattern,
/// inside too: elements that are not written, or read before they are written, are large negative numbers. Buffers are
/// kept until ``check(_:sourceLocation:)`` has compared their surroundings, so temporaries of operators are checked
/// too.
public final class Canaries: Device {
  private static let pattern: UInt32 = 0xdead_beef

  private struct Guarded {
    let whole: Buffer
    let inside: Buffer
    let offset: Int
    /// Slices are surrounded by other contents of their buffer.
    let isSlice: Bool
  }

  public let stepValues = StepValues()
  private let device: any Device
  /// Wider than the widest vector, and a multiple of every alignment that devices ask for.
  private let margin: Int
  private var guarded: [UnsafeMutableRawPointer: Guarded] = [:]

  public init(on device: any Device) {
    self.device = device
    properties = device.properties
    margin = max(4096, properties.bufferAlignment)
  }

  /// A tensor with the given values.
  public func tensor(_ values: OracleTensor) throws -> Tensor { try tensor(values.shape, values.floats) }

  /// Records an issue for each buffer whose surroundings were overwritten, and forgets the buffers.
  public func check(_ test: TestCase, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for part in guarded.values where !part.isSlice {
      let end = part.offset + part.inside.byteCount
      let before = try part.whole.read(UInt8.self, count: part.offset)
      let behind = try part.whole.read(UInt8.self, count: part.whole.byteCount - end, at: end)
      let expected = (0..<4).map { UInt8(truncatingIfNeeded: Self.pattern >> (8 * $0)) }
      let broken =
        before.indices.first { before[$0] != expected[$0 % 4] }.map { $0 - part.offset }
        ?? behind.indices.first { behind[$0] != expected[(end + $0) % 4] }.map { $0 + part.inside.byteCount }
      if let broken {
        Issue.record(
          "\(test): a buffer of \(part.inside.byteCount) bytes was overwritten at byte \(broken)",
          sourceLocation: sourceLocation)
      }
    }
    guarded = [:]
  }

  // MARK: Device

  /// Those of the device; a test may change what operators choose by.
  public var properties: DeviceProperties
  public var counters: DeviceCounters { device.counters }
  public var profiler: Profiler? {
    get { device.profiler }
    set { device.profiler = newValue }
  }
  public var tuning: Tuning {
    get { device.tuning }
    set { device.tuning = newValue }
  }

  public func allocate(byteCount: Int) throws -> Buffer {
    let whole = try device.allocate(byteCount: 2 * margin + (byteCount + 3) / 4 * 4)
    try device.fill(whole, at: 0, byteCount: whole.byteCount, pattern: Self.pattern)
    return try guarding(whole, byteOffset: margin, byteCount: byteCount, parent: nil)
  }

  public func zeros(byteCount: Int) throws -> Buffer {
    let buffer = try allocate(byteCount: byteCount)
    try fill(buffer, at: 0, byteCount: byteCount / 4 * 4, pattern: 0)
    return buffer
  }

  public func slice(_ buffer: Buffer, byteOffset: Int, byteCount: Int) throws -> Buffer {
    let outer = guarded[buffer.handle]!
    return try guarding(
      outer.whole, byteOffset: outer.offset + byteOffset, byteCount: byteCount, parent: buffer)
  }

  private func guarding(_ whole: Buffer, byteOffset: Int, byteCount: Int, parent: Buffer?) throws -> Buffer {
    let inside = try device.slice(whole, byteOffset: byteOffset, byteCount: byteCount)
    // On the CPU a slice at offset 0 has the address of its buffer.
    if guarded[inside.handle] == nil {
      guarded[inside.handle] = Guarded(whole: whole, inside: inside, offset: byteOffset, isSlice: parent != nil)
    }
    return Buffer(device: self, byteCount: byteCount, handle: inside.handle, capacity: byteCount, parent: parent)
  }

  public func recycle(_ handle: UnsafeMutableRawPointer, capacity: Int, isSlice: Bool) {}

  private func inner(_ buffer: Buffer) -> Buffer {
    guard let part = guarded[buffer.handle] else { preconditionFailure("a buffer from before the last check") }
    return part.inside
  }

  public func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer, at byteOffset: Int) throws {
    try device.write(source, to: inner(buffer), at: byteOffset)
  }

  public func read(_ buffer: Buffer, at byteOffset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    try device.read(inner(buffer), at: byteOffset, into: destination)
  }

  public func copy(
    from source: Buffer, at sourceOffset: Int, to destination: Buffer, at destinationOffset: Int, byteCount: Int
  ) throws {
    try device.copy(
      from: inner(source), at: sourceOffset, to: inner(destination), at: destinationOffset, byteCount: byteCount)
  }

  public func fill(_ buffer: Buffer, at byteOffset: Int, byteCount: Int, pattern: UInt32) throws {
    try device.fill(inner(buffer), at: byteOffset, byteCount: byteCount, pattern: pattern)
  }

  public func launch(_ kernel: Kernel, over grid: Grid, _ arguments: [KernelArgument]) throws {
    try device.launch(
      kernel, over: grid,
      arguments.map { argument in
        if case .buffer(let buffer) = argument { return .buffer(inner(buffer)) }
        return argument
      })
  }

  public func synchronize() throws { try device.synchronize() }
}
