import Foundation

/// An opened device and why it is this one.
public struct DeviceChoice {
  public let device: any Device
  /// Why `auto` chose it, in one line; `nil` when it was asked for by name.
  public let reason: String?
  /// What could not be provided, in one line: the number of threads, or the devices of a driver that hangs.
  public let remark: String?
}

/// A short workload to compare devices by.
public struct DeviceWorkload {
  /// Changes with the work, so that stored times are only compared with times of the same work.
  public var name: String
  /// Runs the work after a warm-up and returns the seconds it took.
  public var measure: (any Device) throws -> Double

  public init(name: String, measure: @escaping (any Device) throws -> Double) {
    self.name = name
    self.measure = measure
  }

  /// Additions of two large arrays: the bandwidth of the device's memory, in a few launches.
  public static var additions: DeviceWorkload {
    DeviceWorkload(name: "additions 1") { device in
      let count = 1 << 20
      let width = device.properties.registerTiles[0].width
      let arrays = try (0..<3).map { _ in try device.allocate(byteCount: count * 4) }
      for array in arrays { try device.fill(array, at: 0, byteCount: count * 4, pattern: 0) }
      let kernel = Kernel("elementwise", "add")
      return try fastest(of: 5, on: device) {
        for _ in 0..<8 {
          try device.launch(
            kernel, over: Grid(count / width, local: (16, 1, 1)), arrays.map { .buffer($0) } + [.int(count)])
        }
      }
    }
  }

  /// The shortest time of several runs, after one run that builds the kernels.
  public static func fastest(of runs: Int, on device: any Device, _ work: () throws -> Void) throws -> Double {
    try work()
    try device.synchronize()
    var fastest = Double.infinity
    for _ in 0..<runs {
      let start = Clock.nanoseconds
      try work()
      try device.synchronize()
      fastest = min(fastest, Double(Clock.nanoseconds - start) * 1e-9)
    }
    return fastest
  }
}

extension DeviceCatalog {
  /// Opens the device of that name; for `auto`, the fastest one, with the reason.
  ///
  /// `auto` measures the workload once on every device and stores the times in the cache directory for exactly this set
  /// of devices, drivers and threads. It keeps its earlier choice, at first the CPU, unless another device is more than
  /// 10 % faster.
  ///
  /// - Throws: as ``open(_:threads:)``; for `auto` only when no device at all can be used.
  public static func choose(
    _ name: String, threads: Int? = nil, workload: DeviceWorkload = .additions
  ) throws -> DeviceChoice {
    let identifier = try identifier(of: name)
    if identifier == automatic {
      return try AutomaticChoice(
        devices: list(), threads: threads, workload: workload, memory: CacheDirectory.standard
      ).make()
    }
    let device = try open(identifier: identifier, threads: threads)
    return DeviceChoice(device: device, reason: nil, remark: remark(on: device, threads: threads))
  }

  /// The remark of `auto` when a driver hangs and its devices are left out.
  fileprivate static var hangingDriverRemark: String? {
    guard case .driverHangs(let driver, let seconds) = hangingDriver else { return nil }
    return "\(driver) has not answered for \(seconds) seconds, so there is no OpenCL device; --device cpu does not wait"
  }

  fileprivate static func remark(on device: any Device, threads: Int?) -> String? {
    guard let threads, device.properties.computeUnits != threads else { return nil }
    let properties = device.properties
    return properties.kind == .cpu
      ? "the driver of \(properties.identifier) computes with \(properties.computeUnits) threads, not \(threads)"
      : "\(properties.identifier) has no threads to count: --threads \(threads) does not apply"
  }
}

