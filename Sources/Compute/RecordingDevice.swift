/// A device that computes nothing and records what is launched: what a network does on a device that this machine does
/// not have.
///
/// Its properties may be any, a GPU's too, and operators choose their kernels by them. Buffers are handles without memory,
/// so that a large network takes none: what is written is forgotten, and zeros are read.
///
/// ```swift
/// let device = RecordingDevice(.typicalGPU)
/// let network = try Network(architecture, on: device, inputShape: [28, 28, 1], seed: 0)
/// _ = try network(device.tensor([100, 28, 28, 1]))
/// for launch in device.takeLaunches() { print(launch.kernel, launch.grid, launch.flops) }
/// ```
public final class RecordingDevice: Device {
  /// One launch.
  public struct Launch: Sendable, Equatable {
    /// The file under `Kernels/` that holds the kernel.
    public var program: String
    public var kernel: String
    public var options: [String: Int]
    public var grid: Grid
    public var arguments: [Argument]
    /// Floating-point operations, a multiply-add counting double, and bytes moved, as far as the operator declared them.
    public var flops: Double
    public var bytes: Double
    /// What the launch belongs to, as operators say it.
    public var context: LaunchContext

    public init(
      program: String, kernel: String, options: [String: Int] = [:], grid: Grid, arguments: [Argument],
      flops: Double = 0, bytes: Double = 0, context: LaunchContext = LaunchContext()
    ) {
      (self.program, self.kernel, self.options) = (program, kernel, options)
      (self.grid, self.arguments) = (grid, arguments)
      (self.flops, self.bytes, self.context) = (flops, bytes, context)
    }
  }

  /// An argument of a launch; of a buffer, its size.
  public enum Argument: Sendable, Equatable {
    case buffer(byteCount: Int)
    case int(Int32)
    case uint(UInt32)
    case float(Float)
    case local(byteCount: Int)
  }

  public let properties: DeviceProperties
  public let traits: DeviceTraits
  public private(set) var counters = DeviceCounters()
  /// Set from the start: operators declare their work to a profiler only.
  public var profiler: Profiler? = Profiler()
  public let stepValues = StepValues()
  public var tuning = Tuning() { didSet { tuning.check(properties) } }
  public var keepsValues: Bool { false }

  /// The launches so far, the first one first.
  public private(set) var launches: [Launch] = []

  private var pool = BufferPool()
  /// Handles count the bytes that were given out, as addresses would.
  private var nextHandle = BufferPool.capacity(for: 0)
  private var zeroBuffer: Buffer?

  /// A device of these properties.
  public init(_ properties: DeviceProperties) {
    self.properties = properties
    traits = properties.traits
  }

  /// The launches so far, which are forgotten.
  public func takeLaunches() -> [Launch] {
    defer { launches = [] }
    return launches
  }

  // MARK: Memory

  public func allocate(byteCount: Int) throws -> Buffer {
    guard byteCount <= properties.maximumAllocationBytes else {
      throw DeviceError.allocationTooLarge(
        device: properties.identifier, requested: byteCount, limit: properties.maximumAllocationBytes)
    }
    let capacity = BufferPool.capacity(for: byteCount)
    let handle = pool.take(capacity: capacity) ?? newHandle(capacity: capacity)
    return Buffer(device: self, byteCount: byteCount, handle: handle, capacity: capacity)
  }

  private func newHandle(capacity: Int) -> UnsafeMutableRawPointer {
    defer { nextHandle += capacity }
    counters.allocations += 1
    counters.bytesAllocated += capacity
    counters.peakBytesAllocated = counters.bytesAllocated
    return UnsafeMutableRawPointer(bitPattern: nextHandle)!
  }

  public func slice(_ buffer: Buffer, byteOffset: Int, byteCount: Int) throws -> Buffer {
    precondition(byteOffset >= 0 && byteOffset + byteCount <= buffer.byteCount, "slice past the end of its buffer")
    precondition(byteOffset % properties.bufferAlignment == 0, "slice offset \(byteOffset) is not aligned")
    return Buffer(
      device: self, byteCount: byteCount, handle: buffer.handle + byteOffset, capacity: byteCount, parent: buffer)
  }

  public func zeros(byteCount: Int) throws -> Buffer {
    if let zeroBuffer, zeroBuffer.byteCount >= byteCount { return zeroBuffer }
    let capacity = BufferPool.capacity(for: byteCount)
    let buffer = Buffer(
      device: self, byteCount: capacity, handle: newHandle(capacity: capacity), capacity: capacity, ownedByDevice: true)
    zeroBuffer = buffer
    return buffer
  }

