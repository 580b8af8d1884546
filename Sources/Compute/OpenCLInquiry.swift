import COpenCL

/// Queries of a driver about one of its devices.
///
/// Answers are not trusted: sizes are bounded before anything is allocated, and the first query that fails is kept,
/// because a guessed property could change what is computed.
struct OpenCLInquiry {
  let platform: cl_platform_id
  let device: cl_device_id
  /// The first mandatory query that failed, in words; `nil` if there is none.
  private(set) var failure: String?

  init(platform: cl_platform_id, device: cl_device_id) {
    self.platform = platform
    self.device = device
  }

  mutating func text(_ parameter: Int32) -> String {
    let text = Self.text { clGetDeviceInfo(device, cl_device_info(parameter), $0, $1, $2) }
    if text == nil { fail("clGetDeviceInfo", parameter) }
    return text ?? ""
  }

  mutating func platformText(_ parameter: Int32) -> String {
    let text = Self.text { clGetPlatformInfo(platform, cl_platform_info(parameter), $0, $1, $2) }
    if text == nil { fail("clGetPlatformInfo", parameter) }
    return text ?? ""
  }

  /// A number; zero if the query fails.
  ///
  /// - Parameter isOptional: whether the query may fail with `CL_INVALID_VALUE`.
  mutating func number<Number: FixedWidthInteger>(
    _ parameter: Int32, as type: Number.Type = cl_uint.self, isOptional: Bool = false
  ) -> Int {
    var value: Number = 0
    let status = clGetDeviceInfo(device, cl_device_info(parameter), MemoryLayout<Number>.size, &value, nil)
    if status == CL_SUCCESS { return Int(clamping: value) }
    if !(isOptional && status == CL_INVALID_VALUE) { fail("clGetDeviceInfo", parameter, status) }
    return 0
  }

  /// Whether the device can be partitioned by counts. Drivers that cannot may lack the function to do it.
  mutating func canBeDivided() -> Bool {
    let bytes = Self.bytes(atMost: Self.longestList) {
      clGetDeviceInfo(device, cl_device_info(CL_DEVICE_PARTITION_PROPERTIES), $0, $1, $2)
    }
    guard let bytes else {
      fail("clGetDeviceInfo", CL_DEVICE_PARTITION_PROPERTIES)
      return false
    }
    let wanted = cl_device_partition_property(CL_DEVICE_PARTITION_BY_COUNTS)
    return bytes.withUnsafeBytes { $0.bindMemory(to: cl_device_partition_property.self).contains(wanted) }
  }

  private mutating func fail(_ call: String, _ parameter: Int32, _ status: cl_int? = nil) {
    let reason = status.map { ": " + OpenCLStatus.name($0) } ?? ""
    failure = failure ?? "its driver does not answer \(call) of 0x\(String(parameter, radix: 16))\(reason)"
  }

  // MARK: Answers of any length

  /// Lists of extensions have a few kilobytes, compiler logs more.
  private static let longestText = 4 << 20
  private static let longestList = 64 << 10

  /// A text that OpenCL returns in two calls, its size first; `nil` if a call fails.
  static func text(_ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int) -> String? {
    bytes(atMost: longestText, query).map { bytes in
      let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
  }

  /// Bytes that OpenCL returns in two calls, their number first; `nil` if a call fails or there are too many.
  static func bytes(
    atMost limit: Int, _ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int
  ) -> [UInt8]? {
    var size = 0
    guard query(0, nil, &size) == CL_SUCCESS, 0...limit ~= size else { return nil }
    if size == 0 { return [] }
    var bytes = [UInt8](repeating: 0, count: size)
    return bytes.withUnsafeMutableBytes { query(size, $0.baseAddress, nil) } == CL_SUCCESS ? bytes : nil
  }
}
