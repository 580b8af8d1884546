import COpenCL

/// A launch whose time is still to be read.
struct TimedLaunch {
  let event: cl_event
  let kernel: OpenCLKernel
  let profiler: Profiler
  let work: (flops: Double, bytes: Double)
}

extension OpenCLDevice {
  /// Launches between two flushes: drivers may hold work back until a flush, which costs about as much as a launch.
  private static let launchesPerFlush = 16
  /// The most kernels kept by identity, so that a caller that creates one for each launch does not fill the memory.
  private static let kernelLimit = 4096
  /// The most events kept before their times are read.
  private static let timedLimit = 4096

  public func launch(_ kernel: Kernel, over grid: Grid, _ arguments: [KernelArgument]) throws {
    let compiled =
      try recording == nil ? kernels[ObjectIdentifier(kernel)]?.compiled ?? compile(kernel) : programs.kernel(kernel)
    try check(grid, of: compiled, kernel)
    try bind(arguments, to: compiled)
    if grid.x == 0 || grid.y == 0 || grid.z == 0 {
      counters.launches += 1
      return
    }
    try enqueue(
      .launch(compiled, WorkRange(grid)),
      arguments.lazy.compactMap { if case .buffer(let buffer) = $0 { buffer } else { nil } })
    if let launchLog { launchLog.add(compiled.name, try contents(of: arguments)) }
  }

  /// Checks that the driver runs the kernel in groups of the grid's size. Where a local-memory tile is too large, the
  /// device's ``traits`` no longer offer it.
  private func check(_ grid: Grid, of compiled: OpenCLKernel, _ kernel: Kernel) throws {
    let items = grid.local.x * grid.local.y * grid.local.z, limit = compiled.largestGroup
    guard items > limit else { return }
    if kernel.isTile, limit < traits.maximumTileItems {
      traits.maximumTileItems = limit
      GroupLimitNotice.post(properties.identifier, kernel: kernel.name, limit: limit)
    }
    throw DeviceError.groupTooLarge(
      device: properties.identifier, kernel: kernel.name, items: items, limit: limit)
  }

  /// Enqueues a command, and records it where there is a recording.
  func enqueue(_ command: OpenCLCommandBuffer.Command, _ buffers: @autoclosure () -> [Buffer]) throws {
    try enqueue(command)
    recording?.add(command, buffers())
  }

  func enqueue(_ command: OpenCLCommandBuffer.Command) throws {
    switch command {
    case .launch(let kernel, let range): try enqueue(kernel, over: range)
    case .fill(let memory, let offset, let byteCount, var pattern):
      let status = clEnqueueFillBuffer(queue, memory, &pattern, 4, offset, byteCount, 0, nil, nil)
      if status != CL_SUCCESS { throw failure("clEnqueueFillBuffer", status) }
    case .copy(let source, let offset, let target, let targetOffset, let byteCount):
      let status = clEnqueueCopyBuffer(queue, source, target, offset, targetOffset, byteCount, 0, nil, nil)
      if status != CL_SUCCESS { throw failure("clEnqueueCopyBuffer", status) }
    }
  }

  /// Enqueues a kernel with the arguments that are bound to it.
  private func enqueue(_ kernel: OpenCLKernel, over range: WorkRange) throws {
    counters.launches += 1
    if let profiler {
      try enqueueTimed(kernel, over: range, for: profiler)
    } else {
      if queueTakesTimes { try switchQueue(takesTimes: false) }
      try enqueue(kernel, over: range, event: nil)
    }
    lastLaunched = kernel
    launchesPending += 1
    if launchesPending % Self.launchesPerFlush == 0 {
      let status = clFlush(queue)
      if status != CL_SUCCESS { throw failure("clFlush", status, kernel: kernel.name) }
    }
  }

  public func record(_ body: () throws -> Void) throws -> (any CommandBuffer)? {
    precondition(recording == nil, "recordings are not nested")
    if profiler != nil || launchLog != nil {
      try body()
      return nil
    }
    let commands = OpenCLCommandBuffer(on: self)
    recording = commands
    defer { recording = nil }
    try body()
    return commands.isComplete ? commands : nil
  }

