import COpenCL

extension OpenCLDevice {
  /// The names of all programs.
  package static var programNames: [String] { OpenCLPrograms.names }

  /// The argument types of each kernel of a program according to the driver, in the letters of the kernel table.
  package func signatures(of program: String, options: [String: Int]) throws -> [String: String] {
    try programs.signatures(of: Kernel(program, "all kernels", options: options))
  }
}

extension OpenCLPrograms {
  fileprivate func signatures(of kernel: Kernel) throws -> [String: String] {
    guard let text = Self.text(of: kernel.program) else { return [:] }
    let program = try build(text: text, options: options(for: kernel) + " -cl-kernel-arg-info", for: kernel)
    defer { clReleaseProgram(program) }
    let names = OpenCLInquiry.text { clGetProgramInfo(program, cl_program_info(CL_PROGRAM_KERNEL_NAMES), $0, $1, $2) }
    var signatures: [String: String] = [:]
    for name in (names ?? "").split(separator: ";").map(String.init) {
      let handle = try self.kernel(named: name, in: program)
      defer { clReleaseKernel(handle) }
      let count = try argumentCount(of: handle, named: name)
      signatures[name] = String((0..<count).map { letter(of: cl_uint($0), in: handle) })
    }
    return signatures
  }

  private func letter(of index: cl_uint, in kernel: cl_kernel) -> Character {
    var address: cl_kernel_arg_address_qualifier = 0
    var type: cl_kernel_arg_type_qualifier = 0
    clGetKernelArgInfo(
      kernel, index, cl_kernel_arg_info(CL_KERNEL_ARG_ADDRESS_QUALIFIER), MemoryLayout.size(ofValue: address),
      &address, nil)
    clGetKernelArgInfo(
      kernel, index, cl_kernel_arg_info(CL_KERNEL_ARG_TYPE_QUALIFIER), MemoryLayout.size(ofValue: type), &type, nil)
    switch Int32(address) {
    case CL_KERNEL_ARG_ADDRESS_GLOBAL: return type & cl_ulong(CL_KERNEL_ARG_TYPE_CONST) != 0 ? "c" : "b"
    case CL_KERNEL_ARG_ADDRESS_LOCAL: return "l"
    default: break
    }
    let name = OpenCLInquiry.text {
      clGetKernelArgInfo(kernel, index, cl_kernel_arg_info(CL_KERNEL_ARG_TYPE_NAME), $0, $1, $2)
    }
    return ["int": "i", "uint": "u", "float": "f"][name ?? ""] ?? "?"
  }
}
