import Compute
import Foundation
import Telar
import TelarBench

/// What `telar doctor` has found: printed as it comes, and kept with more details for a file.
struct DoctorReport {
  private(set) var text = ""

  /// Variables of the environment that decide which drivers and devices there are.
  private static let variables = [
    "OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK", "RUSTICL_ENABLE", "POCL_DEVICES",
    "TELAR_DRIVER_SECONDS", "TELAR_TUNING", "TELAR_NO_CACHE",
  ]

  /// What a driver opens to reach its GPU.
  private static let deviceFiles = ["/dev/kfd", "/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg"]

  /// A heading, when it is not indented, or a line.
  mutating func add(_ line: String) {
    if !line.hasPrefix(" "), !text.isEmpty {
      Console.result("")
      text += "\n"
    }
    Console.result(line)
    text += line.visible + "\n"
  }

  /// A line for the file only.
  private mutating func addDetail(_ line: String) { text += line.visible + "\n" }

  mutating func addSystem() {
    add("Telar \(telarVersion)")
    let system = ProcessInfo.processInfo
    add("  \(system.operatingSystemVersionString), \(system.physicalMemory >> 30) GiB of memory")
    addDetail("  build \(BuildIdentity.current), \(ISO8601DateFormatter().string(from: Date()))")
    for name in Self.variables { if let value = system.environment[name] { add("  \(name)=\(value)") } }
  }

  /// The drivers of the ICD loader, libraries that it does not see, and files that a driver could not open.
  mutating func addDrivers(problems: [String]) {
    let drivers = OpenCLDriver.all()
    add("Drivers in \(OpenCLDriver.place)")
    if drivers.isEmpty { add("  none") }
    for driver in drivers { add("  \(driver.name)") }
    for problem in problems { add("  \(problem)") }
    for found in OpenCLDriver.unregistered(beside: drivers) {
      add("  \(found.vendor)'s \(found.library) is here, but no file leads to it. As root:")
      add("    \(found.advice)")
    }
    let nodes = ((try? FileManager.default.contentsOfDirectory(atPath: "/dev/dri")) ?? []).sorted()
    for path in Self.deviceFiles + nodes.filter({ $0.hasPrefix("renderD") }).map({ "/dev/dri/\($0)" })
    where AtomicFile.isTaken(path) && access(path, R_OK | W_OK) != 0 {
      add("  \(path) cannot be opened by this user, who may lack the group render or video")
    }
  }

  mutating func addDevices(_ devices: [DeviceDescription]) {
    add("Devices")
    for device in devices {
      add("  \(device.properties.identifier)  \(device.properties.name), \(device.problem ?? device.properties.driver)")
      for (key, value) in device.properties.members { addDetail("    \(key): \(value.text)") }
    }
  }

  mutating func add(_ check: DeviceCheck, _ finding: Finding, seconds: Double) {
    let title = check.title.padding(toLength: 22, withPad: " ", startingAt: 0)
    add("  \(finding.isPassed ? "ok  " : "FAIL")  \(title)  \(finding.summary)")
    addDetail("    \(Int(seconds.rounded())) s")
    for line in finding.details { addDetail("    \(line)") }
  }
}
