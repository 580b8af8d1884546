import CKernels
import COpenCL
import Foundation

/// The kernel files compiled for one device, each once per set of options.
final class OpenCLPrograms {
  private struct Key: Hashable {
    let program: String
    let options: String
  }

  private let context: cl_context
  private let device: cl_device_id
  private let properties: DeviceProperties
  private let identity: String
  private let cache: ProgramCache?
  private var programs: [Key: cl_program] = [:]
  private var hasAnnouncedBuild = false

  /// - Parameter identity: the device and driver, as far as binaries depend on them.
  init(
    context: cl_context, device: cl_device_id, properties: DeviceProperties, identity: String, cache: ProgramCache?
  ) {
    self.context = context
    self.device = device
    self.properties = properties
    self.identity = identity
    self.cache = cache
  }

  deinit { programs.values.forEach { clReleaseProgram($0) } }

  /// The text of a program for drivers: the files that it includes, then its own, each with lines numbered from 1 in build
  /// logs.
  package static func text(of name: String) -> String? {
    for index in 0..<telar_program_count {
      let program = telar_program_at(index).pointee
      guard String(cString: program.name) == name else { continue }
      return (0..<Int(program.file_count)).map { text(of: program.files[$0]!.pointee) }.joined()
    }
    return nil
  }

