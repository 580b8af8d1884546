import Foundation
import TelarNN

/// A check of a device, one of those of `telar doctor`. Each opens the device for itself, so that it can run in a process
/// of its own, which a driver may hang or crash.
public enum DeviceCheck: String, CaseIterable, Sendable {
  /// It opens, builds a kernel and adds numbers.
  case opening
  /// Random numbers are those that Philox's authors publish.
  case philox
  /// Every operator gives PyTorch's results in the golden cases that are built in.
  case golden
  /// Every operator and a step of eight networks give what the processor gives, with the kernels for processors.
  case vectorParity = "vector-parity"
  /// The same with the kernels for GPUs.
  case tileParity = "tile-parity"
  /// What launches and copies cost. It fails only when the device does.
  case speed

  /// What reports call it.
  public var title: String {
    switch self {
    case .opening: "opens and adds"
    case .philox: "random numbers"
    case .golden: "golden cases"
    case .vectorParity: "parity, vector family"
    case .tileParity: "parity, tile family"
    case .speed: "launches and copies"
    }
  }

  /// The checks of a device: only OpenCL devices run the kernels of both families.
  public static func all(for device: String) -> [DeviceCheck] {
    allCases.filter { $0 != .tileParity || openCLIndex(of: device) != nil }
  }

  /// The N of `opencl:N`.
  private static func openCLIndex(of device: String) -> Int? {
    device.hasPrefix("opencl:") ? Int(device.dropFirst("opencl:".count)) : nil
  }

  /// Runs the check.
  ///
  /// - Parameters:
  ///   - device: the device's identifier.
  ///   - report: called with the name of each case before or after it runs, to say how far the check is.
  /// - Throws: what the device and `report` throw.
  public func run(on device: String, _ report: (String) throws -> Void = { _ in }) throws -> Finding {
    switch self {
    case .opening: try Self.adds(on: DeviceCatalog.open(device))
    case .philox: try Self.drawsKnownNumbers(on: DeviceCatalog.open(device))
    case .golden: try Self.passesGoldenCases(on: DeviceCatalog.open(device), report)
    case .vectorParity: try Self.agrees(open(device, .vector), report)
    case .tileParity: try Self.agrees(open(device, .tile), report)
    case .speed: try Self.speed(of: DeviceCatalog.open(device), report)
    }
  }

  private func open(_ device: String, _ family: KernelFamily) throws -> any Device {
    guard let index = Self.openCLIndex(of: device) else { return try DeviceCatalog.open(device) }
    return try OpenCLDevice(index: index, family: family)
  }

  private static func adds(on device: any Device) throws -> Finding {
    let numbers = (0..<1000).map { Float($0) }
    let x = try device.tensor([1000], numbers)
    let sums = try add(x, x).values()
    let wrong = sums.indices.first { sums[$0] != 2 * numbers[$0] }
    let p = device.properties
    return Finding(
      isPassed: wrong == nil,
      summary: wrong.map { "\(numbers[$0]) + \(numbers[$0]) is \(sums[$0]) at place \($0)" }
        ?? "\(p.name), \(p.computeUnitsLabel)")
  }

  /// The known answers of Philox4x32-10 that are published with Random123 (kat_vectors).
  private static let knownAnswers: [(counter: [UInt32], key: [UInt32], words: [UInt32])] = [
    ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    (
      [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
      [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    ),
    (
      [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
      [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    ),
  ]

  private static func drawsKnownNumbers(on device: any Device) throws -> Finding {
    for (number, known) in knownAnswers.enumerated() {
      let c = known.counter
      let words = try philoxBlocks(
        on: device, count: 1, counter: (c[0], c[1], c[2], c[3]), key: (known.key[0], known.key[1]))
      guard words == known.words else {
        return Finding(isPassed: false, summary: "Philox's known answer \(number + 1) is \(words), not \(known.words)")
      }
    }
    return Finding(isPassed: true, summary: "\(knownAnswers.count) of \(knownAnswers.count) known answers of Philox")
  }

  private static func passesGoldenCases(on device: any Device, _ report: (String) throws -> Void) throws -> Finding {
    let folder = try FileManager.default.url(
      for: .itemReplacementDirectory, in: .userDomainMask, appropriateFor: FileManager.default.temporaryDirectory,
      create: true)
    let golden: GoldenFolder
    do {
      // The files stay open, so the folder is not left behind when a driver ends the process.
      defer { try? FileManager.default.removeItem(at: folder) }
      for (name, contents) in BuiltInCases.files {
        let bytes = Data(base64Encoded: contents, options: .ignoreUnknownCharacters)!
        try bytes.write(to: folder.appendingPathComponent(name))
      }
      golden = try GoldenFolder(folder.path)
    }
    var cases: [CaseResult] = []
    _ = try golden.run(on: device) { file in
      cases += file.cases
      try report(file.file)
    }
    let failures = cases.filter { !$0.isPassed }
    return finding("golden cases", of: cases.count, failures.map(\.failureLine))
  }

  private static func agrees(_ device: any Device, _ report: (String) throws -> Void) throws -> Finding {
    let isProcessor = device.properties.identifier.hasPrefix("cpu")
    let reference = try DeviceCatalog.open(isProcessor ? "cpu:baseline" : "cpu")
    var count = 0
    var failures: [String] = []
    _ = try Parity(casesPerOperator: 2).run(device, against: reference) { result in
      count += 1
      if !result.isPassed { failures.append(result.line) }
      try report(result.name)
    }
    return finding("comparisons with \(reference.properties.identifier)", of: count, failures)
  }

  private static func finding(_ what: String, of count: Int, _ failures: [String]) -> Finding {
    let first = failures.first.map { "; the first that failed: \($0)" } ?? ""
    return Finding(
      isPassed: failures.isEmpty, summary: "\(count - failures.count) of \(count) \(what)\(first)", details: failures)
  }
}
