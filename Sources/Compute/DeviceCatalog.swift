import Foundation
import Synchronization
import TelarIO

/// A device as it is listed, without opening it.
public struct DeviceDescription: Sendable, Codable, Equatable {
  public var properties: DeviceProperties
  /// Why the device cannot be used; `nil` when it can.
  public var problem: String?

  public init(properties: DeviceProperties, problem: String? = nil) {
    self.properties = properties
    self.problem = problem
  }

  /// The device in an error: `opencl:0 (GeForce)`.
  var label: String { "\(properties.identifier) (\(properties.name))" }
}

/// The devices of this machine, and how one is found by name.
///
/// Names do not depend on case; those that begin with a provider's prefix are settled by that provider alone, so that
/// `cpu` loads no drivers:
/// - `auto`: what ``choose(_:threads:workload:)`` measures to be the fastest;
/// - `cpu`: the processor through the fastest kernels compiled in, or `cpu:avx512`, `cpu:avx2`, `cpu:baseline`, `cpu:neon`;
/// - `opencl`: the best OpenCL device by type (GPU, accelerator, processor) and then compute units;
/// - `opencl:N`: the N-th OpenCL device over all platforms, from 0;
/// - the same of every kind that was registered: see ``DeviceProvider``;
/// - anything else: the device whose name contains it.
public enum DeviceCatalog {
  /// The built-in kinds of device, in the order in which they are listed. The first is what `auto` prefers.
  private static let builtIn: [any DeviceProvider] = [CPUProvider(), OpenCLProvider()]

  private static let registered = Mutex<[any DeviceProvider]>([])

  static var providers: [any DeviceProvider] { builtIn + registered.withLock { $0 } }

  /// The name that stands for the fastest device.
  static let automatic = "auto"

  /// Adds a kind of device to those that are listed and found by name, for as long as the process lives.
  ///
  /// - Precondition: its prefix is in lower case, without a colon, and neither `auto` nor another provider's.
  public static func register(_ provider: some DeviceProvider) {
    let prefix = provider.prefix
    precondition(
      !prefix.isEmpty && prefix == prefix.lowercased() && !prefix.contains(":"),
      "'\(prefix)' is no prefix of device names")
    registered.withLock { registered in
      let taken = [automatic] + (builtIn + registered).map(\.prefix)
      precondition(!taken.contains(prefix), "device names that begin with \(prefix) are taken")
      registered.append(provider)
    }
  }

  /// Every device of every provider, in their order: the compiled-in clones, the fastest first, then the OpenCL devices of
  /// all platforms, then those of registered providers.
  public static func list() -> [DeviceDescription] { providers.flatMap { $0.list() } }

  /// Why devices may be missing from the list, in a sentence or more each; empty when all is well.
  public static func problems() -> [String] { providers.compactMap(\.problem) }

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

  /// Opens the device of an identifier, as ``identifier(of:)`` gives it.
  static func open(identifier: String, threads: Int?) throws -> any Device {
    guard let provider = provider(of: identifier) else {
      throw DeviceError.noSuchDevice(name: identifier, reason: "no provider has it", candidates: [])
    }
    return try provider.open(identifier, threads: threads)
  }

  /// What a name means on this machine: `auto`, or the identifier of a device. Drivers are loaded only for names that may
  /// be an OpenCL device's.
  static func identifier(of name: String) throws -> String { try identifier(of: name) { $0.list() } }

  /// What a name means among the devices given.
  package static func identifier(of name: String, among devices: [DeviceDescription]) throws -> String {
    try identifier(of: name) { provider in devices.filter { provider.owns($0.properties.identifier) } }
  }

  /// The devices among those given that are worth a measurement, in the order of preference.
  static func candidates(among devices: [DeviceDescription]) -> [DeviceDescription] {
    providers.flatMap { provider in
      provider.distinct(devices.filter { provider.owns($0.properties.identifier) }).filter { $0.problem == nil }
    }
  }

  private static func provider(of name: String) -> (any DeviceProvider)? {
    let wanted = name.lowercased()
    return providers.first { $0.owns(wanted) }
  }

  private static func identifier(
    of name: String, list: (any DeviceProvider) -> [DeviceDescription]
  ) throws -> String {
    if name.lowercased() == automatic { return automatic }
    if let provider = provider(of: name) { return try provider.identifier(of: name) { list(provider) } }
    return try search(name, among: providers.flatMap { $0.distinct(list($0)) })
  }

  /// The device whose name contains the text, or is it.
  private static func search(_ name: String, among candidates: [DeviceDescription]) throws -> String {
    let wanted = name.lowercased()
    let matching = candidates.filter { !wanted.isEmpty && $0.properties.name.lowercased().contains(wanted) }
    let exact = matching.filter { $0.properties.name.lowercased() == wanted }
    guard let match = exact.count == 1 ? exact[0] : matching.first else {
      if let hanging = hangingDriver { throw hanging }
      let remark = Spelling.remark(name, among: [automatic] + names)
      throw DeviceError.noSuchDevice(
        name: name, reason: "it is neither \(alternatives) nor part of a device's name\(remark)",
        candidates: candidates.map(\.label))
    }
    guard exact.count == 1 || matching.count == 1 else {
      throw DeviceError.noSuchDevice(
        name: name, reason: "several devices have that in their name", candidates: matching.map(\.label))
    }
    return match.properties.identifier
  }

  /// The names that each stand for the best device of a kind: `cpu`, `opencl`, and those of registered providers.
  public static var names: [String] { providers.map(\.prefix) }

  /// `auto, cpu or opencl`.
  private static var alternatives: String {
    let names = [automatic] + names
    return names.dropLast().joined(separator: ", ") + " or " + names.last!
  }

  /// The error of a provider that still waits for a driver.
  static var hangingDriver: DeviceError? {
    providers.lazy.compactMap(\.failure).first { if case .driverHangs = $0 { true } else { false } }
  }
}
