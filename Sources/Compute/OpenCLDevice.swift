import COpenCL
import Foundation

/// A device of an OpenCL driver, through the system's ICD loader.
///
/// It uses OpenCL 1.2 only: one context, one in-order queue. Kernels are compiled by the driver when they are first
/// launched, and their binaries kept in a ``ProgramCache``.
public final class OpenCLDevice: Device {
  public let properties: DeviceProperties
  public internal(set) var traits: DeviceTraits
  public internal(set) var counters = DeviceCounters()

  /// While a profiler is set, the queue records times and each launch keeps an event, so that an error of asynchronous
  /// work names its kernel. Synchronise before reading the report.
  public var profiler: Profiler?
  /// Records checksums of the buffers of each launch; `nil`, the default, costs nothing.
  package var launchLog: LaunchLog?
  public let stepValues = StepValues()
  public var tuning = Tuning() { didSet { tuning.check(properties) } }

  let programs: OpenCLPrograms
  /// Compiled kernels by the identity of the kernel, which is cheaper than its name and options. Retains the kernel, so
  /// that its identity is not reused.
  var kernels: [ObjectIdentifier: (source: Kernel, compiled: OpenCLKernel)] = [:]
  /// The last kernel launched, and the number of launches since the last synchronisation, for error messages.
  var lastLaunched: OpenCLKernel?
  var launchesPending = 0
  var timed: [TimedLaunch] = []
  var queue: cl_command_queue
  var queueTakesTimes = false

  /// What is being recorded, and all recordings that there are by the memory that belongs to them.
  var recording: OpenCLCommandBuffer?
  var recorded = RecordedMemory()
  /// Changes when a driver's buffer is released, whose address another may then have.
  var releases = 0

  private let context: cl_context
  private let device: cl_device_id
  private var pool = BufferPool()
  /// Whether buffers are allocated without rounding up, so that a memory checker sees the first access past the end.
  /// For tests: the pool then reuses memory for the same size only.
  package var allocatesExactly = false
  /// The buffers of zeros, the largest last; earlier ones may still be referenced.
  private var zeroBuffers: [Buffer] = []
  /// Copies of small writes, kept until the next synchronisation.
  private var staged: [UnsafeMutableRawPointer] = []
  private var stagedBytes = 0

  /// Opens the device that is `opencl:index`.
  ///
  /// - Parameters:
  ///   - threads: how many threads of a processor compute, if the driver can divide it
  ///     (`CL_DEVICE_PARTITION_BY_COUNTS`); `properties.computeUnits` is the number in effect.
  ///   - family: the family of heavy kernels to use instead of the one that suits the device.
  ///   - computeUnits: the number of units that kernels are chosen for, instead of the device's own.
  ///   - programCache: where binaries are kept; `nil` compiles every program.
  /// - Throws: ``DeviceError/noOpenCL(reason:)``, ``DeviceError/noSuchDevice(name:reason:candidates:)``,
  ///   ``DeviceError/driver(device:call:code:kernel:)``.
  public convenience init(
    index: Int, threads: Int? = nil, family: KernelFamily? = nil, computeUnits: Int? = nil,
    programCache: ProgramCache? = .standard
  ) throws {
    let all = try OpenCLListing.all()
    guard all.indices.contains(index) else {
      throw DeviceError.noSuchDevice(
        name: "opencl:\(index)", reason: "there are \(all.count) OpenCL devices, counted from 0",
        candidates: all.map(\.identifier))
    }
    try self.init(
      all[index], threads: threads, family: family, computeUnits: computeUnits, programCache: programCache)
  }