  private static func text(of file: telar_file) -> String {
    let text = String(decoding: UnsafeRawBufferPointer(start: file.text, count: file.length), as: UTF8.self)
    let flat = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("#include") ? "" : line
    }
    return "#line 1 \"\(String(cString: file.name))\"\n\(flat.joined(separator: "\n"))\n"
  }

  /// The names of all programs.
  package static var names: [String] {
    (0..<telar_program_count).map { String(cString: telar_program_at($0).pointee.name) }
  }

  /// The compiler's options: the device's macros, overridden by the kernel's. No option relaxes floating-point
  /// semantics. Warnings are off because drivers print them to the terminal; the clones are compiled with them.
  func options(for kernel: Kernel) -> String {
    let macros = kernel.macros(for: properties).sorted { $0.key < $1.key }
    var options = ["-cl-std=CL1.2", "-w"] + macros.map { "-D\($0.key)=\($0.value)" }
    if let limit = kernel.registerLimit, kernel.limitsRegisters(on: properties) {
      options.append("-cl-nv-maxrregcount=\(limit)")
    }
    return options.joined(separator: " ")
  }

  /// A kernel object. Builds its program if necessary.
  ///
  /// - Throws: ``DeviceError/driver(device:call:code:kernel:)`` also if the driver's kernel has another number of
  ///   arguments than the table's.
  func kernel(_ kernel: Kernel) throws -> OpenCLKernel {
    let handle = try self.kernel(
      named: kernel.name, in: program(kernel.program, options: options(for: kernel), for: kernel))
    guard let signature = KernelTable.signature(of: kernel) else {
      fatalError("kernel \(kernel.name) of \(kernel.program).cl is not in the kernel table")
    }
    let compiled = OpenCLKernel(
      name: kernel.name, handle: handle, signature: signature, largestGroup: largestGroup(of: handle))
    let count = try argumentCount(of: handle, named: kernel.name)
    guard count == signature.count else {
      throw DeviceError.driver(
        device: properties.identifier, call: "clGetKernelInfo",
        code: "\(count) arguments where \(signature.count) are declared", kernel: kernel.name)
    }
    return compiled
  }

  /// A kernel of a built program; the caller releases it.
  func kernel(named name: String, in program: cl_program) throws -> cl_kernel {
    var status: cl_int = 0
    guard let handle = clCreateKernel(program, name, &status) else {
      throw DeviceError.driver(
        device: properties.identifier, call: "clCreateKernel", code: OpenCLStatus.name(status), kernel: name)
    }
    return handle
  }

  /// The most work-items of a group according to the driver; no limit where it does not say.
  private func largestGroup(of handle: cl_kernel) -> Int {
    var items = 0
    let status = clGetKernelWorkGroupInfo(
      handle, device, cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE), MemoryLayout<Int>.size, &items, nil)
    return status == CL_SUCCESS && items > 0 ? items : .max
  }

  /// The number of a kernel's arguments according to the driver.
  func argumentCount(of handle: cl_kernel, named name: String) throws -> Int {
    var count: cl_uint = 0
    let status = clGetKernelInfo(handle, cl_kernel_info(CL_KERNEL_NUM_ARGS), MemoryLayout<cl_uint>.size, &count, nil)
    guard status == CL_SUCCESS else {
      throw DeviceError.driver(
        device: properties.identifier, call: "clGetKernelInfo", code: OpenCLStatus.name(status), kernel: name)
    }
    return Int(count)
  }

  /// A built program, from memory, from disk, or from the driver's compiler. `kernel` is named in errors.
  private func program(_ name: String, options: String, for kernel: Kernel) throws -> cl_program {
    let key = Key(program: name, options: options)
    if let program = programs[key] { return program }
    guard let text = Self.text(of: name) else { fatalError("there is no kernel file \(name).cl") }
    let cacheKey = [identity, options, text].joined(separator: "\n")
    if let binary = cache?.load(cacheKey) {
      if let program = build(binary: binary, options: options) {
        programs[key] = program
        return program
      }
      // The driver rejects the binary: build the program from source.
      cache?.remove(cacheKey)
    }
    if !hasAnnouncedBuild {
      hasAnnouncedBuild = true
      KernelBuildNotice.post(properties.identifier)
    }
    let program = try build(text: text, options: options, for: kernel)
    programs[key] = program
    if let cache, let binary = Self.binary(of: program) { cache.store(binary, for: cacheKey) }
    return program
  }

  /// A program built by the driver's compiler.
  func build(text: String, options: String, for kernel: Kernel) throws -> cl_program {
    var status: cl_int = 0
    let created = text.withCString { pointer in
      var string: UnsafePointer<CChar>? = pointer
      return clCreateProgramWithSource(context, 1, &string, nil, &status)
    }
    guard let program = created else {
      throw DeviceError.driver(
        device: properties.identifier, call: "clCreateProgramWithSource", code: OpenCLStatus.name(status),
        kernel: kernel.name)
    }
    status = clBuildProgram(program, 1, [device], options, nil, nil)
    guard status == CL_SUCCESS else {
      let log = OpenCLInquiry.text {
        clGetProgramBuildInfo(program, device, cl_program_build_info(CL_PROGRAM_BUILD_LOG), $0, $1, $2)
      }
      let lines = [OpenCLStatus.name(status), log ?? ""].filter { !$0.isEmpty }
      clReleaseProgram(program)
      throw DeviceError.buildFailed(
        device: properties.identifier, kernel: "\(kernel.program)/\(kernel.name)", options: options,
        log: lines.joined(separator: "\n"))
    }
    return program
  }

  /// A program from a cached binary; `nil` if anything fails.
  private func build(binary: [UInt8], options: String) -> cl_program? {
    var status: cl_int = 0
    var binaryStatus: cl_int = 0
    let created = binary.withUnsafeBufferPointer { bytes in
      var start: UnsafePointer<UInt8>? = bytes.baseAddress
      return clCreateProgramWithBinary(context, 1, [device], [bytes.count], &start, &binaryStatus, &status)
    }
    guard let program = created else { return nil }
    if status == CL_SUCCESS, binaryStatus == CL_SUCCESS,
      clBuildProgram(program, 1, [device], options, nil, nil) == CL_SUCCESS
    {
      return program
    }
    clReleaseProgram(program)
    return nil
  }

  private static func binary(of program: cl_program) -> [UInt8]? {
    var size = 0
    guard
      clGetProgramInfo(program, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &size, nil)
        == CL_SUCCESS, 1...ProgramCache.longestBinary ~= size
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeMutableBufferPointer { buffer in
      var start: UnsafeMutablePointer<UInt8>? = buffer.baseAddress
      return clGetProgramInfo(
        program, cl_program_info(CL_PROGRAM_BINARIES), MemoryLayout<UnsafeMutablePointer<UInt8>?>.size, &start, nil)
    }
    return status == CL_SUCCESS ? bytes : nil
  }
}
