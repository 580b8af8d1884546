import COpenCL

/// Launches recorded on an OpenCL device. Each has a kernel object of its own, whose arguments stay bound, so that
/// enqueueing it again is one call to the driver.
final class OpenCLCommandBuffer: CommandBuffer {
  private struct Launch {
    let kernel: OpenCLKernel
    let range: WorkRange
  }

  private let device: OpenCLDevice
  private var launches: [Launch] = []
  /// What the arguments refer to, so that it outlives them.
  private var arguments: [cl_mem] = []
  /// Memory that belongs to the recording and that nothing refers to now.
  var pool = BufferPool()
  /// Whether nothing but launches was enqueued while it was recorded.
  var isComplete = true

  init(on device: OpenCLDevice) { self.device = device }

  deinit {
    arguments.forEach { clReleaseMemObject($0) }
    device.dissolve(self)
  }

  var launchCount: Int { launches.count }

  func add(_ kernel: OpenCLKernel, over range: WorkRange, _ arguments: [KernelArgument]) {
    launches.append(Launch(kernel: kernel, range: range))
    for case .buffer(let buffer) in arguments {
      clRetainMemObject(buffer.memory)
      self.arguments.append(buffer.memory)
    }
  }

  func enqueue() throws {
    for launch in launches { try device.enqueue(launch.kernel, over: launch.range) }
  }
}

/// The memory that belongs to recordings, which their end takes from here.
struct RecordedMemory {
  private var owners: [UnsafeMutableRawPointer: Unmanaged<OpenCLCommandBuffer>] = [:]

  mutating func add(_ handle: UnsafeMutableRawPointer, to commands: OpenCLCommandBuffer) {
    owners[handle] = .passUnretained(commands)
  }

  func owner(of handle: UnsafeMutableRawPointer) -> OpenCLCommandBuffer? {
    owners.isEmpty ? nil : owners[handle]?.takeUnretainedValue()
  }

  mutating func remove(_ commands: OpenCLCommandBuffer) {
    let removed = Unmanaged.passUnretained(commands).toOpaque()
    owners = owners.filter { $0.value.toOpaque() != removed }
  }
}

/// A grid as drivers take it: rounded up to whole work-groups.
struct WorkRange {
  let dimensions: cl_uint
  private let grid: Grid
  private let global, local: (Int, Int, Int)

  init(_ grid: Grid) {
    func rounded(_ count: Int, to multiple: Int) -> Int { (count + multiple - 1) / multiple * multiple }
    let (x, y, z) = grid.local
    self.grid = grid
    local = (x, y, z)
    global = (rounded(grid.x, to: x), rounded(grid.y, to: y), rounded(grid.z, to: z))
    dimensions = grid.z > 1 || z > 1 ? 3 : grid.y > 1 || y > 1 ? 2 : 1
  }

  func withSizes<Result>(_ body: (_ global: UnsafePointer<Int>, _ local: UnsafePointer<Int>) -> Result) -> Result {
    withUnsafeBytes(of: global) { global in
      withUnsafeBytes(of: local) { local in
        body(
          global.assumingMemoryBound(to: Int.self).baseAddress!, local.assumingMemoryBound(to: Int.self).baseAddress!)
      }
    }
  }
}

extension WorkRange: CustomStringConvertible {
  var description: String {
    "\(grid.x) x \(grid.y) x \(grid.z) items in groups of \(local.0) x \(local.1) x \(local.2)"
  }
}
