import CKernels
import Foundation
import TelarIO

/// The processor, through the kernels compiled into the binary.
///
/// A launch runs on all threads of the pool and returns when it is done, so nothing is ever pending.
/// Results do not depend on the number of threads: a work-item computes the same whichever thread runs it.
public final class CPUDevice: Device {
  public let properties: DeviceProperties
  public let traits: DeviceTraits
  public internal(set) var counters = DeviceCounters()
  public var profiler: Profiler?
  public let stepValues = StepValues()
  public var tuning = Tuning() { didSet { tuning.check(properties) } }

  let kernels: [String: CompiledKernel]
  /// Compiled kernels by the identity of the kernel, which is cheaper than its name. Retains the kernel, so that its
  /// identity is not reused.
  var found: [ObjectIdentifier: (source: Kernel, compiled: CompiledKernel)] = [:]
  let threads: ThreadPool
  private var pool = BufferPool()
  /// The buffers of zeros, the largest last; earlier ones may still be referenced.
  private var zeroBuffers: [Buffer] = []

  /// The names of the clones that this processor can run, the fastest first.
  public static var supportedInstructionSets: [String] {
    clones.filter { telar_clone_is_supported($0) != 0 }.map { String(cString: $0.pointee.name) }
  }

  /// Every clone in the binary, whether this processor can run it or not.
  public static var instructionSets: [String] {
    clones.map { String(cString: $0.pointee.name) }
  }

  private static var clones: [UnsafePointer<telar_clone>] {
    (0..<telar_clone_count).map { telar_clone_at($0)! }
  }

  /// The most threads that can be asked for: more than any machine has cores.
  private static let threadLimit = 4096

  /// - Parameters:
  ///   - instructionSet: the clone to use; by default the fastest that the processor can run.
  ///   - threads: how many threads compute; by default one a core.
  /// - Throws: ``DeviceError/noSuchDevice(name:reason:candidates:)`` for a clone that is not in the binary or that the
  ///   processor cannot run, ``DeviceError/threadCount(_:limit:)``.
  public init(instructionSet: String? = nil, threads: Int? = nil) throws {
    let supported = Self.supportedInstructionSets
    let chosen = instructionSet?.lowercased() ?? supported[0]
    guard supported.contains(chosen) else {
      let reason =
        Self.instructionSets.contains(chosen)
        ? "this processor lacks the instructions" : "there are no kernels for that instruction set"
      let names = supported.map { "cpu:\($0)" }
      let remark = Spelling.remark("cpu:\(chosen)", among: names)
      throw DeviceError.noSuchDevice(name: "cpu:\(chosen)", reason: reason + remark, candidates: names)
    }
    let threads = threads ?? HostProcessor.threadCount
    guard (1...Self.threadLimit).contains(threads) else {
      throw DeviceError.threadCount(threads, limit: Self.threadLimit)
    }
    let clone = Self.clones[Self.instructionSets.firstIndex(of: chosen)!].pointee
    kernels = Dictionary(
      uniqueKeysWithValues: UnsafeBufferPointer(start: clone.entry_points, count: Int(clone.entry_point_count)).map {
        (String(cString: $0.name), CompiledKernel($0))
      })
    self.threads = ThreadPool(threadCount: threads)
    properties = Self.properties(of: clone, threads: threads)
    traits = properties.traits
    DebugBuildNotice.showOnce()
  }

  /// The traits of the device that `cpu` means on this machine.
  public static var hostTraits: DeviceTraits {
    let properties = all(threads: HostProcessor.threadCount)
    return properties[instructionSets.firstIndex(of: supportedInstructionSets[0])!].traits
  }

  /// The properties of each clone in the binary as a device, whether this processor can run it or not.
  static func all(threads: Int) -> [DeviceProperties] { clones.map { properties(of: $0.pointee, threads: threads) } }

  private static func properties(of clone: telar_clone, threads: Int) -> DeviceProperties {
    let memory = HostProcessor.memoryBytes
    let instructionSet = String(cString: clone.name)
    return DeviceProperties(
      identifier: "cpu:\(instructionSet)", name: HostProcessor.name, kind: .cpu, vendor: HostProcessor.vendor,
      driver: "compiled in", instructionSet: instructionSet, computeUnits: threads,
      maximumWorkGroupSize: 1, localMemoryBytes: 0, maximumAllocationBytes: memory, globalMemoryBytes: memory,
      bufferAlignment: 64, preferredVectorWidth: Int(clone.vector_width), supportsHalf: false, supportsDouble: true,
      hasFastFMA: clone.uses_fma != 0, family: .vector,
      registerTiles: (0..<Int(clone.tile_count)).map {
        RegisterTile(width: Int(clone.vector_width), rows: Int(clone.tiles[$0].0), vectors: Int(clone.tiles[$0].1))
      })
  }

  // MARK: Memory

  public func allocate(byteCount: Int) throws -> Buffer {
    guard byteCount <= properties.maximumAllocationBytes else {
      throw DeviceError.allocationTooLarge(
        device: properties.identifier, requested: byteCount, limit: properties.maximumAllocationBytes)
    }
    let capacity = HostMemory.capacity(for: byteCount)
    if let handle = pool.take(capacity: capacity) {
      return Buffer(device: self, byteCount: byteCount, handle: handle, capacity: capacity)
    }
    let memory = try create(capacity)
    return Buffer(device: self, byteCount: byteCount, handle: memory, capacity: capacity)
  }

