/// Where the gradient of a parameter is gathered over a backward pass.
public final class GradientSlot {
  /// The gradient's own memory, in the parameter's shape. It does not hold the gradient while there are ``parts``.
  package let memory: Tensor
  /// Whether something was written since ``clear()``: the first contribution overwrites, later ones add.
  public private(set) var isSet = false
  /// The parts whose sum is the gradient, until they are added up.
  package private(set) var parts: Parts?
  /// Where parts may lie; `nil` where they are added up at once.
  private let arena: PartsArena?

  /// Parts of a gradient, one behind another.
  package struct Parts {
    package let place: Place
    /// The arena's memory that they lie in.
    let memory: Buffer

    package struct Place: Hashable {
      /// In floats.
      package var offset: Int
      /// How many there are; none of a gradient that is zero.
      package var count: Int
    }
  }

  package init(tensor: Tensor, partsIn arena: PartsArena? = nil) {
    memory = tensor
    self.arena = arena
  }

  /// The gradient, in the parameter's shape. Parts of it are added up first, which takes a launch.
  public var tensor: Tensor {
    get throws {
      try addParts()
      return memory
    }
  }

  /// Forgets the gradient without touching the memory.
  public func clear() { (isSet, parts) = (false, nil) }

  /// What a backward pass leaves behind, for those that were recorded.
  package var state: (isSet: Bool, parts: Parts?) {
    get { (isSet, parts) }
    set { (isSet, parts) = newValue }
  }

  /// Called by whoever is about to write: true when it must add to what is there, false when it overwrites.
  package func claim() throws -> Bool {
    try addParts()
    defer { isSet = true }
    return isSet
  }

  /// Memory for a claimed gradient in so many parts; `nil` where they have to be added up at once.
  func claimParts(_ count: Int) throws -> (buffer: Buffer, parts: Parts)? {
    guard let arena, let (memory, offset) = try arena.claim(floats: count * memory.count) else { return nil }
    return (
      try memory.device.slice(memory, byteOffset: offset * 4, byteCount: count * self.memory.count * 4),
      Parts(place: Parts.Place(offset: offset, count: count), memory: memory)
    )
  }

  /// Leaves parts that were written to those who read the gradient.
  func leave(_ parts: Parts) { self.parts = parts }

  /// Makes a claimed gradient zero without a launch, where that is possible.
  func claimZeros() -> Bool {
    guard let arena else { return false }
    parts = Parts(place: Parts.Place(offset: 0, count: 0), memory: arena.empty)
    return true
  }

  /// Adds up the parts, if there are any, into ``memory``.
  package func addParts() throws {
    guard let parts else { return }
    self.parts = nil
    let (device, count) = (memory.device, memory.count)
    if parts.place.count == 0 { return try device.fill(memory.buffer, at: 0, byteCount: count * 4, pattern: 0) }
    let source = try device.slice(
      parts.memory, byteOffset: parts.place.offset * 4, byteCount: parts.place.count * count * 4)
    try Tensors.addParts(source, count: parts.place.count, to: memory, accumulate: false)
  }
}

/// Memory for the parts of all gradients of a backward pass, one behind another, so that one launch of an optimizer can read
/// them. It grows where a pass needs more than those before.
package final class PartsArena {
  private unowned let device: any Device
  /// What parts are claimed from, and those of gradients that are zero.
  private var memory: Buffer?
  let empty: Buffer
  /// Claimed floats.
  private var end = 0

  package init(on device: any Device) throws {
    self.device = device
    empty = try device.allocate(byteCount: 4)
  }

  /// Begins a backward pass.
  package func clear() { end = 0 }

  /// A place for so many floats, which belongs to who claimed it until the pass after; `nil` where a kernel could not index
  /// it.
  func claim(floats count: Int) throws -> (memory: Buffer, offset: Int)? {
    let alignment = max(4, device.properties.bufferAlignment / 4)
    let (offset, needed) = (end, end + count)
    let most = min(Int(Int32.max), device.properties.maximumAllocationBytes / 4)
    guard needed <= most else { return nil }
    if needed * 4 > memory?.byteCount ?? 0 {
      // Parts that were claimed before stay where they are: see ``gather(_:)``.
      memory = try device.allocate(byteCount: min(most, max(needed, 2 * (memory?.byteCount ?? 0) / 4)) * 4)
    }
    end = (needed + alignment - 1) / alignment * alignment
    return (memory!, offset)
  }

  /// The memory that all these parts of gradients of `counts` elements lie in. Where it grew in between, they are copied.
  func gather(_ parts: [(parts: GradientSlot.Parts, count: Int)]) throws -> Buffer {
    let parts = parts.filter { $0.parts.place.count > 0 }
    guard let first = parts.first?.parts.memory else { return empty }
    if parts.allSatisfy({ $0.parts.memory === first }) { return first }
    for (part, count) in parts where part.memory !== memory {
      try device.copy(
        from: part.memory, at: part.place.offset * 4, to: memory!, at: part.place.offset * 4,
        byteCount: part.place.count * count * 4)
    }
    return memory!
  }
}
