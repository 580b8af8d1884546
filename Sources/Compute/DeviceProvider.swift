/// A kind of device that ``DeviceCatalog`` lists and opens by name.
///
/// The names of its devices begin with its prefix: of those that `opencl` provides, `opencl:0` is the first and `opencl`
/// the best. A package with a device of its own registers a provider; its devices are then listed, opened by name, and
/// measured for `auto` like the built-in ones:
///
/// ```swift
/// struct VulkanProvider: DeviceProvider {
///   let prefix = "vulkan"
///   func list() -> [DeviceDescription] { … }
///   func open(_ identifier: String, threads: Int?) throws -> any Device { … }
/// }
/// DeviceCatalog.register(VulkanProvider())
/// ```
public protocol DeviceProvider: Sendable {
  /// The first part of its devices' identifiers, before the colon, in lower case. Not `auto`.
  var prefix: String { get }

  /// Every device of this kind, usable or not, without opening it. Called again for each look-up.
  func list() -> [DeviceDescription]

  /// Opens a device.
  ///
  /// - Parameters:
  ///   - identifier: what ``identifier(of:among:)`` gave.
  ///   - threads: how many threads of a processor compute; other devices ignore it.
  /// - Throws: ``DeviceError`` when there is no such device or it cannot be used.
  func open(_ identifier: String, threads: Int?) throws -> any Device

  /// The identifier of the device that a name means.
  ///
  /// By default the prefix alone is the best usable device, by type (GPU, accelerator, processor) and then compute units,
  /// and other names are the identifier of a device.
  ///
  /// - Parameters:
  ///   - name: the prefix, or the prefix, a colon, and more; in any case.
  ///   - devices: the devices of this kind. A provider that can tell without them does not ask.
  /// - Throws: ``failure`` when there are no devices, ``DeviceError/noSuchDevice(name:reason:candidates:)``.
  func identifier(of name: String, among devices: () -> [DeviceDescription]) throws -> String

  /// Which of its devices can be named by a part of their name, and are measured for `auto`; by default all of them.
  func distinct(_ devices: [DeviceDescription]) -> [DeviceDescription]

  /// Why no device can be listed; `nil`, the default, when there is no obstacle.
  var failure: DeviceError? { get }

  /// What to tell beside the list about devices that may be missing from it; by default ``failure``.
  var problem: String? { get }
}

extension DeviceProvider {
  public func identifier(of name: String, among devices: () -> [DeviceDescription]) throws -> String {
    let devices = devices()
    if name.lowercased() == prefix { return try best(of: devices) }
    guard let device = devices.first(where: { $0.properties.identifier.lowercased() == name.lowercased() }) else {
      throw noDevice(name, "\(prefix) has no such device", among: devices)
    }
    return device.properties.identifier
  }

  public func distinct(_ devices: [DeviceDescription]) -> [DeviceDescription] { devices }

  public var failure: DeviceError? { nil }

  public var problem: String? { failure.map { "\($0)" } }

  /// The identifier of the usable device of the best type, among those the one with the most compute units, among those
  /// the first.
  func best(of devices: [DeviceDescription]) throws -> String {
    func rank(_ kind: DeviceKind) -> Int {
      switch kind {
      case .gpu: 3
      case .accelerator: 2
      case .cpu: 1
      case .other: 0
      }
    }
    let best = devices.indices.filter { devices[$0].problem == nil }.max { a, b in
      let (p, q) = (devices[a].properties, devices[b].properties)
      return (rank(p.kind), p.computeUnits, -a) < (rank(q.kind), q.computeUnits, -b)
    }
    if let best { return devices[best].properties.identifier }
    guard let first = devices.first else { throw noDevice(prefix, "there is none", among: []) }
    throw DeviceError.noSuchDevice(
      name: prefix, reason: "\(first.properties.identifier) cannot be used: \(first.problem ?? "")", candidates: [])
  }

  /// The error for a name that is none of the devices', which is ``failure`` when there are no devices.
  func noDevice(_ name: String, _ reason: String, among devices: [DeviceDescription]) -> DeviceError {
    if devices.isEmpty, let failure { return failure }
    return .noSuchDevice(name: name, reason: reason, candidates: devices.map(\.label))
  }

  /// Whether a name or an identifier, in lower case, is of one of this provider's devices.
  func owns(_ name: String) -> Bool { name == prefix || name.hasPrefix(prefix + ":") }
}
