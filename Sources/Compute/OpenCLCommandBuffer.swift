import COpenCL

/// Commands recorded on an OpenCL device. Each launch has a kernel object of its own, whose arguments stay bound, so that
/// enqueueing it again is one call to the driver.
final class OpenCLCommandBuffer: CommandBuffer {
  enum Command {
    case launch(OpenCLKernel, WorkRange)
    case fill(cl_mem, offset: Int, byteCount: Int, pattern: UInt32)
    case copy(from: cl_mem, offset: Int, to: cl_mem, targetOffset: Int, byteCount: Int)
  }

  private let device: OpenCLDevice
  private var commands: [Command] = []
  /// What the commands refer to, so that it outlives them.
  private var arguments: [cl_mem] = []
  /// Memory that belongs to the recording and that nothing refers to now.
  var pool = BufferPool()
  /// Whether nothing but these commands was asked for while they were recorded.
  var isComplete = true
  private(set) var isUsable = true

  init(on device: OpenCLDevice) { self.device = device }

  deinit { dissolve() }

  /// Gives the memory back to the device.
  func dissolve() {
    guard isUsable else { return }
    isUsable = false
    commands = []
    arguments.forEach { clReleaseMemObject($0) }
    arguments = []
    device.takeBack(self)
  }

  /// - Parameter buffers: what the command refers to.
  func add(_ command: Command, _ buffers: [Buffer]) {
    commands.append(command)
    for buffer in buffers {
      clRetainMemObject(buffer.memory)
      arguments.append(buffer.memory)
    }
  }

  func enqueue() throws {
    precondition(isUsable, "the device has taken the recording's memory back")
    for command in commands { try device.enqueue(command) }
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

  /// All recordings but `current`.
  func recordings(but current: OpenCLCommandBuffer?) -> [OpenCLCommandBuffer] {
    let all = owners.values.map { $0.takeUnretainedValue() }
    return Dictionary(all.map { (ObjectIdentifier($0), $0) }) { first, _ in first }.values.filter { $0 !== current }
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
