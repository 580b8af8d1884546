/// What can go wrong between Telar and a device.
public enum DeviceError: Error, Equatable {
  /// No device has the name. `candidates` are the available devices, or those that the name matches.
  case noSuchDevice(name: String, reason: String, candidates: [String])
  /// The OpenCL loader finds no platform, or the platforms have no devices.
  case noOpenCL(reason: String)
  /// A driver did not return in time from being loaded or from listing its devices.
  case driverHangs(driver: String, seconds: Int)
  /// An environment variable has an invalid value.
  case setting(name: String, reason: String)
  /// A number of threads outside 1 to the limit.
  case threadCount(Int, limit: Int)
  case allocationTooLarge(device: String, requested: Int, limit: Int)
  case outOfMemory(device: String, requested: Int)
  /// The driver could not compile a kernel.
  case buildFailed(device: String, kernel: String, options: String, log: String)
  /// The driver runs a kernel in smaller work-groups only.
  case groupTooLarge(device: String, kernel: String, items: Int, limit: Int)
  /// A call of the driver failed, in `kernel` if that is known.
  case driver(device: String, call: String, code: String, kernel: String?)
}

extension DeviceError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noSuchDevice(let name, let reason, let candidates):
      let list = candidates.isEmpty ? "" : " Devices: \(candidates.joined(separator: ", "))."
      return "no device '\(name)': \(reason)\(reason.hasSuffix("?") ? "" : ".")\(list)"
    case .noOpenCL(let reason):
      return "no OpenCL device: \(reason). Install a driver (Debian: pocl-opencl-icd) or use --device cpu."
    case .driverHangs(let driver, let seconds):
      return
        "\(driver) has not answered for \(seconds) seconds while OpenCL devices were looked for. "
        + "Use --device cpu, remove the driver, or give it longer: TELAR_DRIVER_SECONDS=300."
    case .setting(let name, let reason):
      return "the environment variable \(name) cannot be used: \(reason)."
    case .threadCount(let count, let limit):
      return "cannot compute with \(count) threads: 1 to \(limit) can be asked for."
    case .allocationTooLarge(let device, let requested, let limit):
      return "\(device) allows \(limit) bytes in one buffer and \(requested) were asked for: use a smaller batch."
    case .outOfMemory(let device, let requested):
      return "\(device) has no memory left for a buffer of \(requested) bytes: use a smaller batch."
    case .buildFailed(let device, let kernel, let options, let log):
      return "\(device) could not build kernel \(kernel) with options '\(options)':\n\(log)"
    case .groupTooLarge(let device, let kernel, let items, let limit):
      return
        "\(device) runs kernel \(kernel) in groups of at most \(limit) work-items and \(items) are needed: its compiler "
        + "gives a work-item too many registers. Use another driver or --device cpu."
    case .driver(let device, let call, let code, let kernel):
      return "\(device): \(call) failed with \(code)" + (kernel.map { " in kernel \($0)" } ?? "") + "."
    }
  }
}