/// The choice behind `auto`.
package struct AutomaticChoice {
  /// A stored measurement.
  private struct Memory: Codable {
    var key: String
    var chosen: String
    var seconds: [String: Double]
  }

  /// How much faster than the preferred device another one must be.
  private static let advantage = 1.1

  private let candidates: [DeviceProperties]
  private let threads: Int?
  private let workload: DeviceWorkload
  private let memory: CacheDirectory?

  /// The file with the stored measurement.
  private static let file = "device-choice.json"
  private static let longestFile = 1 << 20

  /// - Parameter memory: the folder of the stored measurement; `nil` measures each time.
  package init(devices: [DeviceDescription], threads: Int?, workload: DeviceWorkload, memory: CacheDirectory?) {
    candidates = DeviceCatalog.candidates(among: devices).map(\.properties)
    self.threads = threads
    self.workload = workload
    self.memory = memory
  }

  package func make() throws -> DeviceChoice {
    if candidates.count == 1 {
      return try choice(of: candidates[0].identifier, reason: "\(candidates[0].identifier) is the only device")
    }
    let remembered = memory.flatMap { $0.read(Self.file, atMost: Self.longestFile) }
      .flatMap { try? JSONDecoder().decode(Memory.self, from: Data($0)) }
    if let remembered, remembered.key == key, remembered.seconds.values.allSatisfy({ $0 > 0 }),
      candidates.contains(where: { $0.identifier == remembered.chosen })
    {
      return try choice(
        of: remembered.chosen, reason: reason(for: remembered.chosen, remembered.seconds, when: "an earlier"))
    }
    return try measured(keeping: remembered?.chosen)
  }

  /// Measures all candidates and chooses one, `incumbent` if none is much faster.
  private func measured(keeping incumbent: String?) throws -> DeviceChoice {
    var seconds: [String: Double] = [:]
    var failures: [(identifier: String, error: any Error)] = []
    for candidate in candidates {
      do {
        seconds[candidate.identifier] = try workload.measure(open(candidate.identifier))
      } catch {
        failures.append((candidate.identifier, error))
      }
    }
    let measured = candidates.map(\.identifier).filter { seconds[$0] != nil }
    guard let fastest = measured.min(by: { seconds[$0]! < seconds[$1]! }) else { throw failures[0].error }
    let kept = measured.first { $0 == incumbent } ?? measured[0]
    let chosen = seconds[kept]! > seconds[fastest]! * Self.advantage ? fastest : kept
    if failures.isEmpty, let memory,
      let json = try? JSONEncoder().encode(Memory(key: key, chosen: chosen, seconds: seconds))
    {
      memory.write([UInt8](json), to: Self.file)
    }
    let failed = failures.map { "; \($0.identifier) cannot be used: \($0.error)" }.joined()
    return try choice(of: chosen, reason: reason(for: chosen, seconds, when: "a") + failed)
  }

  private var key: String {
    let devices = candidates.map { "\($0.identifier) \($0.name) \($0.driver) \($0.computeUnits)" }
    return ([workload.name, "threads \(threads ?? 0)"] + devices).joined(separator: "\n")
  }

  private func open(_ identifier: String) throws -> any Device {
    try DeviceCatalog.open(identifier: identifier, threads: threads)
  }

  private func choice(of identifier: String, reason: String) throws -> DeviceChoice {
    let device = try open(identifier)
    let remark = DeviceCatalog.hangingDriverRemark ?? DeviceCatalog.remark(on: device, threads: threads)
    return DeviceChoice(device: device, reason: reason, remark: remark)
  }

  /// For example "opencl:0 (pthread-haswell) is 1.4x faster than cpu:avx2 in a short measurement".
  private func reason(for chosen: String, _ seconds: [String: Double], when: String) -> String {
    let name = candidates.first { $0.identifier == chosen }?.name ?? ""
    let others = seconds.filter { time in time.key != chosen && candidates.contains { $0.identifier == time.key } }
      .sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    guard let own = seconds[chosen], let other = others.first else { return "\(chosen) (\(name)) is the only device" }
    let ratio = other.value / own
    let comparison =
      ratio >= 1.0
      ? "\(rounded(ratio))x as fast as \(other.key)"
      : "within a tenth of \(other.key), which is \(rounded(1 / ratio))x as fast,"
    return "\(chosen) (\(name)) is \(comparison) in \(when) short measurement"
  }

  private func rounded(_ ratio: Double) -> String { "\((ratio * 100).rounded() / 100)" }
}
