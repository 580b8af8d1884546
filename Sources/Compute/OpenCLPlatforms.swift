import CKernels
import COpenCL
import Foundation

/// A device of a platform as the ICD loader lists it, before anything is made on it.
struct OpenCLListing {
  let platform: cl_platform_id
  let device: cl_device_id
  /// The N of `opencl:N`.
  let index: Int

  /// The devices of all platforms, in the loader's order. A platform without devices adds none.
  ///
  /// - Throws: ``DeviceError/noOpenCL(reason:)`` when there is no device at all.
  static func all() throws -> [OpenCLListing] {
    var platformCount: cl_uint = 0
    let status = clGetPlatformIDs(0, nil, &platformCount)
    guard status == CL_SUCCESS, platformCount > 0 else {
      if status == CL_SUCCESS || status == OpenCLStatus.platformNotFound {
        throw DeviceError.noOpenCL(reason: "no driver is installed")
      }
      throw DeviceError.noOpenCL(reason: "clGetPlatformIDs failed with \(OpenCLStatus.name(status))")
    }
    var platforms = [cl_platform_id?](repeating: nil, count: Int(platformCount))
    try OpenCLStatus.check(clGetPlatformIDs(platformCount, &platforms, nil), "clGetPlatformIDs", on: "OpenCL")

    var found: [OpenCLListing] = []
    var failures: [String] = []
    for case let platform? in platforms {
      var count: cl_uint = 0
      let everything = cl_device_type(CL_DEVICE_TYPE_ALL)
      var status = clGetDeviceIDs(platform, everything, 0, nil, &count)
      var devices = [cl_device_id?](repeating: nil, count: Int(count))
      if status == CL_SUCCESS, count > 0 { status = clGetDeviceIDs(platform, everything, count, &devices, nil) }
      if status != CL_SUCCESS, status != CL_DEVICE_NOT_FOUND { failures.append(OpenCLStatus.name(status)) }
      guard status == CL_SUCCESS else { continue }
      for case let device? in devices {
        found.append(OpenCLListing(platform: platform, device: device, index: found.count))
      }
    }
    if found.isEmpty {
      let reason = failures.isEmpty ? "" : " (clGetDeviceIDs: \(failures.joined(separator: ", ")))"
      throw DeviceError.noOpenCL(reason: "\(platformCount) driver(s) are installed, but none has a device\(reason)")
    }
    return found
  }

  /// Why the device cannot be used; `nil` when it can.
  var problem: String? {
    // "OpenCL", the version, what the vendor adds.
    let version = text(CL_DEVICE_VERSION).split(separator: " ").dropFirst().first.map(String.init) ?? "unknown"
    if version.compare("1.2", options: .numeric) == .orderedAscending || !version.contains(".") {
      return "it offers OpenCL \(version), and 1.2 is needed"
    }
    if number(CL_DEVICE_AVAILABLE) == 0 { return "its driver says that it is not available" }
    if number(CL_DEVICE_COMPILER_AVAILABLE) == 0 { return "its driver has no compiler" }
    return nil
  }

  var identifier: String { "opencl:\(index)" }

  /// All that a program's binary depends on besides its source and options.
  var buildIdentity: String {
    let platform = [CL_PLATFORM_NAME, CL_PLATFORM_VENDOR, CL_PLATFORM_VERSION].map(platformText)
    let device = [CL_DEVICE_NAME, CL_DEVICE_VENDOR, CL_DEVICE_VERSION, CL_DRIVER_VERSION].map(text)
    return (platform + device).joined(separator: "\n")
  }

  func text(_ parameter: Int32) -> String {
    OpenCLListing.text { clGetDeviceInfo(device, cl_device_info(parameter), $0, $1, $2) }
  }

  func platformText(_ parameter: Int32) -> String {
    OpenCLListing.text { clGetPlatformInfo(platform, cl_platform_info(parameter), $0, $1, $2) }
  }

  /// A number that the driver gives; zero where it gives none.
  func number<Number: FixedWidthInteger>(_ parameter: Int32, as type: Number.Type = cl_uint.self) -> Int {
    var value: Number = 0
    let status = clGetDeviceInfo(device, cl_device_info(parameter), MemoryLayout<Number>.size, &value, nil)
    return status == CL_SUCCESS ? Int(clamping: value) : 0
  }

