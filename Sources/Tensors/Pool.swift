/// Pooling over windows. Kernels in `pool.cl`.
enum PoolKernels {
  static let maxForward = Kernel("pool", "pool_max_forward")
  static let maxForward2x2 = Kernel("pool", "pool_max_forward_2x2")
  static let maxBackward = Kernel("pool", "pool_max_backward")
  static let maxBackwardCells = Kernel("pool", "pool_max_backward_cells")
  static let averageForward = Kernel("pool", "pool_average_forward")
  static let averageBackward = Kernel("pool", "pool_average_backward")
  static let averageBackwardCells = Kernel("pool", "pool_average_backward_cells")
}

/// The largest value of each window; the gradient goes to where it was.
///
/// Of equal values the first in row order wins, NaN wins over everything, and padding never does.
/// - Shapes: x `[N, H, W, C]` → `[N, Ho, Wo, C]`, sizes as ``PoolGeometry/outputSize(of:)``
/// - Throws: ``ShapeError`` for attributes that make no sense and a window larger than the padded image.
/// - Cost: one launch; reads x, writes y and, under a tape, two bytes per output. The gradient is one launch.
/// - Source: semantics of torch.nn.functional.max_pool2d.
public func maxPool2d(_ x: Tensor, _ geometry: PoolGeometry) throws -> Tensor {
  let (y, winner) = try enqueueMaxPool2d(x, geometry, keep: Tape.of(x) == nil ? .nothing : .winners)
  if let tape = Tape.of(x) {
    let inputShape = x.shape
    tape.record(y) { dy in
      try tape.accumulate(maxPool2dGradient(dy, winner: winner, geometry, inputShape: inputShape), into: x)
    }
  }
  return y
}

/// Which winners max-pooling stores: the numbers of `KEEP_…` in `common.cl`.
enum KeptWinners: Int {
  case nothing, winners, positive
}

func enqueueMaxPool2d(
  _ x: Tensor, _ geometry: PoolGeometry, keep: KeptWinners
) throws -> (y: Tensor, winner: Buffer) {
  let shape = try checkedPoolShape(x.shape, geometry, "maxPool2d")
  guard geometry.kernelSize.height * geometry.kernelSize.width < 65_536 else {
    throw ShapeError("maxPool2d", "a window of \(geometry.kernelSize) has more than 65,535 positions")
  }
  let y = try x.device.tensor(shape)
  let winner = try keep == .nothing ? y.buffer : x.device.allocate(byteCount: y.count * 2)
  let grid = x.device.planeGrid(shape[2] * x.device.vectors(in: shape[3]), shape[0] * shape[1])
  let sizes = geometry.sizes(x.shape, shape)
  let buffers: [KernelArgument] = [.buffer(x.buffer), .buffer(y.buffer), .buffer(winner)]
  let last = [KernelArgument.int(keep.rawValue)]
  let floats = x.count + y.count + (keep == .nothing ? 0 : y.count / 2)
  if geometry.isCells && geometry.kernelSize == 2 {
    try x.device.launch(PoolKernels.maxForward2x2, over: grid, moving: floats, buffers + sizes + last)
  } else {
    try x.device.launch(
      PoolKernels.maxForward, over: grid, moving: floats, buffers + sizes + geometry.windowArguments + last)
  }
  return (y, winner)
}

/// The gradient of max-pooling's input, from the winners (`ushort` positions in the windows), times `scale`, which
/// only windows that neither overlap nor touch padding can have.
func maxPool2dGradient(
  _ dy: Tensor, winner: Buffer, _ geometry: PoolGeometry, inputShape: [Int], scale: Float = 1
) throws -> Tensor {
  precondition(scale == 1 || geometry.isCells)
  let dx = try dy.device.tensor(inputShape)
  let sizes = geometry.sizes(inputShape, dy.shape)
  let buffers: [KernelArgument] = [.buffer(dy.buffer), .buffer(winner), .buffer(dx.buffer)]
  let floats = dx.count + dy.count + dy.count / 2
  if geometry.isCells {
    // A processor's work-item does a line of cells: one alone is hardly more than its start.
    let columns = dy.device.properties.family == .vector ? geometry.cellColumns(inputShape, on: dy.device) : 1
    try dy.device.launch(
      PoolKernels.maxBackwardCells, over: geometry.cellGrid(inputShape, columns: columns, on: dy.device),
      moving: floats,
      buffers + sizes + geometry.kernelArguments + [.int(columns), .float(scale)])
  } else {
    try dy.device.launch(
      PoolKernels.maxBackward, over: geometry.inputGrid(inputShape, on: dy.device), moving: floats,
      buffers + sizes + geometry.windowArguments)
  }
  return dx
}

