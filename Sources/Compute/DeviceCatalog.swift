import Foundation

/// A device as it is listed, without opening it.
public struct DeviceDescription: Sendable, Codable, Equatable {
  public var properties: DeviceProperties
  /// Why the device cannot be used; `nil` when it can.
  public var problem: String?

  package init(properties: DeviceProperties, problem: String?) {
    self.properties = properties
    self.problem = problem
  }
}

/// The devices of this machine, and how one is found by name.
///
/// Names do not depend on case; those of the processor are settled without a look at drivers:
/// - `auto`: what ``choose(_:threads:workload:)`` measures to be the fastest;
/// - `cpu`: the processor through the fastest kernels compiled in, or `cpu:avx512`, `cpu:avx2`, `cpu:baseline`, `cpu:neon`;
/// - `opencl`: the best OpenCL device by type (GPU, accelerator, processor) and then compute units;
/// - `opencl:N`: the N-th OpenCL device over all platforms, from 0;
/// - anything else: the device whose name contains it.
public enum DeviceCatalog {
  /// The compiled-in clones, the fastest first, then the OpenCL devices of all platforms.
  public static func list() -> [DeviceDescription] {
    let supported = Set(CPUDevice.supportedInstructionSets)
    let clones = CPUDevice.all(threads: ProcessInfo.processInfo.activeProcessorCount).map {
      let runs = supported.contains($0.instructionSet)
      return DeviceDescription(properties: $0, problem: runs ? nil : "this processor lacks the instructions")
    }
    let listings = (try? OpenCLListing.all()) ?? []
    return clones + listings.map { DeviceDescription(properties: $0.properties, problem: $0.problem) }
  }

  /// Why there are no OpenCL devices, or not those of every driver, in a sentence or more; `nil` when all is well.
  public static func openCLProblem() -> String? {
    switch OpenCLLookup.result {
    case .success(let found): found.problems.isEmpty ? nil : found.problems.joined(separator: "\n")
    case .failure(let error): "\(error)"
    }
  }

  /// Whether a driver was given up that may still be loading. The process then has to end by `_exit`: `exit` waits for
  /// the dynamic linker, which waits for the driver.
  public static var hasHangingDriver: Bool { OpenCLLookup.hasHangingDriver.load(ordering: .relaxed) }

  /// Opens the device of that name.
  ///
  /// - Parameter threads: how many threads compute, for the CPU and for drivers of processors that can be asked.
  /// - Throws: ``DeviceError/noSuchDevice(name:reason:candidates:)``, ``DeviceError/noOpenCL(reason:)``,
  ///   ``DeviceError/driverHangs(driver:seconds:)``, and what opening the device throws.
  public static func open(_ name: String, threads: Int? = nil) throws -> any Device {
    try choose(name, threads: threads).device
  }

  /// Which device a name means, before it is opened.
  enum Selection: Equatable {
    case automatic
    case cpu(instructionSet: String?)
    case openCL(index: Int)
  }

  static func open(_ selection: Selection, threads: Int?) throws -> any Device {
    switch selection {
    case .automatic: try choose("auto", threads: threads).device
    case .cpu(let instructionSet): try CPUDevice(instructionSet: instructionSet, threads: threads)
    case .openCL(let index): try OpenCLDevice(index: index, threads: threads)
    }
  }

  /// Finds the device that a name means among those listed.
  package static func identifier(of name: String, among devices: [DeviceDescription]) throws -> String {
    switch try select(name, among: devices) {
    case .automatic: "auto"
    case .cpu(let instructionSet): instructionSet.map { "cpu:\($0)" } ?? "cpu"
    case .openCL(let index): "opencl:\(index)"
    }
  }

  /// What a name means on this machine. Drivers are loaded only for names that may be an OpenCL device's.
  static func select(_ name: String) throws -> Selection {
    try selectWithoutDrivers(name) ?? select(name, among: list())
  }

  /// What a name means whichever drivers there are; `nil` when it depends on them.
  private static func selectWithoutDrivers(_ name: String) -> Selection? {
    let wanted = name.lowercased()
    switch wanted {
    case "auto": return .automatic
    case "cpu": return .cpu(instructionSet: nil)
    case _ where wanted.hasPrefix("cpu:"): return .cpu(instructionSet: String(wanted.dropFirst(4)))
    default: return nil
    }
  }

  private static func select(_ name: String, among devices: [DeviceDescription]) throws -> Selection {
    if let selection = selectWithoutDrivers(name) { return selection }
    let wanted = name.lowercased()
    let openCL = devices.filter { $0.properties.identifier.hasPrefix("opencl:") }
    switch wanted {
    case "opencl": return .openCL(index: try best(of: openCL))
    case _ where wanted.hasPrefix("opencl:"):
      guard let index = Int(wanted.dropFirst(7)), openCL.indices.contains(index) else {
        if openCL.isEmpty { throw noOpenCL }
        throw DeviceError.noSuchDevice(
          name: name, reason: "OpenCL devices are counted from 0", candidates: openCL.map(describe))
      }
      return .openCL(index: index)
    default: return try search(wanted, among: devices, openCL, asked: name)
    }
  }

  /// The device whose name contains the text, or is it.
  private static func search(
    _ wanted: String, among devices: [DeviceDescription], _ openCL: [DeviceDescription], asked name: String
  ) throws -> Selection {
    // The clones share the processor's name, so the first that runs, which `cpu` means, stands for all.
    let cpu = devices.first { $0.problem == nil && $0.properties.identifier.hasPrefix("cpu:") }
    let candidates = (cpu.map { [$0] } ?? []) + openCL
    let matching = candidates.filter { !wanted.isEmpty && $0.properties.name.lowercased().contains(wanted) }
    let exact = matching.filter { $0.properties.name.lowercased() == wanted }
    guard let match = exact.count == 1 ? exact[0] : matching.first else {
      if hasHangingDriver { throw noOpenCL }
      throw DeviceError.noSuchDevice(
        name: name, reason: "it is neither auto, cpu or opencl nor part of a device's name",
        candidates: candidates.map(describe))
    }
    guard exact.count == 1 || matching.count == 1 else {
      throw DeviceError.noSuchDevice(
        name: name, reason: "several devices have that in their name", candidates: matching.map(describe))
    }
    guard let index = openCL.firstIndex(of: match) else { return .cpu(instructionSet: nil) }
    return .openCL(index: index)
  }

  /// The usable device of the best type, among those the one with the most compute units, among those the first.
  private static func best(of openCL: [DeviceDescription]) throws -> Int {
    func rank(_ kind: DeviceKind) -> Int {
      switch kind {
      case .gpu: 3
      case .accelerator: 2
      case .cpu: 1
      case .other: 0
      }
    }
    let usable = openCL.indices.filter { openCL[$0].problem == nil }
    let best = usable.max { a, b in
      let (p, q) = (openCL[a].properties, openCL[b].properties)
      return (rank(p.kind), p.computeUnits, -a) < (rank(q.kind), q.computeUnits, -b)
    }
    if let best { return best }
    if let first = openCL.first {
      throw DeviceError.noSuchDevice(
        name: "opencl", reason: "\(first.properties.identifier) cannot be used: \(first.problem ?? "")", candidates: [])
    }
    throw noOpenCL
  }

  /// Why a name of OpenCL means nothing here.
  private static var noOpenCL: DeviceError {
    switch OpenCLLookup.result {
    case .success: .noOpenCL(reason: "no driver has a device")
    case .failure(let error): error
    }
  }

  private static func describe(_ device: DeviceDescription) -> String {
    "\(device.properties.identifier) (\(device.properties.name))"
  }
}
