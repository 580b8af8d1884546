/// A convolution and the max-pooling behind it in one pass. Kernels in `conv2d_batch.cl` and `conv2d_first.cl`.

/// Max-pooling of the activation of conv2d(x).
///
/// Where it can, it never writes the convolution's own output, which has several times the pool's elements; with an
/// activation, only where no gradients are wanted.
/// - Shapes: x `[N, H, W, C]`, weight `[KH, KW, C/groups, O]`, bias `[O]` → `[N, Ho, Wo, O]`, the pool's output size of
///   the convolution's
/// - Throws: ``ShapeError`` as ``conv2d(_:weight:bias:_:activation:)`` and ``maxPool2d(_:_:)`` do.
/// - Cost: two launches, in place of three. Gradients: as those of the two operators; of a first layer with one channel
///   and 3×3 filters three in all.
public func conv2dMaxPool2d(
  _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, _ pool: PoolGeometry,
  activation: Activation = .none
) throws -> Tensor {
  let problem = try ConvProblem(convolving: x.shape, weight: weight.shape, bias: bias?.shape, geometry)
  let tape = Tape.of(x, weight, bias)
  let isFirst = problem.isFirstLayer(of: x, pool)
  guard isFirst || problem.canPool(pool, on: x.device), tape == nil || activation == .none else {
    return try maxPool2d(conv2d(x, weight: weight, bias: bias, geometry, activation: activation), pool)
  }
  let shape = try checkedPoolShape(problem.outShape, pool, "maxPool2d")
  let y = try x.device.tensor(shape)
  let winner = try tape == nil ? y.buffer : x.device.allocate(byteCount: y.count * 2)
  let padded = try isFirst ? problem.padded(x).x : x
  if isFirst {
    try problem.enqueueFirstPool(padded, weight, bias: bias, activation, to: y, winner, keep: tape != nil)
  } else {
    try problem.enqueueForwardPool(x, weight, bias: bias, activation, pool, to: y, winner, keep: tape != nil)
  }
  guard let tape else { return y }
  tape.record(y) { dy in
    if isFirst {
      return try problem.firstPoolGradient(padded, dy, winner, weight: weight, bias: bias, scale: 1)
    }
    // Each element of dy goes to one of the convolution's outputs, so their sums are the same.
    if let slot = bias?.gradient { try columnSum(dy, into: slot.tensor, accumulate: slot.claim()) }
    let dz = try maxPool2dGradient(dy, winner: winner, pool, inputShape: problem.outShape)
    try problem.differentiate(x, weight: weight, dz, on: tape)
  }
  return y
}

/// Max-pooling of dropout of relu(conv2d(x)), a first layer's: see ``reluDropoutMaxPool2d(_:_:probability:key:)``. The
/// gradient of the weights comes from the pooled values alone.
///
/// - Cost: as the operators one after another. Where the layer is a first one with one channel, 3×3 filters and 2×2
///   pooling, whose input wants no gradient: one launch on processors, two with padding, if two lines of the convolution's
///   output have at most 8,192 elements, and three for the gradients.
public func conv2dReluDropoutMaxPool2d(
  _ x: Tensor, weight: Tensor, bias: Tensor?, _ geometry: ConvGeometry, _ pool: PoolGeometry, probability: Float,
  key: DropoutKey
) throws -> Tensor {
  let problem = try ConvProblem(convolving: x.shape, weight: weight.shape, bias: bias?.shape, geometry)
  guard let tape = Tape.of(x, weight, bias), problem.isFirstLayer(of: x, pool) else {
    return try reluDropoutMaxPool2d(
      conv2d(x, weight: weight, bias: bias, geometry), pool, probability: probability, key: key)
  }
  let (paddedProblem, padded) = try problem.padded(x)
  let (y, winner) = try paddedProblem.enqueueFirstDropoutPool(
    padded, weight, bias: bias, pool, probability: probability, key: key)
  tape.record(y) { dy in
    try problem.firstPoolGradient(padded, dy, winner, weight: weight, bias: bias, scale: 1 / (1 - probability))
  }
  return y
}

extension ConvProblem {
  /// The largest window that `conv2d_pool` takes: `LARGEST_WINDOW` in `conv2d_batch.cl`.
  private static let largestWindow = 4
  /// Parts that the gradient of a first layer is summed in: enough work-items for a processor's threads.
  static let firstLayerParts = 32

  var outShape: [Int] { [batch, outSize.height, outSize.width, outChannels] }

  /// Whether tiles of images can be pooled as they are convolved.
  fileprivate func canPool(_ pool: PoolGeometry, on device: any Device) -> Bool {
    hasCells(pool, on: device) && fillsTiles(on: device)
      && max(pool.kernelSize.height, pool.kernelSize.width) <= Self.largestWindow
  }

  /// Whether the kernels for first layers convolve and pool x, whose gradient they do not have.
  func isFirstLayer(of x: Tensor, _ pool: PoolGeometry) -> Bool {
    isFirstLayer && pool.kernelSize == 2 && hasCells(pool, on: x.device) && !x.requiresGradient
  }

  /// Whether the device is of the vector family, and there are windows that neither overlap nor touch padding.
  private func hasCells(_ pool: PoolGeometry, on device: any Device) -> Bool {
    device.properties.family == .vector && pool.isCells && outSize.height >= pool.kernelSize.height
      && outSize.width >= pool.kernelSize.width
  }