  /// Whether a device of some of the compute units can be made. Drivers that cannot may lack the very function.
  var canBeDivided: Bool {
    var size = 0
    let parameter = cl_device_info(CL_DEVICE_PARTITION_PROPERTIES)
    guard clGetDeviceInfo(device, parameter, 0, nil, &size) == CL_SUCCESS, size > 0 else { return false }
    var ways = [cl_device_partition_property](
      repeating: 0, count: size / MemoryLayout<cl_device_partition_property>.stride)
    guard clGetDeviceInfo(device, parameter, size, &ways, nil) == CL_SUCCESS else { return false }
    return ways.contains(cl_device_partition_property(CL_DEVICE_PARTITION_BY_COUNTS))
  }

  /// A text that OpenCL returns in two calls, its size first. Empty where the driver gives none.
  static func text(_ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int) -> String {
    var size = 0
    guard query(0, nil, &size) == CL_SUCCESS, size > 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard bytes.withUnsafeMutableBytes({ query(size, $0.baseAddress, nil) }) == CL_SUCCESS else { return "" }
    let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}

extension OpenCLListing {
  /// What the driver says of the device, and the kernels' parameters that follow from it.
  var properties: DeviceProperties {
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
    let hasFMA = has(CL_DEVICE_SINGLE_FP_CONFIG, CL_FP_FMA)
    // Intel's runtime says so of doubles only; a processor has both or none.
    let processorHasFMA = (hasFMA || has(CL_DEVICE_DOUBLE_FP_CONFIG, CL_FP_FMA)) && telar_host_has_fma() != 0
    let tiles = vectorTiles(for: kind)
    return DeviceProperties(
      identifier: identifier, name: text(CL_DEVICE_NAME), kind: kind, vendor: text(CL_DEVICE_VENDOR),
      driver: "\(platformText(CL_PLATFORM_NAME)) \(text(CL_DRIVER_VERSION))",
      instructionSet: "", computeUnits: number(CL_DEVICE_MAX_COMPUTE_UNITS),
      maximumWorkGroupSize: number(CL_DEVICE_MAX_WORK_GROUP_SIZE, as: Int.self),
      localMemoryBytes: number(CL_DEVICE_LOCAL_MEM_SIZE, as: cl_ulong.self),
      maximumAllocationBytes: number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, as: cl_ulong.self),
      globalMemoryBytes: number(CL_DEVICE_GLOBAL_MEM_SIZE, as: cl_ulong.self),
      // OpenCL counts it in bits. Below 256 bytes, some drivers are known to answer less than they need.
      bufferAlignment: max(256, number(CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8),
      preferredVectorWidth: max(1, number(CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT)),
      supportsHalf: extensions.contains("cl_khr_fp16"), supportsDouble: extensions.contains("cl_khr_fp64"),
      hasFastFMA: kind == .cpu ? processorHasFMA : hasFMA, family: kind == .cpu ? .vector : .tile, vectorTiles: tiles)
  }

  private func has(_ parameter: Int32, _ ability: Int32) -> Bool {
    number(parameter, as: cl_device_fp_config.self) & Int(ability) != 0
  }

  /// The register tiles of the compiled-in clone with as wide vectors, which has as many registers.
  private func vectorTiles(for kind: DeviceKind) -> [VectorTile] {
    guard kind == .cpu else { return [(4, 2), (4, 1)].map { VectorTile(width: 4, rows: $0, vectors: $1) } }
    switch number(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT) {
    case 16...: return [(8, 2), (8, 1)].map { VectorTile(width: 16, rows: $0, vectors: $1) }
    // Drivers report 8 for processors whose 512-bit vectors their compiler uses only where asked to.
    case 8 where CPUDevice.supportedInstructionSets.contains("avx512"):
      return [(8, 2), (8, 1)].map { VectorTile(width: 16, rows: $0, vectors: $1) }
    case 8...: return [(6, 2), (6, 1)].map { VectorTile(width: 8, rows: $0, vectors: $1) }
    default: return [(6, 2), (6, 1)].map { VectorTile(width: 4, rows: $0, vectors: $1) }
    }
  }
}
