/// The launches of pooling's routes. One each.
extension PoolGeometry {
  /// Whether windows neither overlap, nor leave gaps, nor touch padding.
  package var isTiling: Bool { stride == kernelSize && padding == 0 }

  func enqueueMax2x2(_ operands: MaxPoolOperands) throws {
    try operands.x.device.launch(
      PoolKernels.maxForward2x2, over: outputGrid(operands.y), moving: operands.floats,
      operands.buffers + sizes(operands.x.shape, operands.y.shape) + [.int(operands.keep.code)])
  }

  func enqueueMax(_ operands: MaxPoolOperands) throws {
    try operands.x.device.launch(
      PoolKernels.maxForward, over: outputGrid(operands.y), moving: operands.floats,
      operands.buffers + sizes(operands.x.shape, operands.y.shape) + windowArguments
        + [.int(operands.keep.code)])
  }

  func enqueueMaxGradientTiling(_ operands: PoolGradientOperands) throws {
    let (dy, dx) = (operands.dy, operands.dx)
    // A processor's work-item does a row of windows: one window alone is hardly more than its start.
    let columns = dx.device.traits.isVector ? windowColumns(dx.shape, on: dx.device) : 1
    try dx.device.launch(
      PoolKernels.maxBackwardTiling, over: windowGrid(dx.shape, columns: columns, on: dx.device),
      moving: dx.count + dy.count + dy.count / 2,
      operands.buffers + sizes(dx.shape, dy.shape) + kernelArguments + [.int(columns), .float(operands.scale)])
  }

  func enqueueMaxGradient(_ operands: PoolGradientOperands) throws {
    let (dy, dx) = (operands.dy, operands.dx)
    try dx.device.launch(
      PoolKernels.maxBackward, over: inputGrid(dx), moving: dx.count + dy.count + dy.count / 2,
      operands.buffers + sizes(dx.shape, dy.shape) + windowArguments)
  }

  func enqueueAverage(_ operands: AveragePoolOperands) throws {
    let (x, y) = (operands.x, operands.y)
    try x.device.launch(
      PoolKernels.averageForward, over: outputGrid(y), moving: x.count + y.count,
      [.buffer(x.buffer), .buffer(y.buffer)] + sizes(x.shape, y.shape) + windowArguments
        + [.int(countIncludePad ? 1 : 0)])
  }

  func enqueueAverageGradientTiling(_ operands: PoolGradientOperands) throws {
    let (dy, dx) = (operands.dy, operands.dx)
    try dx.device.launch(
      PoolKernels.averageBackwardTiling, over: windowGrid(dx.shape, columns: 1, on: dx.device),
      moving: dx.count + dy.count, operands.buffers + sizes(dx.shape, dy.shape) + kernelArguments)
  }

  func enqueueAverageGradient(_ operands: PoolGradientOperands) throws {
    let (dy, dx) = (operands.dy, operands.dx)
    try dx.device.launch(
      PoolKernels.averageBackward, over: inputGrid(dx), moving: dx.count + dy.count,
      operands.buffers + sizes(dx.shape, dy.shape) + windowArguments + [.int(countIncludePad ? 1 : 0)])
  }

  /// N H W C HO WO.
  private func sizes(_ input: [Int], _ output: [Int]) -> [KernelArgument] {
    input.map { .int($0) } + [.int(output[1]), .int(output[2])]
  }

  /// KH KW.
  private var kernelArguments: [KernelArgument] { [.int(kernelSize.height), .int(kernelSize.width)] }

  /// KH KW SH SW PH PW.
  private var windowArguments: [KernelArgument] {
    kernelArguments + [.int(stride.height), .int(stride.width), .int(padding.height), .int(padding.width)]
  }

  /// A work-item for each vector of channels of each output.
  private func outputGrid(_ y: Tensor) -> Grid {
    y.device.planeGrid(y.shape[2] * y.device.vectors(in: y.shape[3]), y.shape[0] * y.shape[1])
  }

  /// A work-item for each vector of channels of each input.
  private func inputGrid(_ dx: Tensor) -> Grid {
    dx.device.planeGrid(dx.shape[2] * dx.device.vectors(in: dx.shape[3]), dx.shape[0] * dx.shape[1])
  }

  /// Vectors of channels of all windows in a row, the incomplete one at its end included.
  private func windowColumns(_ input: [Int], on device: any Device) -> Int {
    input[2].dividedUp(by: kernelSize.width) * device.vectors(in: input[3])
  }

  /// A work-item for `columns` of each row of windows, the incomplete ones at the end included.
  private func windowGrid(_ input: [Int], columns: Int, on device: any Device) -> Grid {
    device.planeGrid(
      windowColumns(input, on: device).dividedUp(by: columns), input[0] * input[1].dividedUp(by: kernelSize.height))
  }
}

extension MaxPoolOperands {
  fileprivate var buffers: [KernelArgument] { [.buffer(x.buffer), .buffer(y.buffer), .buffer(argmax)] }
}

extension PoolGradientOperands {
  fileprivate var buffers: [KernelArgument] {
    [.buffer(dy.buffer)] + (argmax.map { [.buffer($0)] } ?? []) + [.buffer(dx.buffer)]
  }
}
