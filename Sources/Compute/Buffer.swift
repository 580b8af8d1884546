/// Memory of a device, or a slice of it. It goes back to the device when the last reference goes: see
/// ``Device/recycle(_:capacity:isSlice:)``.
public final class Buffer {
  public unowned let device: any Device
  /// Compared by launches in place of `device`, which would be retained for each of their arguments.
  let deviceIdentity: ObjectIdentifier
  public let byteCount: Int
  /// What the device knows its memory by: `cl_mem` on an OpenCL device, an address on the CPU. Only the device itself
  /// may interpret it.
  public let handle: UnsafeMutableRawPointer
  /// Bytes behind the handle, at least `byteCount`: what the device's pool keeps it by.
  public let capacity: Int
  /// The buffer that a slice is a part of, kept alive by it.
  private let parent: Buffer?
  /// Keeps the device alive; `nil` for a buffer that the device itself keeps, and whose memory it frees.
  private let owner: (any Device)?

  private var writes = 0

  /// A number that changes when values are written by ``write(_:at:)``, or ``didChange()`` says that a kernel did, to
  /// the buffer or to the one that it is a slice of.
  package var version: Int { writes &+ (parent?.version ?? 0) }

  /// Says that a kernel wrote to a buffer of parameters, so that forms of them that are kept are made anew.
  public func didChange() { writes &+= 1 }

  /// Whether the device itself keeps the buffer.
  var isDevicesOwn: Bool { owner == nil }

  /// A buffer of a device, which makes it in ``Device/allocate(byteCount:)``, ``Device/slice(_:byteOffset:byteCount:)``
  /// or ``Device/zeros(byteCount:)``.
  ///
  /// - Parameters:
  ///   - handle: what the device knows the memory by. It need not be an address.
  ///   - capacity: bytes behind the handle, at least `byteCount`.
  ///   - parent: the buffer that this is a slice of.
  ///   - ownedByDevice: whether the device keeps the buffer and frees its memory. Such a buffer does not keep the
  ///     device alive, and is not recycled.
  public init(
    device: any Device, byteCount: Int, handle: UnsafeMutableRawPointer, capacity: Int, parent: Buffer? = nil,
    ownedByDevice: Bool = false
  ) {
    self.device = device
    deviceIdentity = ObjectIdentifier(device)
    self.byteCount = byteCount
    self.handle = handle
    self.capacity = capacity
    self.parent = parent
    owner = ownedByDevice ? nil : device
  }

  deinit {
    owner?.recycle(handle, capacity: capacity, isSlice: parent != nil)
  }
}

extension Buffer {
  /// The contents as an array of trivial elements. Waits for the device.
  public func read<Element: BitwiseCopyable>(_ type: Element.Type, count: Int, at byteOffset: Int = 0) throws
    -> [Element]
  {
    precondition(byteOffset + count * MemoryLayout<Element>.stride <= byteCount, "read past the end of a buffer")
    return try Array(unsafeUninitializedCapacity: count) { memory, initialized in
      try device.read(
        self, at: byteOffset,
        into: UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(memory)[..<(count * MemoryLayout<Element>.stride)]))
      initialized = count
    }
  }

  /// Copies an array of trivial elements into the buffer.
  public func write<Element: BitwiseCopyable>(_ values: [Element], at byteOffset: Int = 0) throws {
    precondition(
      byteOffset + values.count * MemoryLayout<Element>.stride <= byteCount, "write past the end of a buffer")
    didChange()
    try values.withUnsafeBytes { try device.write($0, to: self, at: byteOffset) }
  }
}