  /// y = activation(max-pooling of the convolution), by tiles of images. Two launches.
  func enqueueForwardPool(
    _ x: Tensor, _ w: Tensor, bias: Tensor?, _ activation: Activation, _ pool: PoolGeometry, to y: Tensor,
    _ winner: Buffer, keep: Bool
  ) throws {
    let tile = x.device.vectorTile(
      forColumns: groupOutChannels, for: product(.forwardPool, pool: pool.kernelSize))
    if pool.kernelSize == 2, isWinograd(outSize, tile, on: x.device) {
      return try enqueueWinogradPool(tile, x, w, bias: bias, activation: activation, to: y, winner, keep: keep)
    }
    let (packed, order) = try batchTiles(tile, w, bias, columns: outChannels, isTransposed: false, lines: y.shape[1])
    x.device.profiler?.declare(flops: flops, bytes: Double(x.count + y.count + w.count) * 4)
    try x.device.launch(
      ConvKernels.pool[tile], over: order.grid,
      [
        .buffer(x.buffer), .buffer(packed.buffer), .buffer(y.buffer), .buffer(winner), .int(batch), .pair(size),
        .int(channels), .pair(Pair(y.shape[1], y.shape[2])), .int(outChannels), .pair(geometry.kernelSize),
        .pair(geometry.stride), .pair(geometry.padding), .pair(geometry.dilation), .int(geometry.groups),
        .pair(pool.kernelSize), .int(order.isColumnLast ? 1 : 0), .int(keep ? 1 : 0),
      ] + activation.arguments)
  }

  /// The same of a first layer, from the padded x. One launch.
  fileprivate func enqueueFirstPool(
    _ x: Tensor, _ w: Tensor, bias: Tensor?, _ activation: Activation, to y: Tensor, _ winner: Buffer, keep: Bool
  ) throws {
    let zeros = try x.device.zeros(byteCount: outChannels * 4)
    x.device.profiler?.declare(flops: flops, bytes: Double(x.count + y.count + w.count) * 4)
    try x.device.launch(
      ConvKernels.firstPool, over: Grid(x.device.vectors(in: outChannels), y.shape[1], batch),
      [
        .buffer(x.buffer), .buffer(w.buffer), .buffer(bias?.buffer ?? zeros), .buffer(y.buffer), .buffer(winner),
        .int(batch), .pair(paddedSize), .pair(Pair(y.shape[1], y.shape[2])), .int(outChannels), .int(keep ? 1 : 0),
      ] + activation.arguments)
  }

  /// Max-pooling of dropout of ReLU of a first layer, from the padded x, whose convolution this is. One launch, or three
  /// where the mask's numbers of two lines are too many to keep.
  fileprivate func enqueueFirstDropoutPool(
    _ x: Tensor, _ w: Tensor, bias: Tensor?, _ pool: PoolGeometry, probability: Float, key: DropoutKey
  ) throws -> (y: Tensor, winner: Buffer) {
    let device = x.device
    guard device.keepsDropoutNumbers(of: outShape) else {
      let z = try device.tensor(outShape)
      try enqueueForward(x, w, bias: bias, .none, to: z)
      return try enqueueReluDropoutMaxPool2d(z, pool, probability: probability, key: key)
    }
    let mask = try dropoutArguments(probability: probability, key: key)
    let shape = try checkedPoolShape(outShape, pool, "maxPool2d")
    let y = try device.tensor(shape)
    let winner = try device.allocate(byteCount: y.count * 2)
    let zeros = try device.zeros(byteCount: outChannels * 4)
    device.profiler?.declare(flops: flops, bytes: Double(x.count + y.count + y.count / 2 + w.count) * 4)
    try device.launch(
      ConvKernels.firstDropoutPool, over: Grid(shape[1], batch),
      [
        .buffer(x.buffer), .buffer(w.buffer), .buffer(bias?.buffer ?? zeros), .buffer(y.buffer), .buffer(winner),
        .int(batch), .pair(size), .pair(outSize), .pair(Pair(shape[1], shape[2])), .int(outChannels),
      ] + mask)
    return (y, winner)
  }

  /// The gradients of a first layer's weights and bias from that of the pool's output, times `scale`, and the padded x.
  /// Three launches.
  fileprivate func firstPoolGradient(
    _ x: Tensor, _ dy: Tensor, _ winner: Buffer, weight: Tensor, bias: Tensor?, scale: Float
  ) throws {
    let device = x.device
    let parts = min(batch, Self.firstLayerParts)
    let weights = try device.tensor([parts] + weight.shape), biases = try device.tensor([parts, outChannels])
    device.profiler?.declare(flops: flops, bytes: Double(x.count) * 4 + Double(dy.count) * 6)
    try device.launch(
      ConvKernels.firstPoolGradient, over: Grid(device.vectors(in: outChannels), parts),
      [
        .buffer(x.buffer), .buffer(dy.buffer), .buffer(winner), .buffer(weights.buffer), .buffer(biases.buffer),
        .int(batch), .pair(paddedSize), .pair(Pair(dy.shape[1], dy.shape[2])), .int(outChannels), .int(parts),
        .float(scale),
      ])
    for (sums, slot) in [(weights, weight.gradient), (biases, bias?.gradient)] {
      guard let slot else { continue }
      try addParts(sums, count: parts, to: slot.tensor, accumulate: slot.claim())
    }
  }
}