  init(
    _ listing: OpenCLListing, threads: Int?, family: KernelFamily?, computeUnits: Int?, programCache: ProgramCache?
  ) throws {
    var properties = listing.properties
    if let family { properties.family = family }
    // The tile family is what GPUs get, whichever device it runs on.
    if family == .tile { properties.registerTiles = OpenCLInquiry.tilesOfGPUs }
    if let problem = listing.problem {
      throw DeviceError.noSuchDevice(name: listing.identifier, reason: problem, candidates: [])
    }
    if let threads, threads < 1 { throw DeviceError.threadCount(threads, limit: properties.computeUnits) }
    var device = listing.device
    if let threads, properties.kind == .cpu, threads < properties.computeUnits, listing.canBeDivided,
      let part = OpenCLParts.part(of: device, threads: threads)
    {
      device = part
      properties.computeUnits = threads
    }
    if let computeUnits { properties.computeUnits = computeUnits }
    self.device = device
    self.properties = properties
    traits = properties.traits

    var status: cl_int = 0
    let platform = Int(bitPattern: UnsafeRawPointer(listing.platform))
    let created = clCreateContext(
      [cl_context_properties(CL_CONTEXT_PLATFORM), platform, 0], 1, [device], nil, nil, &status)
    guard let context = created else {
      throw DeviceError.driver(
        device: properties.identifier, call: "clCreateContext", code: OpenCLStatus.name(status), kernel: nil)
    }
    guard let queue = clCreateCommandQueue(context, device, 0, &status) else {
      clReleaseContext(context)
      throw DeviceError.driver(
        device: properties.identifier, call: "clCreateCommandQueue", code: OpenCLStatus.name(status), kernel: nil)
    }
    self.context = context
    self.queue = queue
    programs = OpenCLPrograms(
      context: context, device: device, properties: properties, identity: listing.buildIdentity, cache: programCache)
  }

  deinit {
    clFinish(queue)
    timed.forEach { clReleaseEvent($0.event) }
    staged.forEach { $0.deallocate() }
    _ = pool.drain { clReleaseMemObject(OpaquePointer($0)) }
    zeroBuffers.forEach { clReleaseMemObject($0.memory) }
    clReleaseCommandQueue(queue)
    clReleaseContext(context)
  }

  /// Replaces the queue by one with or without profiling.
  func switchQueue(takesTimes: Bool) throws {
    try synchronize()
    var status: cl_int = 0
    let options = takesTimes ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0
    guard let other = clCreateCommandQueue(context, device, options, &status) else {
      throw failure("clCreateCommandQueue", status)
    }
    clReleaseCommandQueue(queue)
    queue = other
    queueTakesTimes = takesTimes
  }

  // MARK: Memory

  public func allocate(byteCount: Int) throws -> Buffer {
    guard byteCount <= properties.maximumAllocationBytes else {
      throw DeviceError.allocationTooLarge(
        device: properties.identifier, requested: byteCount, limit: properties.maximumAllocationBytes)
    }
    let rounded = allocatesExactly ? byteCount : BufferPool.capacity(for: byteCount)
    let capacity = min(rounded, properties.maximumAllocationBytes)
    let made = { try self.create(capacity) ?? self.createFromPooled(capacity) }
    let pooled = recording?.pool.take(capacity: capacity) ?? pool.take(capacity: capacity)
    let handle = try pooled ?? made().map { UnsafeMutableRawPointer($0) }
    guard let handle else { throw DeviceError.outOfMemory(device: properties.identifier, requested: byteCount) }
    if let recording { recorded.add(handle, to: recording) }
    let buffer = Buffer(device: self, byteCount: byteCount, handle: handle, capacity: capacity)
    if launchLog != nil {
      var zero: UInt8 = 0
      let status = clEnqueueFillBuffer(queue, buffer.memory, &zero, 1, 0, capacity, 0, nil, nil)
      if status != CL_SUCCESS { throw failure("clEnqueueFillBuffer", status) }
    }
    return buffer
  }

  public func zeros(byteCount: Int) throws -> Buffer {
    if let present = zeroBuffers.last, present.byteCount >= byteCount { return present }
    let capacity = BufferPool.capacity(for: byteCount)
    guard let handle = try create(capacity) ?? createFromPooled(capacity) else {
      throw DeviceError.outOfMemory(device: properties.identifier, requested: byteCount)
    }
    let buffer = Buffer(
      device: self, byteCount: capacity, handle: UnsafeMutableRawPointer(handle), capacity: capacity,
      ownedByDevice: true)
    zeroBuffers.append(buffer)
    try fill(buffer, at: 0, byteCount: capacity, pattern: 0)
    return buffer
  }

