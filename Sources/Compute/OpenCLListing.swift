import COpenCL

/// A device of a platform as the ICD loader lists it, without a context.
///
/// Sendable because OpenCL's handles may be used from any thread.
struct OpenCLListing: @unchecked Sendable {
  let platform: cl_platform_id
  let device: cl_device_id
  /// The N of `opencl:N`.
  let index: Int
  let properties: DeviceProperties
  /// Why the device cannot be used; `nil` when it can.
  let problem: String?
  /// Everything that a program's binary depends on besides its source and options.
  let buildIdentity: String
  /// Whether the device can be partitioned by counts.
  let canBeDivided: Bool

  init(platform: cl_platform_id, device: cl_device_id, index: Int) {
    var inquiry = OpenCLInquiry(platform: platform, device: device)
    let properties = inquiry.properties(identifier: "opencl:\(index)")
    let names =
      [CL_PLATFORM_NAME, CL_PLATFORM_VENDOR, CL_PLATFORM_VERSION].map { inquiry.platformText($0) }
      + [CL_DEVICE_NAME, CL_DEVICE_VENDOR, CL_DEVICE_VERSION, CL_DRIVER_VERSION].map { inquiry.text($0) }
    self.platform = platform
    self.device = device
    self.index = index
    self.properties = properties
    buildIdentity = names.joined(separator: "\n")
    canBeDivided = inquiry.canBeDivided()
    problem = inquiry.problem(with: properties)
  }

  var identifier: String { properties.identifier }

  /// The devices of all platforms, in the loader's order. A platform without devices adds none.
  ///
  /// - Throws: ``DeviceError/noOpenCL(reason:)`` when there is no device at all,
  ///   ``DeviceError/driverHangs(driver:seconds:)``.
  static func all() throws -> [OpenCLListing] { try OpenCLLookup.result.get().listings }
}

extension OpenCLListing {
  /// A bound on platforms and on devices of one that no machine exceeds.
  private static let mostEntries: cl_uint = 1024

  /// Loads the drivers and lists their devices.
  ///
  /// - Parameters:
  ///   - place: where the drivers were looked for, for errors.
  ///   - announce: called with the name of the driver whose answer is waited for next.
  static func find(
    _ drivers: [OpenCLDriver], at place: String, announce: (String) -> Void
  ) throws(DeviceError) -> OpenCLLookup.Found {
    var problems = drivers.compactMap { driver in
      announce("the OpenCL driver \(driver.name)")
      return driver.problem()
    }
    let names = drivers.map(\.name).joined(separator: ", ")
    announce("the OpenCL loader" + (drivers.isEmpty ? "" : " or one of the drivers \(names)"))
    let platforms = try platforms(problems, at: place)

    var found: [OpenCLListing] = []
    var failures: [String] = []
    for (number, platform) in platforms.enumerated() {
      announce("platform \(number) of OpenCL, of the drivers \(names),")
      let name = OpenCLInquiry.text { clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_NAME), $0, $1, $2) }
      if let name {
        announce("the driver of OpenCL platform '\(OpenCLInquiry.label(name))'")
      }
      var count: cl_uint = 0
      let everything = cl_device_type(CL_DEVICE_TYPE_ALL)
      var status = clGetDeviceIDs(platform, everything, 0, nil, &count)
      count = min(count, mostEntries)
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
      throw .noOpenCL(reason: "\(platforms.count) driver(s) are installed, but none has a device\(reason)")
    }
    problems += failures.map { "a driver's devices are left out: clGetDeviceIDs failed with \($0)" }
    return OpenCLLookup.Found(listings: found, problems: problems)
  }

  private static func platforms(_ problems: [String], at place: String) throws(DeviceError) -> [cl_platform_id] {
    var count: cl_uint = 0
    var status = clGetPlatformIDs(0, nil, &count)
    if status == OpenCLStatus.platformNotFound || (status == CL_SUCCESS && count == 0) {
      let reason = problems.isEmpty ? "no driver is installed: none is in \(place)" : problems.joined(separator: "; ")
      throw .noOpenCL(reason: reason)
    }
    count = min(count, mostEntries)
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    if status == CL_SUCCESS { status = clGetPlatformIDs(count, &platforms, nil) }
    guard status == CL_SUCCESS else {
      throw .noOpenCL(reason: "clGetPlatformIDs failed with \(OpenCLStatus.name(status))")
    }
    return platforms.compactMap { $0 }
  }
}
