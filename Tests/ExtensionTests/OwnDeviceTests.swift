import Synchronization
import Telar
import Testing

/// A device of another package: it sees what is public only. It computes nothing, but knows what to compile, and counts.
private final class OwnDevice: Device {
  struct Launch: Sendable {
    var kernel: String
    var buffers: Int
    var hasSource: Bool
    var vectorWidth: Int?
  }

  let properties: DeviceProperties
  let stepValues = StepValues()
  /// What the device made last has launched.
  static let launches = Mutex<[Launch]>([])

  init(_ properties: DeviceProperties) {
    self.properties = properties
    Self.launches.withLock { $0 = [] }
  }

  func allocate(byteCount: Int) throws -> Buffer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    return Buffer(device: self, byteCount: byteCount, handle: memory, capacity: byteCount)
  }

  func slice(_ buffer: Buffer, byteOffset: Int, byteCount: Int) throws -> Buffer {
    Buffer(
      device: self, byteCount: byteCount, handle: buffer.handle + byteOffset, capacity: byteCount, parent: buffer)
  }

  func recycle(_ handle: UnsafeMutableRawPointer, capacity: Int, isSlice: Bool) {
    if !isSlice { handle.deallocate() }
  }

  func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer, at byteOffset: Int) throws {
    UnsafeMutableRawBufferPointer(start: buffer.handle + byteOffset, count: source.count).copyMemory(from: source)
  }

  func read(_ buffer: Buffer, at byteOffset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    destination.copyMemory(from: UnsafeRawBufferPointer(start: buffer.handle + byteOffset, count: destination.count))
  }

  func copy(
    from source: Buffer, at sourceOffset: Int, to destination: Buffer, at destinationOffset: Int, byteCount: Int
  ) throws {
    (destination.handle + destinationOffset).copyMemory(from: source.handle + sourceOffset, byteCount: byteCount)
  }

  func fill(_ buffer: Buffer, at byteOffset: Int, byteCount: Int, pattern: UInt32) throws {
    for offset in stride(from: byteOffset, to: byteOffset + byteCount, by: 4) {
      buffer.handle.storeBytes(of: pattern, toByteOffset: offset, as: UInt32.self)
    }
  }

  func launch(_ kernel: Kernel, over grid: Grid, _ arguments: [KernelArgument]) throws {
    var buffers = 0
    for case .buffer(let buffer) in arguments where buffer.device === self { buffers += 1 }
    let launch = Launch(
      kernel: kernel.name, buffers: buffers, hasSource: kernel.source?.contains(kernel.name) == true,
      vectorWidth: kernel.macros(for: properties)["VECTOR_WIDTH"])
    Self.launches.withLock { $0.append(launch) }
  }

  func synchronize() throws {}
}

/// A package's own kind of device: a good one and one that cannot be used.
private struct OwnProvider: DeviceProvider {
  let prefix = "own"

  private var good: DeviceProperties {
    var properties = DeviceProperties.typicalGPU
    (properties.identifier, properties.name) = ("own:good", "Imagined Accelerator")
    return properties
  }

  func list() -> [DeviceDescription] {
    var bad = good
    (bad.identifier, bad.name) = ("own:bad", "Broken")
    return [DeviceDescription(properties: bad, problem: "it is broken"), DeviceDescription(properties: good)]
  }

  func open(_ identifier: String, threads: Int?) throws -> any Device { OwnDevice(good) }
}

#if os(Linux)
  /// A device of another package is listed, found by its name and trained on, as a process of its own shows: the registry
  /// is the process's.
  @Suite struct OwnDeviceTests {
    @Test func anotherPackagesDeviceIsFoundByNameAndTrainedOn() async {
      await #expect(processExitsWith: .success) {
        DeviceCatalog.register(OwnProvider())
        #expect(DeviceCatalog.list().suffix(2).map(\.properties.identifier) == ["own:bad", "own:good"])
        for name in ["own", "OWN:Good", "imagined"] {
          #expect(try DeviceCatalog.open(name).properties.identifier == "own:good", "\(name)")
        }
        let error = #expect(throws: DeviceError.self) { try DeviceCatalog.open("own:none") }
        #expect("\(error!)".contains("own has no such device. Devices: own:bad (Broken), own:good (Imagined"))
        let unknown = #expect(throws: DeviceError.self) { try DeviceCatalog.open("nonsense") }
        #expect("\(unknown!)".contains("neither auto, cpu, opencl or own nor part"))

        let device = try DeviceCatalog.open("own")
        let network = try Network(on: device, inputShape: [8, 8, 1], seed: 1) {
          Part("classifier") {
            Conv2d(1, 4, kernelSize: 3)
            BatchNorm2d(4)
            ReLU()
            MaxPool2d(2)
            Flatten()
            Linear(36, 3)
          }
        }
        let train = try TrainingStep(network, SGD(learningRate: 0.1))
        let (images, labels) = try (device.tensor([2, 8, 8, 1]), device.labels([0, 2]))
        let loss = try train { mode in try crossEntropy(network(images, mode), labels: labels) }
        #expect(try loss.item() == 0)
        let launches = OwnDevice.launches.withLock { $0 }
        #expect(launches.count > 10 && launches.allSatisfy { $0.hasSource && $0.buffers > 0 && $0.vectorWidth == 4 })
        #expect(launches.contains { $0.kernel.contains("conv2d") } && launches.last?.kernel.contains("sgd") == true)
      }
    }

    @Test func namesThatAreTakenTrap() async {
      await #expect(processExitsWith: .failure) {
        DeviceCatalog.register(OwnProvider())
        DeviceCatalog.register(OwnProvider())
      }
    }
  }
#endif