/// The average of each window.
///
/// The sum is divided by the window's size, or by the number of elements that are not padding where
/// ``PoolGeometry/countIncludePad`` is false.
/// - Shapes: x `[N, H, W, C]` → `[N, Ho, Wo, C]`, sizes as ``PoolGeometry/outputSize(of:)``
/// - Throws: ``ShapeError`` for attributes that make no sense and a window larger than the padded image.
/// - Cost: one launch, and one for the gradient.
/// - Source: semantics of torch.nn.functional.avg_pool2d.
public func avgPool2d(_ x: Tensor, _ geometry: PoolGeometry) throws -> Tensor {
  let shape = try checkedPoolShape(x.shape, geometry, "avgPool2d")
  let y = try x.device.tensor(shape)
  try x.device.launch(
    PoolKernels.averageForward,
    over: x.device.planeGrid(shape[2] * x.device.vectors(in: shape[3]), shape[0] * shape[1]),
    moving: x.count + y.count,
    [.buffer(x.buffer), .buffer(y.buffer)] + geometry.sizes(x.shape, shape) + geometry.windowArguments
      + [.int(geometry.countIncludePad ? 1 : 0)])
  if let tape = Tape.of(x) {
    let inputShape = x.shape
    tape.record(y) { dy in
      try tape.accumulate(avgPool2dGradient(dy, geometry, inputShape: inputShape), into: x)
    }
  }
  return y
}

/// The gradient of ``avgPool2d(_:_:)``'s input.
func avgPool2dGradient(_ dy: Tensor, _ geometry: PoolGeometry, inputShape: [Int]) throws -> Tensor {
  let dx = try dy.device.tensor(inputShape)
  let sizes = geometry.sizes(inputShape, dy.shape)
  let buffers: [KernelArgument] = [.buffer(dy.buffer), .buffer(dx.buffer)]
  if geometry.isCells {
    try dy.device.launch(
      PoolKernels.averageBackwardCells, over: geometry.cellGrid(inputShape, on: dy.device), moving: dx.count + dy.count,
      buffers + sizes + geometry.kernelArguments)
  } else {
    try dy.device.launch(
      PoolKernels.averageBackward, over: geometry.inputGrid(inputShape, on: dy.device), moving: dx.count + dy.count,
      buffers + sizes + geometry.windowArguments + [.int(geometry.countIncludePad ? 1 : 0)])
  }
  return dx
}

/// The output's shape, with everything checked that a kernel takes for granted.
func checkedPoolShape(_ shape: [Int], _ geometry: PoolGeometry, _ place: String) throws -> [Int] {
  let output = try geometry.outputShape(of: shape, place)
  try checkIndexable(place, shape.reduce(1, *), output.reduce(1, *))
  return output
}

extension PoolGeometry {
  /// Whether windows neither overlap, nor leave gaps, nor touch padding.
  var isCells: Bool { stride == kernelSize && padding == 0 }

  /// N H W C HO WO.
  fileprivate func sizes(_ input: [Int], _ output: [Int]) -> [KernelArgument] {
    input.map { .int($0) } + [.int(output[1]), .int(output[2])]
  }

  /// KH KW.
  fileprivate var kernelArguments: [KernelArgument] { [.int(kernelSize.height), .int(kernelSize.width)] }

  /// KH KW SH SW PH PW.
  fileprivate var windowArguments: [KernelArgument] {
    kernelArguments + [.int(stride.height), .int(stride.width), .int(padding.height), .int(padding.width)]
  }

  /// A work-item for each vector of channels of each input.
  fileprivate func inputGrid(_ input: [Int], on device: any Device) -> Grid {
    device.planeGrid(input[2] * device.vectors(in: input[3]), input[0] * input[1])
  }

  /// Vectors of channels of all cells in a row, the incomplete one at its end included.
  fileprivate func cellColumns(_ input: [Int], on device: any Device) -> Int {
    input[2].dividedUp(by: kernelSize.width) * device.vectors(in: input[3])
  }

  /// A work-item for `columns` of each row of cells, the incomplete ones at the end included.
  fileprivate func cellGrid(_ input: [Int], columns: Int = 1, on device: any Device) -> Grid {
    device.planeGrid(
      cellColumns(input, on: device).dividedUp(by: columns), input[0] * input[1].dividedUp(by: kernelSize.height))
  }
}
