import Compute
import Foundation
import Testing

/// A device that tests run on: `@Test(arguments: TestDevices.all) func name(_ on: TestDevice)`, and within it
/// `try on.use { device in … }`.
///
/// Tests run in parallel but a device is used from one thread at a time, so `use` admits one test at a time. Devices
/// are opened once per process, because building programs takes longer than most tests.
public final class TestDevice: Sendable, CustomTestStringConvertible {
  /// The name that selects the device, for failure messages.
  public let name: String
  private let opened: Opened

  /// The device itself, which only `use` passes on.
  private final class Opened: @unchecked Sendable {
    var device: (any Device)?
    let open: () throws -> any Device
    init(open: @escaping () throws -> any Device) { self.open = open }
  }

  /// One lock for all devices, so that tests of two devices cannot deadlock; recursive, so that they can use both.
  private static let lock = NSRecursiveLock()

  init(name: String, open: @escaping () throws -> any Device) {
    self.name = name
    opened = Opened(open: open)
  }

  public var testDescription: String { name }

  /// Runs `body` with the device while no other test uses any.
  public func use<Result>(_ body: (any Device) throws -> Result) throws -> Result {
    Self.lock.lock()
    defer { Self.lock.unlock() }
    let device = try opened.device ?? opened.open()
    opened.device = device
    return try body(device)
  }
}

/// Every device of this machine.
public enum TestDevices {
  /// Every clone of the compiled-in kernels that the processor can run, the fastest first.
  public static let cpus = CPUDevice.supportedInstructionSets.map { set in
    TestDevice(name: "cpu:\(set)") { try CPUDevice(instructionSet: set) }
  }

  /// Every OpenCL device. `OpenCLDeviceTests` fails if there is none.
  public static let openCL = ((try? OpenCLDevice.available()) ?? []).indices.map { index in
    TestDevice(name: "opencl:\(index)") { try OpenCLDevice(index: index, programCache: programCache) }
  }

  /// A cache for the programs of tests, separate from the user's.
  public static let programCache = ProgramCache(
    directory: FileManager.default.temporaryDirectory.appendingPathComponent("telar-test-programs"))

  /// Every OpenCL device again, with the heavy kernels of the tile family, which otherwise only GPUs get.
  public static let tile = openCL.indices.map { index in
    TestDevice(name: "opencl:\(index) tile") {
      try OpenCLDevice(index: index, family: .tile, programCache: programCache)
    }
  }

  public static let all = cpus + openCL + tile

  /// The CPU device that a user would get.
  public static var cpu: TestDevice { cpus[0] }
}