  /// `nil` when the device is out of memory.
  private func create(_ capacity: Int) throws -> cl_mem? {
    // A processor's driver allocates host memory, which the system overcommits.
    let limit = properties.globalMemoryBytes / 8 * (properties.kind == .cpu ? 7 : 8)
    guard counters.bytesAllocated + capacity <= limit else { return nil }
    var status: cl_int = 0
    if let memory = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), capacity, nil, &status) {
      counters.allocations += 1
      counters.bytesAllocated += capacity
      counters.peakBytesAllocated = max(counters.peakBytesAllocated, counters.bytesAllocated)
      return memory
    }
    let exhausted = [CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY]
    if exhausted.contains(status) { return nil }
    throw failure("clCreateBuffer", status)
  }

  /// Frees pooled memory of other sizes and that of recordings, and tries again.
  private func createFromPooled(_ capacity: Int) throws -> cl_mem? {
    try finish()
    recorded.recordings(but: recording).forEach { $0.dissolve() }
    releases += 1
    counters.bytesAllocated -= pool.drain { clReleaseMemObject(OpaquePointer($0)) }
    return try create(capacity)
  }

  public func slice(_ buffer: Buffer, byteOffset: Int, byteCount: Int) throws -> Buffer {
    precondition(byteOffset >= 0 && byteOffset + byteCount <= buffer.byteCount, "slice past the end of its buffer")
    precondition(byteOffset % properties.bufferAlignment == 0, "slice offset \(byteOffset) is not aligned")
    // Sub-buffers cannot be nested, so the slice of a slice is made from the whole buffer.
    var root = buffer.memory
    var origin = byteOffset
    var whole: cl_mem?
    var offset = 0
    var status = clGetMemObjectInfo(
      root, cl_mem_info(CL_MEM_ASSOCIATED_MEMOBJECT), MemoryLayout<cl_mem?>.size, &whole, nil)
    if status == CL_SUCCESS, let whole {
      status = clGetMemObjectInfo(root, cl_mem_info(CL_MEM_OFFSET), MemoryLayout<Int>.size, &offset, nil)
      root = whole
      origin += offset
    }
    if status != CL_SUCCESS { throw failure("clGetMemObjectInfo", status) }
    var region = cl_buffer_region(origin: origin, size: max(4, byteCount))
    guard
      let part = clCreateSubBuffer(root, 0, cl_buffer_create_type(CL_BUFFER_CREATE_TYPE_REGION), &region, &status)
    else { throw failure("clCreateSubBuffer", status) }
    return Buffer(
      device: self, byteCount: byteCount, handle: UnsafeMutableRawPointer(part), capacity: byteCount, parent: buffer)
  }

  public func recycle(_ handle: UnsafeMutableRawPointer, capacity: Int, isSlice: Bool) {
    if isSlice {
      releases += 1
      clReleaseMemObject(OpaquePointer(handle))
    } else if let owner = recorded.owner(of: handle) {
      owner.pool.put(handle, capacity: capacity)
    } else {
      pool.put(handle, capacity: capacity)
    }
  }

  /// Takes the memory of a recording that nothing else refers to into the device's pool.
  func takeBack(_ commands: OpenCLCommandBuffer) {
    recorded.remove(commands)
    commands.pool.move(to: &pool)
  }

  // MARK: Transfers

  /// Writes up to this size are staged and do not wait, unless staged writes exceed `stagedLimit` in total.
  private static let stagedWrite = 64 << 10
  private static let stagedLimit = 16 << 20

  /// Waits for the device, and counts as a synchronisation, when the source has more than 64 KiB.
  public func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer, at byteOffset: Int) throws {
    precondition(byteOffset >= 0 && byteOffset + source.count <= buffer.byteCount, "write past the end of a buffer")
    guard let base = source.baseAddress, source.count > 0 else { return }
    recording?.isComplete = false
    if source.count > Self.stagedWrite {
      counters.synchronizations += 1
      let status = clEnqueueWriteBuffer(
        queue, buffer.memory, cl_bool(CL_TRUE), byteOffset, source.count, base, 0, nil, nil)
      try finished(status, "clEnqueueWriteBuffer")
      return
    }
    if stagedBytes + source.count > Self.stagedLimit { try synchronize() }
    let copy = UnsafeMutableRawPointer.allocate(byteCount: source.count, alignment: 64)
    copy.copyMemory(from: base, byteCount: source.count)
    staged.append(copy)
    stagedBytes += source.count
    let status = clEnqueueWriteBuffer(
      queue, buffer.memory, cl_bool(CL_FALSE), byteOffset, source.count, copy, 0, nil, nil)
    if status != CL_SUCCESS { throw failure("clEnqueueWriteBuffer", status) }
  }

  public func read(_ buffer: Buffer, at byteOffset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    precondition(byteOffset >= 0 && byteOffset + destination.count <= buffer.byteCount, "read past the end of a buffer")
    counters.synchronizations += 1
    recording?.isComplete = false
    guard let base = destination.baseAddress, destination.count > 0 else { return try finish() }
    let status = clEnqueueReadBuffer(
      queue, buffer.memory, cl_bool(CL_TRUE), byteOffset, destination.count, base, 0, nil, nil)
    try finished(status, "clEnqueueReadBuffer")
  }

  public func copy(
    from source: Buffer, at sourceOffset: Int, to destination: Buffer, at destinationOffset: Int, byteCount: Int
  ) throws {
    precondition(sourceOffset >= 0 && sourceOffset + byteCount <= source.byteCount, "copy past the end of its source")
    precondition(
      destinationOffset >= 0 && destinationOffset + byteCount <= destination.byteCount,
      "copy past the end of its destination")
    if byteCount == 0 { return }
    try enqueue(
      .copy(
        from: source.memory, offset: sourceOffset, to: destination.memory, targetOffset: destinationOffset,
        byteCount: byteCount),
      [source, destination])
  }

  public func fill(_ buffer: Buffer, at byteOffset: Int, byteCount: Int, pattern: UInt32) throws {
    precondition(byteOffset % 4 == 0 && byteCount % 4 == 0, "fills are of whole 32-bit words")
    precondition(byteOffset >= 0 && byteOffset + byteCount <= buffer.byteCount, "fill past the end of a buffer")
    if byteCount == 0 { return }
    try enqueue(.fill(buffer.memory, offset: byteOffset, byteCount: byteCount, pattern: pattern), [buffer])
  }

  // MARK: Synchronisation

  public func synchronize() throws {
    counters.synchronizations += 1
    recording?.isComplete = false
    try finish()
  }

  private func finish() throws {
    try finished(clFinish(queue), "clFinish")
  }

  /// Handles the end of all work: frees staged copies, reads times, and throws the error that the call returned.
  private func finished(_ status: cl_int, _ call: StaticString) throws {
    staged.forEach { $0.deallocate() }
    staged.removeAll(keepingCapacity: true)
    stagedBytes = 0
    defer { launchesPending = 0 }
    try collectTimes()
    if status == CL_SUCCESS { return }
    let work = lastLaunched.map {
      launchesPending == 1 ? $0.name : "\($0.name), the last of \(launchesPending) since the last synchronisation"
    }
    try OpenCLStatus.check(status, call, on: properties.identifier, kernel: launchesPending == 0 ? nil : work)
  }

  func failure(_ call: StaticString, _ status: cl_int, kernel: String? = nil) -> DeviceError {
    .driver(device: properties.identifier, call: call.description, code: OpenCLStatus.name(status), kernel: kernel)
  }
}

extension Buffer {
  /// The driver's buffer object.
  @inline(__always)
  var memory: cl_mem { cl_mem(handle) }
}

extension OpenCLDevice {
  /// The properties of every device of every platform, without opening any.
  ///
  /// - Throws: ``DeviceError/noOpenCL(reason:)`` when there is none.
  public static func available() throws -> [DeviceProperties] {
    try OpenCLListing.all().map(\.properties)
  }
}