  /// The contents of the buffers among the arguments, except for the device's own zeros, whose size varies.
  private func contents(of arguments: [KernelArgument]) throws -> [[UInt8]] {
    try arguments.compactMap { argument in
      guard case .buffer(let buffer) = argument, !buffer.isDevicesOwn else { return nil }
      return try buffer.read(UInt8.self, count: buffer.byteCount)
    }
  }

  private func compile(_ kernel: Kernel) throws -> OpenCLKernel {
    if kernels.count >= Self.kernelLimit { kernels.removeAll() }
    let compiled = try programs.kernel(kernel)
    kernels[ObjectIdentifier(kernel)] = (kernel, compiled)
    return compiled
  }

  /// Binds arguments to a kernel, but for those that it has already.
  private func bind(_ arguments: [KernelArgument], to kernel: OpenCLKernel) throws {
    KernelTable.check(arguments, fit: kernel.signature, of: kernel.name)
    for index in arguments.indices {
      guard case .buffer(let buffer) = arguments[index] else { continue }
      precondition(
        buffer.deviceIdentity == ObjectIdentifier(self),
        "argument \(index) of \(kernel.name) is a buffer of another device")
    }
    if let failed = kernel.bind(arguments, releases: releases) {
      throw failure("clSetKernelArg", failed.status, kernel: "\(kernel.name), argument \(failed.index)")
    }
  }

  private func enqueue(_ kernel: OpenCLKernel, over range: WorkRange, event: UnsafeMutablePointer<cl_event?>?) throws {
    let status = range.withSizes { global, local in
      clEnqueueNDRangeKernel(queue, kernel.handle, range.dimensions, nil, global, local, 0, nil, event)
    }
    if status != CL_SUCCESS { throw failure("clEnqueueNDRangeKernel", status, kernel: "\(kernel.name) over \(range)") }
  }

  // MARK: Times

  private func enqueueTimed(_ kernel: OpenCLKernel, over range: WorkRange, for profiler: Profiler) throws {
    if !queueTakesTimes { try switchQueue(takesTimes: true) }
    if timed.count >= Self.timedLimit { try synchronize() }
    var event: cl_event?
    try enqueue(kernel, over: range, event: &event)
    let work = profiler.takeDeclared()
    if let event { timed.append(TimedLaunch(event: event, kernel: kernel, profiler: profiler, work: work)) }
  }

  /// Passes the times of finished launches to their profiler.
  ///
  /// - Throws: ``DeviceError/driver(device:call:code:kernel:)`` for the first launch that failed.
  func collectTimes() throws {
    if timed.isEmpty { return }
    var failed: DeviceError?
    for launch in timed {
      do throws(DeviceError) {
        let seconds = try seconds(of: launch)
        launch.profiler.add(kernel: launch.kernel.name, seconds: seconds, work: launch.work)
      } catch {
        failed = failed ?? error
      }
      clReleaseEvent(launch.event)
    }
    timed.removeAll(keepingCapacity: true)
    if let failed { throw failed }
  }

  /// The time from the kernel's start to its end.
  private func seconds(of launch: TimedLaunch) throws(DeviceError) -> Double {
    let name = launch.kernel.name
    var execution: cl_int = 0
    var status = clGetEventInfo(
      launch.event, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), MemoryLayout<cl_int>.size, &execution, nil)
    if status != CL_SUCCESS { throw failure("clGetEventInfo", status, kernel: name) }
    if execution < 0 { throw failure("a launch", execution, kernel: name) }
    var times: [cl_ulong] = [0, 0]
    for (index, parameter) in [CL_PROFILING_COMMAND_START, CL_PROFILING_COMMAND_END].enumerated() {
      let size = MemoryLayout<cl_ulong>.size
      status = clGetEventProfilingInfo(launch.event, cl_profiling_info(parameter), size, &times[index], nil)
      if status != CL_SUCCESS { throw failure("clGetEventProfilingInfo", status, kernel: name) }
    }
    return times[1] >= times[0] ? Double(times[1] - times[0]) * 1e-9 : 0
  }
}
