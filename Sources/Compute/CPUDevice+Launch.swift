import CKernels
import Foundation

/// A kernel of a clone, with an estimate of its cost.
final class CompiledKernel {
  let name: String
  let entry: telar_entry
  /// The types of the arguments, a letter each; see ``KernelTable``.
  let signature: [UInt8]
  /// A decaying maximum. It decides how a launch is divided among threads, never what is computed.
  private var nanosecondsPerItem = Double.infinity

  init(_ entryPoint: telar_entry_point) {
    name = String(cString: entryPoint.name)
    entry = entryPoint.entry
    signature = KernelTable.entry(named: name)!.signature
  }

  /// A shorter launch runs on the calling thread alone: waking another takes longer.
  private static let aloneNanoseconds = 4_000.0
  /// The shortest chunk that is worth a claim.
  private static let chunkNanoseconds = 1_000.0
  /// Chunks per thread: enough to balance the load, few enough for their claims to be cheap.
  private static let chunksPerThread = 8

  /// The number of chunks that a launch is divided into.
  func chunks(items: Int, threads: Int) -> Int {
    let nanoseconds = Double(items) * nanosecondsPerItem
    if threads == 1 || nanoseconds < Self.aloneNanoseconds { return 1 }
    let worthwhile = max(threads, Int(min(nanoseconds / Self.chunkNanoseconds, 1e9)))
    return min(items, threads * Self.chunksPerThread, worthwhile)
  }

  /// Updates the estimate: the maximum, since layers of different sizes share a kernel, with decay, since a measurement
  /// may have been disturbed.
  func learn(items: Int, nanoseconds: UInt64) {
    if items == 0 { return }
    let cost = Double(nanoseconds) / Double(items)
    nanosecondsPerItem = nanosecondsPerItem.isFinite ? max(cost, nanosecondsPerItem * 0.98) : cost
  }
}

extension CPUDevice {
  /// The most kernels kept by identity, so that a caller that creates one for each launch does not fill the memory.
  private static let foundLimit = 4096

  public func launch(_ kernel: Kernel, over grid: Grid, _ arguments: [KernelArgument]) throws {
    let compiled = found[ObjectIdentifier(kernel)]?.compiled ?? find(kernel)
    counters.launches += 1
    let items = grid.x * grid.y * grid.z
    if items == 0 { return }
    let start = profiler == nil ? 0 : Clock.nanoseconds
    withMarshalled(arguments, for: compiled) { pointers in
      let own = threads.run(
        ThreadPool.Job(
          entry: compiled.entry, arguments: pointers, x: UInt32(grid.x), y: UInt32(grid.y), z: UInt32(grid.z),
          items: items, chunks: compiled.chunks(items: items, threads: threads.threadCount)))
      compiled.learn(items: own.items, nanoseconds: own.nanoseconds)
    }
    if let profiler {
      let seconds = Double(Clock.nanoseconds - start) * 1e-9
      profiler.add(kernel: compiled.name, seconds: seconds, work: profiler.takeDeclared())
    }
  }

  private func find(_ kernel: Kernel) -> CompiledKernel {
    guard let compiled = kernels[kernel.name] else {
      fatalError("kernel \(kernel.name) is not compiled into clone \(properties.instructionSet)")
    }
    if found.count >= Self.foundLimit { found.removeAll() }
    found[ObjectIdentifier(kernel)] = (kernel, compiled)
    return compiled
  }

  /// Calls `body` with a pointer to each argument's value, checked against the kernel's signature.
  private func withMarshalled(
    _ arguments: [KernelArgument], for kernel: CompiledKernel, _ body: (UnsafePointer<UnsafeRawPointer?>) -> Void
  ) {
    precondition(
      arguments.count == kernel.signature.count,
      "\(kernel.name) takes \(kernel.signature.count) arguments and was given \(arguments.count)")
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: arguments.count) { values in
      withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: arguments.count) { pointers in
        for index in arguments.indices {
          values[index] = value(of: arguments[index], at: index, for: kernel)
          pointers[index] = UnsafeRawPointer(values.baseAddress! + index)
        }
        body(UnsafePointer(pointers.baseAddress!))
      }
    }
  }

  /// An argument's bits, in the low bytes, where entry points read them.
  private func value(of argument: KernelArgument, at index: Int, for kernel: CompiledKernel) -> UInt64 {
    let letter = kernel.signature[index]
    switch argument {
    case .buffer(let buffer) where letter == UInt8(ascii: "b") || letter == UInt8(ascii: "c"):
      precondition(
        buffer.deviceIdentity == ObjectIdentifier(self),
        "argument \(index) of \(kernel.name) is a buffer of another device")
      return UInt64(UInt(bitPattern: buffer.handle))
    case .int(let value) where letter == UInt8(ascii: "i"): return UInt64(UInt32(bitPattern: value))
    case .uint(let value) where letter == UInt8(ascii: "u"): return UInt64(value)
    case .float(let value) where letter == UInt8(ascii: "f"): return UInt64(value.bitPattern)
    default:
      KernelTable.mismatch(argument, at: index, kernel.signature, of: kernel.name)
    }
  }
}
