/// A place where kernels run: an OpenCL device, the CPU through the kernels compiled into the binary, or a device of
/// another package.
///
/// This is the whole seam between devices: memory, launches, synchronisation. Operators are written once, above it. A
/// device of your own conforms to it, gives its buffers handles of its own, compiles or looks up the kernels that it is
/// asked to launch (``Kernel/source``, ``Kernel/macros(for:)``), and is found by name once its ``DeviceProvider`` is
/// registered. ``properties`` decide which kernels operators choose; a device that is no processor has the family `tile`.
///
/// Work is asynchronous and in order: each call sees the results of all calls before it, and none waits for the
/// device except ``read(_:at:into:)`` and ``synchronize()``. An error of asynchronous work surfaces at the next of
/// these two, with the name of the kernel. A device and its buffers are used from one thread at a time.
public protocol Device: AnyObject {
  /// What the device is and what it can do.
  var properties: DeviceProperties { get }

  /// What kernels are chosen by; by default those of ``properties``. Asked at each launch, so devices keep it.
  var traits: DeviceTraits { get }

  /// How many launches, allocations and synchronisations there have been since the device was made. A device need not
  /// count.
  var counters: DeviceCounters { get }

  /// Where kernel times go while a profile is taken; `nil` (the default) costs nothing. A device need not measure: what is
  /// set is then ignored.
  var profiler: Profiler? { get set }

  /// The numbers that change from step to step.
  var stepValues: StepValues { get }

  /// The kernels of certain products, where they are not to be chosen by the device's properties; empty by default. A
  /// device need not be tunable: what is set is then ignored.
  ///
  /// - Precondition: the device has each kernel that it names: see ``TunedKernel/runs(on:)``.
  var tuning: Tuning { get set }

  /// Whether buffers hold what is written to them: true by default. Where it is false, as on a ``RecordingDevice``,
  /// networks are made without their initial values.
  var keepsValues: Bool { get }

  /// Makes a buffer with undefined contents, from the pool where it has one of the size.
  ///
  /// - Throws: ``DeviceError/allocationTooLarge(device:requested:limit:)``, ``DeviceError/outOfMemory(device:requested:)``.
  func allocate(byteCount: Int) throws -> Buffer

  /// A view of part of a buffer, sharing its memory. `byteOffset` is a multiple of ``DeviceProperties/bufferAlignment``.
  func slice(_ buffer: Buffer, byteOffset: Int, byteCount: Int) throws -> Buffer

  /// A buffer of at least `byteCount` zeros that kernels read beyond the border of an image, and that is never written. By
  /// default a new one each time; devices better keep one.
  func zeros(byteCount: Int) throws -> Buffer

  /// Copies from host memory to the buffer. The source may be changed as soon as the call returns.
  func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer, at byteOffset: Int) throws

  /// Waits for the work before it and copies from the buffer to host memory. Counts as a synchronisation.
  func read(_ buffer: Buffer, at byteOffset: Int, into destination: UnsafeMutableRawBufferPointer) throws

  /// Copies between two buffers of this device, which must not overlap.
  func copy(
    from source: Buffer, at sourceOffset: Int, to destination: Buffer, at destinationOffset: Int, byteCount: Int) throws

  /// Repeats a 32-bit pattern over a range of the buffer; offset and count are multiples of 4.
  func fill(_ buffer: Buffer, at byteOffset: Int, byteCount: Int, pattern: UInt32) throws

  /// Enqueues one kernel over a grid with its arguments in order.
  ///
  /// - Precondition: the arguments fit the kernel's entry in the kernel table; a mismatch is a programmer's mistake and traps.
  /// - Throws: ``DeviceError/buildFailed(device:kernel:options:log:)`` and others when the driver refuses.
  func launch(_ kernel: Kernel, over grid: Grid, _ arguments: [KernelArgument]) throws

  /// Runs `body` and records the launches, fills and copies that it enqueues.
  ///
  /// The memory that `body` allocates belongs to the recording as long as there is one, so results of `body` that are
  /// referenced elsewhere hold what the last enqueueing left in them.
  ///
  /// - Returns: the recording, or `nil` where `body` wrote, read or synchronised too, and on devices that record nothing,
  ///   as by default.
  func record(_ body: () throws -> Void) throws -> (any CommandBuffer)?

  /// Waits until all enqueued work is done and throws the first error that it had.
  func synchronize() throws

  /// Takes back the memory of a buffer that is no longer referenced, to free it or to use it again. Called by ``Buffer``
  /// only, with what the buffer was made of. Work on it may still be pending.
  func recycle(_ handle: UnsafeMutableRawPointer, capacity: Int, isSlice: Bool)
}

/// What a device need not have.
extension Device {
  public var counters: DeviceCounters { DeviceCounters() }

  public var profiler: Profiler? {
    get { nil }
    set {}
  }

  public var tuning: Tuning {
    get { Tuning() }
    set {}
  }

