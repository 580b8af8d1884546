import Compute
import Foundation
import TestSupport
import Testing

@Suite struct DeviceCatalogTests {
  private static func device(
    _ identifier: String, _ name: String, _ kind: DeviceKind = .cpu, units: Int = 4, problem: String? = nil
  ) -> DeviceDescription {
    var properties = DeviceCatalog.list()[0].properties
    properties.identifier = identifier
    properties.name = name
    properties.kind = kind
    properties.computeUnits = units
    properties.driver = "driver of \(name)"
    return DeviceDescription(properties: properties, problem: problem)
  }

  private static let machine = [
    device("cpu:avx512", "Zen Processor", problem: "this processor lacks the instructions"),
    device("cpu:avx2", "Zen Processor"),
    device("cpu:baseline", "Zen Processor"),
    device("opencl:0", "pthread-Zen Processor", units: 64),
    device("opencl:1", "GeForce 1", .gpu, units: 10),
    device("opencl:2", "GeForce 1 Max", .gpu, units: 20),
    device("opencl:3", "GeForce Broken", .gpu, units: 90, problem: "its driver has no compiler"),
    device("opencl:4", "Abacus", .accelerator, units: 900),
  ]

  @Test(arguments: [
    ("auto", "auto"), ("AUTO", "auto"), ("cpu", "cpu"), ("CPU:AVX2", "cpu:avx2"), ("cpu:odd", "cpu:odd"),
    ("opencl", "opencl:2"), ("OpenCL:1", "opencl:1"), ("abac", "opencl:4"), ("ABACUS", "opencl:4"),
    ("geforce 1 m", "opencl:2"), ("GeForce 1", "opencl:1"), ("pthread", "opencl:0"), ("zen processor", "cpu:avx2"),
  ])
  func namesMeanOneDevice(name: String, identifier: String) throws {
    #expect(try DeviceCatalog.identifier(of: name, among: Self.machine) == identifier)
  }

  @Test(arguments: [
    ("geforce", ["opencl:1", "opencl:2", "opencl:3"]), ("zen", ["cpu:avx2", "opencl:0"]),
    ("nonsense", ["cpu:avx2", "opencl:0", "opencl:1", "opencl:2", "opencl:3", "opencl:4"]),
    ("", ["cpu:avx2", "opencl:0", "opencl:1", "opencl:2", "opencl:3", "opencl:4"]),
    ("opencl:5", ["opencl:0", "opencl:1", "opencl:2", "opencl:3", "opencl:4"]),
    ("opencl:-1", ["opencl:0", "opencl:1", "opencl:2", "opencl:3", "opencl:4"]),
    ("opencl:x", ["opencl:0", "opencl:1", "opencl:2", "opencl:3", "opencl:4"]),
  ])
  func otherNamesListTheCandidates(name: String, candidates: [String]) {
    let error = #expect(throws: DeviceError.self) { try DeviceCatalog.identifier(of: name, among: Self.machine) }
    guard case .noSuchDevice(name, _, let listed) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(listed.map { String($0.prefix { $0 != " " }) } == candidates)
  }

  @Test func theListHoldsEveryDeviceInOrder() throws {
    let list = DeviceCatalog.list()
    #expect(
      list.filter { $0.problem == nil }.map(\.properties.identifier)
        == (TestDevices.cpus + TestDevices.openCL).map(\.name))
    let json = try JSONDecoder().decode([DeviceDescription].self, from: JSONEncoder().encode(list))
    #expect(json == list)
  }

  @Test func devicesOpenByName() throws {
    #expect(try DeviceCatalog.open("cpu").properties.identifier == TestDevices.cpu.name)
    #expect(try DeviceCatalog.open("CPU:Baseline", threads: 3).properties.computeUnits == 3)
    for test in TestDevices.openCL { #expect(try DeviceCatalog.open(test.name).properties.identifier == test.name) }
    #expect(throws: DeviceError.self) { try DeviceCatalog.open("no such thing") }
    #expect(throws: DeviceError.threadCount(0, limit: 4096)) { try DeviceCatalog.open("cpu", threads: 0) }
  }

  @Test func threadsThatCannotBeHadAreRemarked() throws {
    #expect(try DeviceCatalog.choose("cpu", threads: 2).remark == nil)
    for test in TestDevices.openCL {
      let units = try OpenCLDevice.available()[0].computeUnits
      #expect(try DeviceCatalog.choose(test.name, threads: units + 1).remark != nil)
    }
  }
}

@Suite struct AutomaticChoiceTests {
  private final class Measured {
    var names: [String] = []
  }

