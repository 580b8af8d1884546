/// A kernel: the file under `Kernels/` that holds it, its function, and the macros that it is compiled with.
///
/// Keep kernels in constants: devices look up the compiled form by identity.
public final class Kernel: Sendable {
  /// Name of the file under `Kernels/`, without `.cl`.
  public let program: String
  public let name: String
  /// Macros in addition to the device's own, for example `["VECTORS": 2]`. Kernels that are compiled in differ by
  /// `name` or arguments instead.
  public let options: [String: Int]
  /// The registers that a work-item may use, for compilers that take a limit; `nil` for no limit.
  public let registerLimit: Int?

  public init(_ program: String, _ name: String, options: [String: Int] = [:], registerLimit: Int? = nil) {
    self.program = program
    self.name = name
    self.options = options
    self.registerLimit = registerLimit
  }
}

extension Kernel {
  /// Whether its groups compute a local-memory tile.
  var isTile: Bool { options["TILE_M"] != nil }

  /// The OpenCL C 1.2 text of the kernel's file, behind what all files share (`common.cl`); `nil` when there is no such
  /// file.
  public var source: String? { OpenCLPrograms.text(of: program) }

  /// The macros that ``source`` is compiled with for a device: those that follow from its properties, overridden by the
  /// kernel's own ``options``.
  public func macros(for properties: DeviceProperties) -> [String: Int] {
    let tile = properties.registerTiles[0]
    var macros = ["VECTOR_WIDTH": tile.width, "USE_FMA": properties.hasFastFMA ? 1 : 0, "ROWS": tile.rows]
    if limitsRegisters(on: properties) { macros["HAS_REGISTER_LIMIT"] = 1 }
    return macros.merging(options) { $1 }
  }

  /// Whether a device's compiler is told the limit of registers.
  func limitsRegisters(on properties: DeviceProperties) -> Bool {
    registerLimit != nil && properties.takesRegisterLimit
  }
}

/// The number of work-items of a launch in each dimension, and the size of its work-groups.
///
/// Devices round the number up to whole work-groups, so kernels return early for items past the end.
public struct Grid: Sendable, Equatable {
  public var x: Int
  public var y: Int
  public var z: Int
  /// Work-group size; the compiled-in kernels of the CPU ignore it.
  public var local: (x: Int, y: Int, z: Int)

  public init(_ x: Int, _ y: Int = 1, _ z: Int = 1, local: (x: Int, y: Int, z: Int) = (1, 1, 1)) {
    self.x = x
    self.y = y
    self.z = z
    self.local = local
  }

  public static func == (a: Grid, b: Grid) -> Bool {
    a.x == b.x && a.y == b.y && a.z == b.z && a.local == b.local
  }
}

/// One argument of a launch.
public enum KernelArgument {
  case buffer(Buffer)
  case int(Int32)
  case uint(UInt32)
  case float(Float)
  /// Local memory of this many bytes, for kernels of the tile family.
  case local(Int)

  /// A size or index. Traps if it does not fit 32 bits; operators check shapes before.
  public static func int(_ value: Int) -> KernelArgument { .int(Int32(value)) }
}