  public var keepsValues: Bool { true }

  public func record(_ body: () throws -> Void) throws -> (any CommandBuffer)? {
    try body()
    return nil
  }

  public func zeros(byteCount: Int) throws -> Buffer {
    let wholeWords = (max(byteCount, 4) + 3) / 4 * 4
    let buffer = try allocate(byteCount: wholeWords)
    try fill(buffer, at: 0, byteCount: wholeWords, pattern: 0)
    return buffer
  }
}

/// The sort of processor behind a device.
public enum DeviceKind: String, Sendable, Codable {
  case cpu, gpu, accelerator, other
}

/// What a device is and what it can do.
public struct DeviceProperties: Sendable, Equatable, Codable {
  /// The name that selects the device, in lower case: `cpu:avx2`, `opencl:0`.
  public var identifier: String
  /// The name that the driver gives, or the processor's.
  public var name: String
  public var kind: DeviceKind
  public var vendor: String
  /// Platform and driver with versions; `compiled in` for the CPU backend.
  public var driver: String
  /// Instruction set of the compiled-in kernels; empty for OpenCL.
  public var instructionSet: String
  public var computeUnits: Int
  /// Most work-items in a work-group.
  public var maximumWorkGroupSize: Int
  public var localMemoryBytes: Int
  public var maximumAllocationBytes: Int
  public var globalMemoryBytes: Int
  /// Alignment of slices, in bytes.
  public var bufferAlignment: Int
  /// Floats in the vectors that the device prefers.
  public var preferredVectorWidth: Int
  public var supportsHalf: Bool
  public var supportsDouble: Bool
  /// Whether `fma` is an instruction; if not, kernels multiply and add.
  public var hasFastFMA: Bool
  /// Whether the compiler takes a limit of registers: NVIDIA's option of the extension `cl_nv_compiler_options`.
  public var takesRegisterLimit: Bool
  /// Family of the heavy kernels that suits the device.
  public var family: KernelFamily
  /// Register tile of the vector family, widest first.
  public var registerTiles: [RegisterTile]

  public init(
    identifier: String, name: String, kind: DeviceKind, vendor: String, driver: String, instructionSet: String,
    computeUnits: Int, maximumWorkGroupSize: Int, localMemoryBytes: Int, maximumAllocationBytes: Int,
    globalMemoryBytes: Int, bufferAlignment: Int, preferredVectorWidth: Int, supportsHalf: Bool, supportsDouble: Bool,
    hasFastFMA: Bool, takesRegisterLimit: Bool = false, family: KernelFamily, registerTiles: [RegisterTile]
  ) {
    self.identifier = identifier
    self.name = name
    self.kind = kind
    self.vendor = vendor
    self.driver = driver
    self.instructionSet = instructionSet
    self.computeUnits = computeUnits
    self.maximumWorkGroupSize = maximumWorkGroupSize
    self.localMemoryBytes = localMemoryBytes
    self.maximumAllocationBytes = maximumAllocationBytes
    self.globalMemoryBytes = globalMemoryBytes
    self.bufferAlignment = bufferAlignment
    self.preferredVectorWidth = preferredVectorWidth
    self.supportsHalf = supportsHalf
    self.supportsDouble = supportsDouble
    self.hasFastFMA = hasFastFMA
    self.takesRegisterLimit = takesRegisterLimit
    self.family = family
    self.registerTiles = registerTiles
  }
}

extension DeviceProperties {
  /// The number of compute units in words: `8 threads` of a processor, `132 compute units` of other devices.
  public var computeUnitsLabel: String { "\(computeUnits) \(kind == .cpu ? "threads" : "compute units")" }
}

/// The two families of heavy kernels: register tiles in vectors, for processors, or local-memory tiles, for GPUs.
public enum KernelFamily: String, Sendable, Codable {
  case vector, tile
}

/// The register tile of a vector kernel: `rows` × (`vectors` · `width`) accumulators.
public struct RegisterTile: Sendable, Hashable, Codable {
  /// Floats in a vector: `VECTOR_WIDTH` in the kernels.
  public var width: Int
  /// Rows of the tile: `ROWS`.
  public var rows: Int
  /// Vectors in a row of the tile: `VECTORS`.
  public var vectors: Int

  public init(width: Int, rows: Int, vectors: Int) {
    self.width = width
    self.rows = rows
    self.vectors = vectors
  }

  /// Columns of the tile, in floats.
  public var columns: Int { width * vectors }
}

/// What a device has done since it was made.
public struct DeviceCounters: Sendable, Equatable {
  public var launches = 0
  /// Device buffers created, not those reused from the pool.
  public var allocations = 0
  public var synchronizations = 0
  /// Bytes in device buffers now, in use or in the pool.
  public var bytesAllocated = 0
  /// The most that `bytesAllocated` has been.
  public var peakBytesAllocated = 0

  public init() {}
}
