import CKernels
import COpenCL
import TelarIO

extension OpenCLInquiry {
  /// The device's properties according to the driver, and the parameters of kernels that follow from them.
  mutating func properties(identifier: String) -> DeviceProperties {
    let type = number(CL_DEVICE_TYPE, as: cl_device_type.self)
    let kind: DeviceKind =
      if type & Int(CL_DEVICE_TYPE_CPU) != 0 {
        .cpu
      } else if type & Int(CL_DEVICE_TYPE_GPU) != 0 {
        .gpu
      } else if type & Int(CL_DEVICE_TYPE_ACCELERATOR) != 0 {
        .accelerator
      } else {
        .other
      }
    let extensions = Set(text(CL_DEVICE_EXTENSIONS).split(separator: " "))
    let hasDouble = extensions.contains("cl_khr_fp64")
    let hasFMA = has(CL_DEVICE_SINGLE_FP_CONFIG, CL_FP_FMA)
    // Intel's runtime reports it for doubles only; a processor has both or none.
    let hasDoubleFMA = has(CL_DEVICE_DOUBLE_FP_CONFIG, CL_FP_FMA, isOptional: !hasDouble)
    let processorHasFMA = (hasFMA || hasDoubleFMA) && telar_host_has_fma() != 0
    let name = Self.label(text(CL_DEVICE_NAME))
    return DeviceProperties(
      identifier: identifier, name: name.isEmpty ? identifier : name, kind: kind,
      vendor: Self.label(text(CL_DEVICE_VENDOR)),
      driver: Self.label("\(platformText(CL_PLATFORM_NAME)) \(text(CL_DRIVER_VERSION))"),
      instructionSet: "", computeUnits: number(CL_DEVICE_MAX_COMPUTE_UNITS),
      maximumWorkGroupSize: number(CL_DEVICE_MAX_WORK_GROUP_SIZE, as: Int.self),
      localMemoryBytes: bytes(CL_DEVICE_LOCAL_MEM_SIZE), maximumAllocationBytes: bytes(CL_DEVICE_MAX_MEM_ALLOC_SIZE),
      globalMemoryBytes: bytes(CL_DEVICE_GLOBAL_MEM_SIZE),
      // OpenCL counts bits. Some drivers report less than they need, so it is 256 bytes at least.
      bufferAlignment: max(256, number(CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8),
      preferredVectorWidth: max(1, number(CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT)),
      supportsHalf: extensions.contains("cl_khr_fp16"), supportsDouble: hasDouble,
      hasFastFMA: kind == .cpu ? processorHasFMA : hasFMA,
      takesRegisterLimit: extensions.contains("cl_nv_compiler_options"), family: kind == .cpu ? .vector : .tile,
      registerTiles: registerTiles(for: kind))
  }

  /// Why the device cannot be used; `nil` when it can.
  mutating func problem(with properties: DeviceProperties) -> String? {
    // "OpenCL", the version, what the vendor adds.
    let version = text(CL_DEVICE_VERSION).split(separator: " ").dropFirst().first.map(String.init) ?? "unknown"
    let isAvailable = number(CL_DEVICE_AVAILABLE) != 0
    let hasCompiler = number(CL_DEVICE_COMPILER_AVAILABLE) != 0
    if let failure { return failure }
    if version.compare("1.2", options: .numeric) == .orderedAscending || !version.contains(".") {
      return "it offers OpenCL \(Self.label(version)), and 1.2 is needed"
    }
    if !isAvailable { return "its driver says that it is not available" }
    if !hasCompiler { return "its driver has no compiler" }
    return Self.shortcoming(of: properties)
  }

  /// A bound that no device exceeds.
  private static let mostComputeUnits = 1 << 20
  /// A bound that no device exceeds, below which sums of sizes cannot overflow.
  private static let mostBytes = 1 << 48
  /// OpenCL itself demands 32 MB.
  private static let leastAllocationBytes = 1 << 20
  private static let mostAlignment = 64 << 10
  /// The largest groups that elementwise kernels of the vector family are launched in.
  private static let leastVectorGroup = 16

  /// The property that is insufficient for the kernels or implausible; `nil` if there is none.
  static func shortcoming(of properties: DeviceProperties) -> String? {
    let tile = LocalTile.slim
    let leastGroup = properties.family == .tile ? tile.groupItems : leastVectorGroup
    let leastLocal = properties.family == .tile ? tile.localBytes : 0
    let alignment = properties.bufferAlignment
    if !(1...mostComputeUnits ~= properties.computeUnits) {
      return "its driver says that it has \(properties.computeUnits) compute units"
    }
    if properties.maximumWorkGroupSize < leastGroup {
      return "its work-groups have at most \(properties.maximumWorkGroupSize) items, and \(leastGroup) are needed"
    }
    if properties.localMemoryBytes < leastLocal {
      return "it has \(properties.localMemoryBytes) bytes of local memory, and \(leastLocal) are needed"
    }
    if properties.maximumAllocationBytes < leastAllocationBytes || properties.globalMemoryBytes < leastAllocationBytes {
      return "its driver says that it has \(properties.globalMemoryBytes) bytes of memory, "
        + "\(properties.maximumAllocationBytes) of them in one buffer"
    }
    if alignment > mostAlignment || alignment.nonzeroBitCount != 1 {
      return "its driver wants buffers aligned to \(alignment) bytes"
    }
    return nil
  }

  /// A name for display: one line of at most 200 characters.
  static func label(_ text: String) -> String { text.prefix(200).visible }

  private mutating func bytes(_ parameter: Int32) -> Int {
    min(number(parameter, as: cl_ulong.self), Self.mostBytes)
  }

  private mutating func has(_ parameter: Int32, _ ability: Int32, isOptional: Bool = false) -> Bool {
    number(parameter, as: cl_device_fp_config.self, isOptional: isOptional) & Int(ability) != 0
  }

  /// The register tiles of GPUs, whose programs are all written for vectors of four.
  static let tilesOfGPUs = [(4, 2), (4, 1)].map { RegisterTile(width: 4, rows: $0, vectors: $1) }

  /// The register tiles of the compiled-in clone with the same vector width, which has as many registers.
  private mutating func registerTiles(for kind: DeviceKind) -> [RegisterTile] {
    guard kind == .cpu else { return Self.tilesOfGPUs }
    switch number(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT) {
    case 16...: return [(8, 2), (8, 1)].map { RegisterTile(width: 16, rows: $0, vectors: $1) }
    // Drivers report 8 for processors with 512-bit vectors, which their compilers use on explicit vectors only.
    case 8 where CPUDevice.supportedInstructionSets.contains("avx512"):
      return [(8, 2), (8, 1)].map { RegisterTile(width: 16, rows: $0, vectors: $1) }
    case 8...: return [(6, 2), (6, 1)].map { RegisterTile(width: 8, rows: $0, vectors: $1) }
    default: return [(6, 2), (6, 1)].map { RegisterTile(width: 4, rows: $0, vectors: $1) }
    }
  }
}
