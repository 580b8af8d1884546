import COpenCL

/// A driver's kernel object, and the arguments that are bound to it.
final class OpenCLKernel {
  let name: String
  let handle: cl_kernel
  /// The types of the arguments, a letter each; see ``KernelTable``.
  let signature: [UInt8]
  /// The most work-items of a group that the driver runs the kernel in.
  let largestGroup: Int
  private var bound: [BoundArgument?]
  /// The device's count of released buffers when the arguments were bound.
  private var releases = 0

  init(name: String, handle: cl_kernel, signature: [UInt8], largestGroup: Int) {
    self.name = name
    self.handle = handle
    self.signature = signature
    self.largestGroup = largestGroup
    bound = Array(repeating: nil, count: signature.count)
  }

  deinit { clReleaseKernel(handle) }

  /// Binds the arguments that are not bound already; returns the first status that is no success, and its index.
  ///
  /// - Parameter releases: changes when a buffer of the driver is released. Another one may then have its address, which
  ///   the driver need not know as the argument that is bound.
  func bind(_ arguments: [KernelArgument], releases: Int) -> (status: cl_int, index: Int)? {
    if releases != self.releases {
      for index in bound.indices { bound[index] = nil }
      self.releases = releases
    }
    for index in arguments.indices {
      let argument = BoundArgument(arguments[index])
      if bound[index] == argument { continue }
      let status = argument.set(handle, cl_uint(index))
      if status != CL_SUCCESS {
        bound[index] = nil
        return (status, index)
      }
      bound[index] = argument
    }
    return nil
  }
}

/// An argument by its bits.
private enum BoundArgument: Equatable {
  case buffer(cl_mem)
  case word(UInt32)
  case local(Int)

  init(_ argument: KernelArgument) {
    switch argument {
    case .buffer(let buffer): self = .buffer(buffer.memory)
    case .int(let value): self = .word(UInt32(bitPattern: value))
    case .uint(let value): self = .word(value)
    case .float(let value): self = .word(value.bitPattern)
    case .local(let byteCount): self = .local(byteCount)
    }
  }

  func set(_ kernel: cl_kernel, _ index: cl_uint) -> cl_int {
    switch self {
    case .buffer(let memory):
      var memory: cl_mem? = memory
      return clSetKernelArg(kernel, index, MemoryLayout<cl_mem?>.size, &memory)
    case .word(var word): return clSetKernelArg(kernel, index, 4, &word)
    case .local(let byteCount): return clSetKernelArg(kernel, index, byteCount, nil)
    }
  }
}