  private func create(_ capacity: Int) throws -> UnsafeMutableRawPointer {
    // The system overcommits and ends a process that uses too much, so the limit is checked here.
    let limit = properties.globalMemoryBytes / 8 * 7
    func allocate() -> UnsafeMutableRawPointer? {
      counters.bytesAllocated + capacity <= limit ? HostMemory.allocate(capacity: capacity) : nil
    }
    var memory = allocate()
    if memory == nil {
      // Pooled memory of other sizes is freed first.
      counters.bytesAllocated -= pool.drain { free($0) }
      memory = allocate()
    }
    guard let memory else {
      throw DeviceError.outOfMemory(device: properties.identifier, requested: capacity)
    }
    counters.allocations += 1
    counters.bytesAllocated += capacity
    counters.peakBytesAllocated = max(counters.peakBytesAllocated, counters.bytesAllocated)
    return memory
  }

  public func slice(_ buffer: Buffer, byteOffset: Int, byteCount: Int) throws -> Buffer {
    precondition(byteOffset >= 0 && byteOffset + byteCount <= buffer.byteCount, "slice past the end of its buffer")
    precondition(byteOffset % properties.bufferAlignment == 0, "slice offset \(byteOffset) is not aligned")
    return Buffer(
      device: self, byteCount: byteCount, handle: buffer.handle + byteOffset, capacity: byteCount, parent: buffer)
  }

  public func zeros(byteCount: Int) throws -> Buffer {
    if let present = zeroBuffers.last, present.byteCount >= byteCount { return present }
    let capacity = HostMemory.capacity(for: byteCount)
    let memory = try create(capacity)
    memset(memory, 0, capacity)
    let buffer = Buffer(device: self, byteCount: capacity, handle: memory, capacity: capacity, ownedByDevice: true)
    zeroBuffers.append(buffer)
    return buffer
  }

  public func recycle(_ handle: UnsafeMutableRawPointer, capacity: Int, isSlice: Bool) {
    if !isSlice { pool.put(handle, capacity: capacity) }
  }

  public func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer, at byteOffset: Int) throws {
    precondition(byteOffset >= 0 && byteOffset + source.count <= buffer.byteCount, "write past the end of a buffer")
    if let base = source.baseAddress { (buffer.handle + byteOffset).copyMemory(from: base, byteCount: source.count) }
  }

  public func read(_ buffer: Buffer, at byteOffset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    precondition(byteOffset >= 0 && byteOffset + destination.count <= buffer.byteCount, "read past the end of a buffer")
    counters.synchronizations += 1
    if let base = destination.baseAddress {
      base.copyMemory(from: buffer.handle + byteOffset, byteCount: destination.count)
    }
  }

  public func copy(
    from source: Buffer, at sourceOffset: Int, to destination: Buffer, at destinationOffset: Int, byteCount: Int
  ) throws {
    precondition(sourceOffset + byteCount <= source.byteCount, "copy past the end of its source")
    precondition(destinationOffset + byteCount <= destination.byteCount, "copy past the end of its destination")
    (destination.handle + destinationOffset).copyMemory(from: source.handle + sourceOffset, byteCount: byteCount)
  }

  public func fill(_ buffer: Buffer, at byteOffset: Int, byteCount: Int, pattern: UInt32) throws {
    precondition(byteOffset % 4 == 0 && byteCount % 4 == 0, "fills are of whole 32-bit words")
    precondition(byteOffset + byteCount <= buffer.byteCount, "fill past the end of a buffer")
    (buffer.handle + byteOffset).assumingMemoryBound(to: UInt32.self).update(repeating: pattern, count: byteCount / 4)
  }

  public func synchronize() throws {
    counters.synchronizations += 1
  }

  deinit {
    _ = pool.drain { free($0) }
    for buffer in zeroBuffers { free(buffer.handle) }
  }
}

/// The processor, as each clone of the compiled-in kernels: `cpu:avx2`, and `cpu` for the fastest that runs.
struct CPUProvider: DeviceProvider {
  let prefix = "cpu"

  func list() -> [DeviceDescription] {
    let supported = Set(CPUDevice.supportedInstructionSets)
    return CPUDevice.all(threads: HostProcessor.threadCount).map {
      let runs = supported.contains($0.instructionSet)
      return DeviceDescription(properties: $0, problem: runs ? nil : "this processor lacks the instructions")
    }
  }

  func identifier(of name: String, among devices: () -> [DeviceDescription]) -> String { name.lowercased() }

  func open(_ identifier: String, threads: Int?) throws -> any Device {
    let instructionSet = identifier == prefix ? nil : String(identifier.dropFirst(prefix.count + 1))
    return try CPUDevice(instructionSet: instructionSet, threads: threads)
  }

  /// The clones share the processor's name, so the first that runs stands for all.
  func distinct(_ devices: [DeviceDescription]) -> [DeviceDescription] {
    devices.first { $0.problem == nil }.map { [$0] } ?? []
  }
}
