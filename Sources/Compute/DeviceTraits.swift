/// What kernels are chosen by: the properties of a device that decide which routes can run on it and which is fastest.
///
/// Operators, plans and tuning ask these, never for the sort of processor behind a device.
public struct DeviceTraits: Sendable, Hashable {
  /// The family of heavy kernels that suits the device.
  public var family: KernelFamily
  /// Whether a work-item can keep tens of kilobytes in private memory without a cost: on processors, whose caches hold it.
  public var hasLargePrivateMemory: Bool
  /// Register tiles of the vector family, widest first; there is at least one.
  public var vectorTiles: [VectorTile]
  /// Cores of a processor or multiprocessors of a GPU.
  public var computeUnits: Int
  /// Bytes of the L2 cache that a core of a processor has for itself.
  public var l2CacheBytes: Int
  /// Most work-items in a work-group.
  public var maximumWorkGroupSize: Int
  /// Bytes of local memory that a work-group has.
  public var localMemoryBytes: Int

  public init(
    family: KernelFamily, hasLargePrivateMemory: Bool, vectorTiles: [VectorTile], computeUnits: Int, l2CacheBytes: Int,
    maximumWorkGroupSize: Int, localMemoryBytes: Int
  ) {
    precondition(!vectorTiles.isEmpty, "a device needs a register tile")
    self.family = family
    self.hasLargePrivateMemory = hasLargePrivateMemory
    self.vectorTiles = vectorTiles
    self.computeUnits = computeUnits
    self.l2CacheBytes = l2CacheBytes
    self.maximumWorkGroupSize = maximumWorkGroupSize
    self.localMemoryBytes = localMemoryBytes
  }

  /// Floats in a vector of the kernels: `VECTOR_WIDTH`.
  public var vectorWidth: Int { vectorTiles[0].width }

  /// Whether the family is that of processors, with register tiles.
  public var isVector: Bool { family == .vector }
}

extension DeviceProperties {
  /// The traits that follow from the properties.
  public var traits: DeviceTraits {
    DeviceTraits(
      family: family, hasLargePrivateMemory: kind == .cpu && family == .vector, vectorTiles: vectorTiles,
      computeUnits: computeUnits, l2CacheBytes: HostProcessor.l2CacheBytes,
      maximumWorkGroupSize: maximumWorkGroupSize, localMemoryBytes: localMemoryBytes)
  }
}

extension Device {
  public var traits: DeviceTraits { properties.traits }
}
