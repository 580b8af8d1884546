/// The properties of a device that determine which routes can run on it and which is the fastest.
///
/// Operators, plans and tuning depend on these only, never on the sort of processor behind a device.
public struct DeviceTraits: Sendable, Hashable {
  /// The family of heavy kernels that suits the device.
  public var family: KernelFamily
  /// Whether tens of kilobytes of private memory per work-item are cheap, as on processors, whose caches hold them.
  public var hasLargePrivateMemory: Bool
  /// Register tiles of the vector family, widest first; there is at least one.
  public var registerTiles: [RegisterTile]
  /// Cores of a processor or multiprocessors of a GPU.
  public var computeUnits: Int
  /// The size of a processor core's L2 cache.
  public var l2CacheBytes: Int
  /// Most work-items in a work-group.
  public var maximumWorkGroupSize: Int
  /// Bytes of local memory of a work-group.
  public var localMemoryBytes: Int
  /// Most work-items of a group that computes a local-memory tile: less than ``maximumWorkGroupSize`` where the driver has
  /// registers for fewer.
  public var maximumTileItems: Int

  public init(
    family: KernelFamily, hasLargePrivateMemory: Bool, registerTiles: [RegisterTile], computeUnits: Int,
    l2CacheBytes: Int, maximumWorkGroupSize: Int, localMemoryBytes: Int
  ) {
    precondition(!registerTiles.isEmpty, "a device needs a register tile")
    self.family = family
    self.hasLargePrivateMemory = hasLargePrivateMemory
    self.registerTiles = registerTiles
    self.computeUnits = computeUnits
    self.l2CacheBytes = l2CacheBytes
    self.maximumWorkGroupSize = maximumWorkGroupSize
    self.localMemoryBytes = localMemoryBytes
    maximumTileItems = maximumWorkGroupSize
  }

  /// Floats in a vector of the kernels: `VECTOR_WIDTH`.
  public var vectorWidth: Int { registerTiles[0].width }

  /// Whether the family is the vector family.
  public var isVector: Bool { family == .vector }
}

extension DeviceProperties {
  /// The traits that follow from the properties.
  public var traits: DeviceTraits {
    DeviceTraits(
      family: family, hasLargePrivateMemory: kind == .cpu && family == .vector, registerTiles: registerTiles,
      computeUnits: computeUnits, l2CacheBytes: HostProcessor.l2CacheBytes,
      maximumWorkGroupSize: maximumWorkGroupSize, localMemoryBytes: localMemoryBytes)
  }
}

extension Device {
  public var traits: DeviceTraits { properties.traits }
}