  public func recycle(_ handle: UnsafeMutableRawPointer, capacity: Int, isSlice: Bool) {
    if !isSlice { pool.put(handle, capacity: capacity) }
  }

  public func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer, at byteOffset: Int) throws {
    precondition(byteOffset >= 0 && byteOffset + source.count <= buffer.byteCount, "write past the end of a buffer")
  }

  public func read(_ buffer: Buffer, at byteOffset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    precondition(byteOffset >= 0 && byteOffset + destination.count <= buffer.byteCount, "read past the end of a buffer")
    counters.synchronizations += 1
    destination.initializeMemory(as: UInt8.self, repeating: 0)
  }

  public func copy(
    from source: Buffer, at sourceOffset: Int, to destination: Buffer, at destinationOffset: Int, byteCount: Int
  ) throws {
    precondition(sourceOffset + byteCount <= source.byteCount, "copy past the end of its source")
    precondition(destinationOffset + byteCount <= destination.byteCount, "copy past the end of its destination")
  }

  public func fill(_ buffer: Buffer, at byteOffset: Int, byteCount: Int, pattern: UInt32) throws {
    precondition(byteOffset % 4 == 0 && byteCount % 4 == 0, "fills are of whole 32-bit words")
    precondition(byteOffset + byteCount <= buffer.byteCount, "fill past the end of a buffer")
  }

  // MARK: Launches

  public func launch(_ kernel: Kernel, over grid: Grid, _ arguments: [KernelArgument]) throws {
    check(arguments, of: kernel)
    counters.launches += 1
    let work = profiler?.takeDeclared() ?? (flops: 0, bytes: 0)
    profiler?.add(kernel: kernel.name, seconds: 0, work: work)
    launches.append(
      Launch(
        program: kernel.program, kernel: kernel.name, options: kernel.options, grid: grid,
        arguments: arguments.map(Argument.init), flops: work.flops, bytes: work.bytes,
        context: profiler?.context ?? LaunchContext()))
  }

  /// Traps when arguments do not fit the kernel's entry in the kernel table, for those that have one, or are another
  /// device's.
  private func check(_ arguments: [KernelArgument], of kernel: Kernel) {
    for case .buffer(let buffer) in arguments {
      precondition(
        buffer.deviceIdentity == ObjectIdentifier(self), "an argument of \(kernel.name) is a buffer of another device")
    }
    guard let signature = KernelTable.signature(of: kernel) else { return }
    KernelTable.check(arguments, fit: signature, of: kernel.name)
  }

  public func synchronize() throws { counters.synchronizations += 1 }
}

extension RecordingDevice.Argument {
  init(_ argument: KernelArgument) {
    self =
      switch argument {
      case .buffer(let buffer): .buffer(byteCount: buffer.byteCount)
      case .int(let value): .int(value)
      case .uint(let value): .uint(value)
      case .float(let value): .float(value)
      case .local(let byteCount): .local(byteCount: byteCount)
      }
  }
}

extension DeviceProperties {
  /// A large GPU, as its driver would describe it: what a ``RecordingDevice`` can stand in for.
  public static let typicalGPU = DeviceProperties(
    identifier: "gpu", name: "a large GPU", kind: .gpu, vendor: "none", driver: "none", instructionSet: "",
    computeUnits: 132, maximumWorkGroupSize: 1024, localMemoryBytes: 48 << 10, maximumAllocationBytes: 16 << 30,
    globalMemoryBytes: 64 << 30, bufferAlignment: 256, preferredVectorWidth: 1, supportsHalf: true,
    supportsDouble: true, hasFastFMA: true, family: .tile,
    registerTiles: OpenCLInquiry.tilesOfGPUs)

  /// What a ``RecordingDevice`` can stand in for, by name: `gpu`, `cpu:avx2` and each other clone in the binary, whether
  /// this processor can run it or not.
  public static var typicalNames: [String] {
    [typicalGPU.identifier] + CPUProvider().list().map(\.properties.identifier)
  }

  /// What a ``RecordingDevice`` can stand in for, by one of ``typicalNames``; `nil` for other names.
  public static func typical(_ name: String) -> DeviceProperties? {
    let wanted = name.lowercased()
    return wanted == typicalGPU.identifier
      ? typicalGPU : CPUProvider().list().map(\.properties).first { $0.identifier == wanted }
  }
}