  /// Makes the choice among this machine's devices as if these were the times of the CPU and of OpenCL.
  private func choose(cpu: Double?, openCL: Double?, memory: URL?, workload name: String = "test") throws
    -> (chosen: String, reason: String, measured: [String])
  {
    let measured = Measured()
    let workload = DeviceWorkload(name: name) { device in
      measured.names.append(device.properties.identifier)
      guard let seconds = device is CPUDevice ? cpu : openCL else {
        throw DeviceError.driver(device: "it", call: "clFinish", code: "-5", kernel: "add")
      }
      return seconds
    }
    let devices = DeviceCatalog.list().filter { !$0.properties.identifier.hasPrefix("opencl:") || isFirst($0) }
    let choice = try AutomaticChoice(
      devices: devices, threads: nil, workload: workload, memory: memory.map { CacheDirectory($0.path) }
    ).make()
    return (choice.device.properties.identifier, choice.reason ?? "", measured.names)
  }

  private func isFirst(_ device: DeviceDescription) -> Bool { device.properties.identifier == "opencl:0" }

  private func withMemory(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("telar-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test(.enabled(if: !TestDevices.openCL.isEmpty))
  func theFasterDeviceIsMeasuredOnceAndRemembered() throws {
    try withMemory { memory in
      let first = try choose(cpu: 1.5, openCL: 1, memory: memory)
      #expect(first.chosen == "opencl:0" && first.measured == [TestDevices.cpu.name, "opencl:0"])
      #expect(first.reason.hasSuffix("is 1.5x as fast as \(TestDevices.cpu.name) in a short measurement"))
      let second = try choose(cpu: 1, openCL: 9, memory: memory)
      #expect(second.chosen == "opencl:0" && second.measured == [])
      #expect(second.reason.hasSuffix("in an earlier short measurement"))
    }
  }

  @Test(.enabled(if: !TestDevices.openCL.isEmpty))
  func theChoiceIsKeptWithinATenth() throws {
    try withMemory { memory in
      #expect(try choose(cpu: 1.05, openCL: 1, memory: memory).chosen == TestDevices.cpu.name)
      #expect(try choose(cpu: 2, openCL: 1, memory: memory, workload: "2").chosen == "opencl:0")
      // Other work is measured again, and the choice before it kept.
      let again = try choose(cpu: 1, openCL: 1.05, memory: memory, workload: "3")
      #expect(again.chosen == "opencl:0" && again.reason.contains("within a tenth of \(TestDevices.cpu.name)"))
      #expect(try choose(cpu: 1, openCL: 1.2, memory: memory, workload: "4").chosen == TestDevices.cpu.name)
    }
  }

  @Test(.enabled(if: !TestDevices.openCL.isEmpty))
  func aDeviceThatFailsIsNotChosenNorForgotten() throws {
    try withMemory { memory in
      for _ in 0..<2 {
        let choice = try choose(cpu: 1, openCL: nil, memory: memory)
        #expect(choice.chosen == TestDevices.cpu.name && choice.measured.count == 2)
        #expect(choice.reason.contains("opencl:0 cannot be used") && choice.reason.contains("clFinish"))
      }
      #expect(throws: DeviceError.self) { try choose(cpu: nil, openCL: nil, memory: memory) }
    }
  }

  @Test(.enabled(if: !TestDevices.openCL.isEmpty))
  func aDamagedMemoryIsMeasuredAgain() throws {
    try withMemory { memory in
      _ = try choose(cpu: 1, openCL: 2, memory: memory)
      let file = memory.appendingPathComponent("device-choice.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      let impossible = text.replacingOccurrences(of: #""opencl:0":2"#, with: #""opencl:0":0"#)
      #expect(impossible != text)
      for damaged in ["{\"key\":", impossible, text + String(repeating: " ", count: 2 << 20)] {
        try Data(damaged.utf8).write(to: file)
        #expect(try choose(cpu: 1, openCL: 2, memory: memory).measured.count == 2)
        #expect(try choose(cpu: 1, openCL: 2, memory: memory).measured.isEmpty)
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func theDefaultWorkloadTakesTime(on test: TestDevice) throws {
    try test.use { device in
      let seconds = try DeviceWorkload.additions.measure(device)
      #expect(seconds > 0 && seconds < 60)
    }
  }
}

/// Driver libraries that the ICD loader does not see.
@Suite struct UnregisteredDriverTests {
  @Test func `a library without a file that leads to it is found`() throws {
    let folder = try TemporaryFolder()
    try folder.write("libamdocl64.so.1", [])
    let found = OpenCLDriver.unregistered(beside: [], in: [folder.path])
    let ours = try #require(found.first { $0.vendor == "AMD" })
    #expect(ours.library == folder.path + "/libamdocl64.so.1")
    #expect(ours.advice == "mkdir -p /etc/OpenCL/vendors && echo \(ours.library) > /etc/OpenCL/vendors/amdocl64.icd")
    try folder.write("amd.icd", Array("libamdocl64.so\n".utf8))
    let rest = OpenCLDriver.unregistered(beside: OpenCLDriver.all(at: folder.path), in: [folder.path])
    #expect(!rest.contains { $0.vendor == "AMD" })
  }
}
