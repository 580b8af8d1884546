/// The kernels of convolutions, in `conv2d.cl`, `conv2d_batch.cl`, `conv2d_dot.cl`, `conv2d_first.cl` and
/// `conv2d_prepare.cl`; see also ``FromOneKernels`` and ``ToOneKernels``.
enum ConvKernels {
  static let window = TiledKernel("conv2d", "conv2d_window")
  static let transposed = TiledKernel("conv2d", "conv2d_transposed")
  static let batch = TiledKernel("conv2d_batch", "conv2d_batch")
  static let weightGradient = TiledKernel("conv2d", "conv2d_weight_gradient")
  static let transposedDot = Kernel("conv2d_dot", "conv2d_transposed_dot")
  static let collect = Kernel("conv2d_dot", "conv2d_collect")
  static let pool = TiledKernel("conv2d_batch", "conv2d_pool")
  static let first = Kernel("conv2d_first", "conv2d_first")
  static let firstPool = Kernel("conv2d_first", "conv2d_first_pool")
  static let firstDropoutPool = Kernel("conv2d_first", "conv2d_first_dropout_pool")
  static let firstPoolGradient = Kernel("conv2d_first", "conv2d_first_pool_gradient")
  static let padImage = Kernel("conv2d_prepare", "pad_image")
  static let packTaps = Kernel("conv2d_prepare", "pack_taps")
}

/// The passes of a convolution, each in the family that suits the device; the vector family's launches.
extension ConvProblem {
  /// x with its padding around it, as some kernels of the vector family need it, and the same convolution of that; of
  /// its rows and columns every `step`-th, a divisor of stride and dilation, whose windows look at no others. One launch
  /// at most.
  func padded(_ x: Tensor, step: Pair = 1) throws -> (problem: ConvProblem, x: Tensor) {
    if geometry.padding == 0 && step == 1 { return (self, x) }
    let size = Pair(paddedSize.height.dividedUp(by: step.height), paddedSize.width.dividedUp(by: step.width))
    let padded = try x.device.tensor([batch, size.height, size.width, channels])
    x.device.profiler?.declare(flops: 0, bytes: Double(min(x.count, padded.count) + padded.count) * 4)
    try x.device.launch(
      ConvKernels.padImage, over: Grid(size.height, batch),
      [
        .buffer(x.buffer), .buffer(padded.buffer), .int(batch), .pair(self.size), .int(channels),
        .pair(geometry.padding), .pair(size), .pair(step),
      ])
    var geometry = geometry
    geometry.padding = 0
    geometry.stride = Pair(geometry.stride.height / step.height, geometry.stride.width / step.width)
    geometry.dilation = Pair(geometry.dilation.height / step.height, geometry.dilation.width / step.width)
    let problem = ConvProblem(
      batch: batch, size: size, channels: channels, outSize: outSize, outChannels: outChannels, geometry: geometry)
    return (problem, padded)
  }

  /// What divides all distances between the pixels that windows look at.
  private var step: Pair {
    Pair(
      geometry.stride.height.greatestCommonDivisor(with: geometry.dilation.height),
      geometry.stride.width.greatestCommonDivisor(with: geometry.dilation.width))
  }

  /// y = epilogue(conv2d(x, w) + bias). Two launches in the vector family, one more for a small batch with padding, one
  /// less for a first layer without, and one in all for larger filters of one channel.
  package func enqueueForward(_ x: Tensor, _ w: Tensor, bias: Tensor?, _ epilogue: Epilogue, to y: Tensor) throws {
    // Before a tile is chosen, since there is none in it: a tuner would search without effect.
    if isFirstLayer, x.device.properties.family == .vector {
      let (problem, padded) = try padded(x)
      return try problem.enqueueFirst(padded, w, bias, epilogue, y)
    }
    if isFromOne(on: x.device) { return try enqueueFromOne(x, w, bias, epilogue, y) }
    let m = batch * outSize.height * outSize.width
    switch x.device.kernel(m: m, n: groupOutChannels, batches: geometry.groups, for: product(.forward)) {
    case .tile(let configuration):
      try enqueueForwardTile(configuration, x, w, bias: bias, epilogue, to: y)
    case .vector(let tile) where isWinograd(outSize, tile, on: x.device):
      try enqueueWinograd(tile, x, w, bias: bias, epilogue, to: y)
    case .vector(let tile) where fillsTiles(on: x.device):
      try enqueueBatch(
        tile, from: x, size, channels, w, bias, epilogue, to: y, outSize, outChannels, isTransposed: false)
    case .vector(let tile):
      let (problem, padded) = try padded(x)
      try problem.enqueueWindow(tile, padded, w, bias, epilogue, y)
    }
  }

  /// Whether the batch is large enough for tiles whose rows are images to be mostly full.
  func fillsTiles(on device: any Device) -> Bool { batch >= 4 * device.properties.vectorTiles[0].rows }

  /// Either pass by tiles of images; the arguments are named for a convolution from `source` to `target`.
  private func enqueueBatch(
    _ tile: VectorTile, from source: Tensor, _ sourceSize: Pair, _ sourceChannels: Int, _ w: Tensor, _ bias: Tensor?,
    _ epilogue: Epilogue, to target: Tensor, _ targetSize: Pair, _ targetChannels: Int, isTransposed: Bool
  ) throws {
    let device = source.device
    let (packed, order) = try batchTiles(
      tile, w, bias, columns: targetChannels, isTransposed: isTransposed, lines: targetSize.height)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvKernels.batch[tile], over: order.grid,
      [
        .buffer(source.buffer), .buffer(packed.buffer), .buffer(target.buffer), .int(batch), .pair(sourceSize),
        .int(sourceChannels), .pair(targetSize), .int(targetChannels), .pair(geometry.kernelSize),
        .pair(geometry.stride), .pair(geometry.padding), .pair(geometry.dilation), .int(geometry.groups),
        .int(order.isColumnLast ? 1 : 0), .int(isTransposed ? 1 : 0),
      ] + epilogue.arguments(writing: target.buffer))
  }

  /// The weights and biases packed for the tile, and the grid over column tiles, lines and images with its
  /// order; see `conv2d_batch.cl`.
  func batchTiles(
    _ tile: VectorTile, _ w: Tensor, _ bias: Tensor?, columns: Int, isTransposed: Bool, lines: Int
  ) throws -> (packed: Tensor, order: (grid: Grid, isColumnLast: Bool)) {
    let groupColumns = columns / geometry.groups
    let packed = try packedWeights(w, bias, columns: groupColumns, tile, isTransposed: isTransposed)
    let isColumnLast = packed.count * 4 > Self.cachedWeightBytes
    let columnTiles = groupColumns.dividedUp(by: tile.columns) * geometry.groups
    let imageTiles = batch.dividedUp(by: tile.rows)
    let grid = isColumnLast ? Grid(lines, imageTiles, columnTiles) : Grid(columnTiles, lines, imageTiles)
    return (packed, (grid, isColumnLast))
  }

  /// The weights and biases in panels of a tile's columns, of which a group has `columns`, for the convolution or for the
  /// transposed one. One launch.
  private func packedWeights(
    _ w: Tensor, _ bias: Tensor?, columns: Int, _ tile: VectorTile, isTransposed: Bool
  ) throws -> Tensor {
    let device = w.device
    let k = (isTransposed ? outChannels : channels) / geometry.groups
    let panels = columns.dividedUp(by: tile.columns) * geometry.groups
    let packed = try device.tensor([panels, 1 + taps * k, tile.columns])
    device.profiler?.declare(flops: 0, bytes: Double(w.count + packed.count) * 4)
    try device.launch(
      ConvKernels.packTaps, over: Grid(taps, panels),
      [
        .buffer(w.buffer), .buffer(try bias?.buffer ?? device.zeros(byteCount: columns * geometry.groups * 4)),
        .buffer(packed.buffer), .int(taps), .int(columns), .int(k), .int(geometry.groups), .int(tile.columns),
        .int(isTransposed ? 1 : 0),
      ])
    return packed
  }

  /// Whether this is what `conv2d_first.cl` is for: the weights of one channel, which stay in registers.
  var isFirstLayer: Bool {
    channels == 1 && geometry.kernelSize == 3 && geometry.stride == 1 && geometry.dilation == 1
  }

  /// The forward pass of a first layer, from the padded x.
  private func enqueueFirst(_ x: Tensor, _ w: Tensor, _ bias: Tensor?, _ epilogue: Epilogue, _ y: Tensor) throws {
    let device = x.device
    let zeros = try device.zeros(byteCount: outChannels * 4)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvKernels.first, over: Grid(device.vectors(in: outChannels), outSize.height, batch),
      [
        .buffer(x.buffer), .buffer(w.buffer), .buffer(bias?.buffer ?? zeros), .buffer(y.buffer), .int(batch),
        .pair(size), .pair(outSize), .int(outChannels),
      ] + epilogue.arguments(writing: y.buffer))
  }

  /// The forward pass by tiles of neighbouring pixels, from the padded x.
  private func enqueueWindow(
    _ tile: VectorTile, _ x: Tensor, _ w: Tensor, _ bias: Tensor?, _ epilogue: Epilogue, _ y: Tensor
  ) throws {
    let device = x.device
    let packed = try packedWeights(w, bias, columns: groupOutChannels, tile, isTransposed: false)
    let columnTiles = groupOutChannels.dividedUp(by: tile.columns) * geometry.groups
    let strip = Self.strip(pixels: batch * outSize.height * outSize.width, columnTiles, tile, device)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvKernels.window[tile], over: Grid(columnTiles, strip.count),
      [
        .buffer(x.buffer), .buffer(packed.buffer), .buffer(y.buffer), .int(batch), .pair(paddedSize), .int(channels),
        .pair(outSize), .int(outChannels), .pair(geometry.kernelSize), .pair(geometry.stride), .pair(geometry.dilation),
        .int(geometry.groups), .int(strip.length),
      ] + epilogue.arguments(writing: y.buffer))
  }

  /// x = epilogue(transposed convolution of y + bias).
  package func enqueueTransposed(_ y: Tensor, _ w: Tensor, bias: Tensor?, _ epilogue: Epilogue, to x: Tensor) throws {
    let isToFew = groupChannels <= Self.fewChannels
    if y.device.properties.family == .vector {
      // Its own products have their own kernels.
      if isToFew { return try enqueueTransposedToFew(y, w, bias, epilogue, x) }
      if isCellwise { return try enqueueCells(y, w, bias, epilogue, x) }
    }
    let batches = geometry.groups * geometry.stride.height * geometry.stride.width
    switch y.device.kernel(m: phasePixels, n: groupChannels, batches: batches, for: product(.transposed)) {
    case .tile(let configuration):
      try enqueueTransposedTile(configuration, y, w, bias: bias, epilogue, to: x)
    case .vector where isToFew:
      try enqueueTransposedToFew(y, w, bias, epilogue, x)
    case .vector(let tile) where isWinograd(size, tile, on: y.device):
      try enqueueWinogradTransposed(tile, y, w, bias: bias, epilogue, to: x)
    case .vector(let tile) where fillsTiles(on: y.device):
      try enqueueBatch(
        tile, from: y, outSize, outChannels, w, bias, epilogue, to: x, size, channels, isTransposed: true)
    case .vector(let tile):
      try enqueueTransposedPhases(tile, y, w, bias, epilogue, x)
    }
  }

  /// Whether filters neither overlap nor leave gaps: each pixel of y then makes a cell of x of its own.
  private var isCellwise: Bool {
    geometry.kernelSize == geometry.stride && geometry.dilation == 1 && geometry.padding == 0 && geometry.groups == 1
      && size == Pair(outSize.height * geometry.stride.height, outSize.width * geometry.stride.width)
  }

  /// The transposed pass to such cells: for each line of a filter a product of y with the weights of that line. Its rows
  /// are the pixels of a cell's line, channels behind one another, and those of a line of y make a line of x. One launch,
  /// or two for a large product by filters of one line.
  private func enqueueCells(
    _ y: Tensor, _ w: Tensor, _ bias: Tensor?, _ epilogue: Epilogue, _ x: Tensor
  ) throws {
    let columns = geometry.kernelSize.width * channels
    var product = GemmProblem(
      m: batch * outSize.height * outSize.width, n: columns, k: outChannels,
      a: MatrixView(buffer: y.buffer, rowStep: outChannels, columnStep: 1),
      b: MatrixView(buffer: w.buffer, rowStep: 1, columnStep: outChannels), out: x.buffer, bias: bias?.buffer,
      epilogue: epilogue)
    (product.batch, product.batchStep) = (geometry.kernelSize.height, columns * outChannels)
    (product.lineRows, product.biasCount) = (outSize.width, bias == nil ? columns : channels)
    try product.enqueue(on: x.device)
  }

  /// The transposed pass by tiles of pixels of the same phase of the stride.
  private func enqueueTransposedPhases(
    _ tile: VectorTile, _ y: Tensor, _ w: Tensor, _ bias: Tensor?, _ epilogue: Epilogue, _ x: Tensor
  ) throws {
    let device = y.device
    let phases = geometry.stride.height * geometry.stride.width
    let zeros = try device.zeros(byteCount: outChannels * 4)
    let packed = try packedWeights(w, bias, columns: groupChannels, tile, isTransposed: true)
    let columnTiles = groupChannels.dividedUp(by: tile.columns) * geometry.groups
    let strip = Self.strip(pixels: phasePixels, columnTiles * phases, tile, device)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvKernels.transposed[tile], over: Grid(columnTiles, strip.count, phases),
      [
        .buffer(y.buffer), .buffer(packed.buffer), .buffer(zeros), .buffer(x.buffer),
      ] + transposedShape + [.int(strip.length)] + epilogue.arguments(writing: x.buffer))
  }

  /// The arguments that say what a transposed pass is of.
  private var transposedShape: [KernelArgument] {
    [
      .int(batch), .pair(size), .int(channels), .pair(outSize), .int(outChannels), .pair(geometry.kernelSize),
      .pair(geometry.stride), .pair(geometry.padding), .pair(geometry.dilation), .int(geometry.groups),
    ]
  }

  /// Pixels of x that a phase of the stride has at most, over the batch.
  var phasePixels: Int {
    batch * size.height.dividedUp(by: geometry.stride.height) * size.width.dividedUp(by: geometry.stride.width)
  }

  /// The transposed pass to few channels, which a register tile would be mostly empty of.
  private func enqueueTransposedToFew(
    _ y: Tensor, _ w: Tensor, _ bias: Tensor?, _ epilogue: Epilogue, _ x: Tensor
  ) throws {
    // Their kernels know activations only.
    let activation: Activation
    switch epilogue {
    case .activation(let wanted): activation = wanted
    case .gradient(let ending, let output):
      try enqueueTransposedToFew(y, w, bias, .none, x)
      return try enqueueEndingGradient(x, output, ending, to: x)
    }
    if try enqueueToOne(y, w, bias, activation, x) { return }
    let products = batch * outSize.height * outSize.width * taps * channels
    let enqueue =
      geometry.groups == 1 && products <= Self.mostProducts ? enqueueTransposedByProducts : enqueueTransposedDot
    try enqueue(y, w, bias, activation, x)
  }

  /// The transposed pass to few channels: products of every tap with every pixel of y, then their sums.
  private func enqueueTransposedByProducts(
    _ y: Tensor, _ w: Tensor, _ bias: Tensor?, _ activation: Activation, _ x: Tensor
  ) throws {
    let device = y.device
    let pixels = outSize.height * outSize.width
    let products = try device.tensor([batch, taps * channels, pixels])
    var product = GemmProblem(
      m: taps * channels, n: pixels, k: outChannels,
      a: MatrixView(buffer: w.buffer, rowStep: outChannels, columnStep: 1),
      b: MatrixView(buffer: y.buffer, rowStep: 1, columnStep: outChannels), out: products.buffer)
    (product.batch, product.batchStep) = (batch, pixels * outChannels)
    try product.enqueue(on: device)
    device.profiler?.declare(flops: Double(products.count), bytes: Double(products.count + x.count) * 4)
    try device.launch(
      ConvKernels.collect, over: Grid(size.height, batch, channels),
      [
        .buffer(products.buffer), .buffer(try bias?.buffer ?? device.zeros(byteCount: channels * 4)),
        .buffer(x.buffer), .int(batch), .pair(size), .int(channels), .pair(outSize), .pair(geometry.kernelSize),
        .pair(geometry.stride), .pair(geometry.padding), .pair(geometry.dilation),
      ] + activation.arguments)
  }

  /// The transposed pass to few channels in each of several groups, one sum at a time.
  private func enqueueTransposedDot(
    _ y: Tensor, _ w: Tensor, _ bias: Tensor?, _ activation: Activation, _ x: Tensor
  ) throws {
    let device = y.device
    let zeros = try device.zeros(byteCount: channels * 4)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvKernels.transposedDot,
      over: Grid(
        channels, phasePixels.dividedUp(by: device.properties.vectorTiles[0].width),
        geometry.stride.height * geometry.stride.width),
      [.buffer(y.buffer), .buffer(w.buffer), .buffer(bias?.buffer ?? zeros), .buffer(x.buffer)] + transposedShape
        + activation.arguments)
  }

  /// dw (+)= the gradient of the weights, from x and dy.
  package func enqueueWeightGradient(_ x: Tensor, _ dy: Tensor, to dw: Tensor, accumulate: Bool) throws {
    if isFromOneGradient(on: x.device) { return try enqueueFromOneGradient(x, dy, to: dw, accumulate: accumulate) }
    let m = taps * groupChannels
    switch x.device.kernel(m: m, n: groupOutChannels, batches: geometry.groups, for: product(.weightGradient)) {
    case .tile(let configuration):
      try enqueueWeightGradientTile(configuration, x, dy, to: dw, accumulate: accumulate)
    case .vector(let tile) where isWinogradGradient(tile, on: x.device):
      try enqueueWinogradGradient(tile, x, dy, to: dw, accumulate: accumulate)
    case .vector(let tile):
      // Every tile passes over the image: to leave out what none of them looks at repays its launch.
      let (problem, padded) = try padded(x, step: step)
      try problem.enqueueWeightGradient(tile, padded, dy, to: dw, accumulate: accumulate)
    }
  }

  /// The same by register tiles, from the padded x.
  private func enqueueWeightGradient(
    _ tile: VectorTile, _ x: Tensor, _ dy: Tensor, to dw: Tensor, accumulate: Bool
  ) throws {
    let device = x.device
    let columnTiles = groupOutChannels.dividedUp(by: tile.columns) * geometry.groups
    let strips = (taps * groupChannels).dividedUp(by: tile.rows * Self.gradientTiles)
    try inParts(items: columnTiles * strips, x, dy, to: dw, accumulate: accumulate) { partial, parts in
      try device.launch(
        ConvKernels.weightGradient[tile], over: Grid(columnTiles, strips, parts),
        [
          .buffer(x.buffer), .buffer(dy.buffer), .buffer(partial.buffer), .int(batch), .pair(paddedSize),
          .int(channels), .pair(outSize), .int(outChannels), .pair(geometry.kernelSize), .pair(geometry.stride),
          .pair(geometry.dilation), .int(geometry.groups), .int(parts),
        ])
    }
  }

  /// dw (+)= the sum of the parts of the weights' gradient that `launch` writes, in as many work-items for each part.
  /// One launch more, except for a single part. See ``gradientParts(imageBytes:items:wantedItems:)``.
  func inParts(
    items: Int, wantedItems: Int = wantedGradientItems, _ x: Tensor, _ dy: Tensor, to dw: Tensor, accumulate: Bool,
    launch: (_ partial: Tensor, _ parts: Int) throws -> Void
  ) throws {
    let parts = gradientParts(imageBytes: (x.count + dy.count) * 4, items: items, wantedItems: wantedItems)
    let isWhole = parts == 1 && !accumulate
    let partial = isWhole ? dw : try x.device.tensor([parts] + weightShape)
    x.device.profiler?.declare(flops: flops, bytes: bytes)
    try launch(partial, parts)
    if !isWhole { try addParts(partial, count: parts, to: dw, accumulate: accumulate) }
  }

  /// The gradients of weights and x from that of the convolution's output.
  func differentiate(_ x: Tensor, weight: Tensor, _ dy: Tensor, on tape: Tape) throws {
    if let slot = weight.gradient {
      try enqueueWeightGradient(x, dy, to: slot.tensor, accumulate: slot.claim())
    }
    if x.requiresGradient {
      try tape.accumulate(into: x) { dx, epilogue in
        try enqueueTransposed(dy, weight, bias: nil, epilogue, to: dx)
      }
    }
  }

  /// Parts of the batch that the gradient of the weights is summed over one by one. As many as let the images of a part
  /// stay in the second cache, where the tiles that pass over them find them, or as make the wanted work-items, while the
  /// parts' own sums are little to write and add beside the images; in any case enough for the least work-items. The
  /// number depends on the shapes alone, and so does the result.
  ///
  /// - Parameters:
  ///   - imageBytes: of x and dy.
  ///   - items: work-items of a part.
  ///   - wantedItems: of all parts.
  private func gradientParts(imageBytes: Int, items: Int, wantedItems: Int) -> Int {
    let wanted = max(imageBytes / Self.partBytes, wantedItems.dividedUp(by: items))
    let affordable = imageBytes / (Self.imagesPerSum * weightCount * 4)
    return max(1, min(batch, max(min(wanted, affordable), Self.leastGradientItems.dividedUp(by: items))))
  }

  // MARK: Choices

  /// At most this many channels of a group are summed one by one instead of in a register tile.
  private static let fewChannels = 2

  /// At most this many products are kept for the sums; a large kernel on a large image would take too much memory.
  private static let mostProducts = 64 << 20

  /// Bytes of packed weights up to which the tiles of a row of pixels follow one another: they stay in the second
  /// cache, beside the images.
  private static let cachedWeightBytes = 256 << 10

  /// Row tiles of a work-item of the weight gradient: `GRADIENT_TILES` in `conv2d.cl`.
  private static let gradientTiles = 64

  /// Bytes of x and dy that a part of the weight gradient passes over.
  private static let partBytes = 256 << 10
  /// How much more than its sums a part of the weight gradient has to read.
  private static let imagesPerSum = 16
  /// Work-items of the weight gradient that keep a processor's threads busy, of many cores and of few.
  static let wantedGradientItems = 64
  static let leastGradientItems = 16

  /// How many row tiles a work-item walks down, and how many work-items that makes: long enough to reuse the weights in
  /// the first cache, and enough of them to keep all units busy evenly.
  private static func strip(
    pixels: Int, _ columnTiles: Int, _ tile: VectorTile, _ device: any Device
  ) -> (length: Int, count: Int) {
    let rowTiles = pixels.dividedUp(by: tile.rows)
    let wanted = max(1, device.properties.computeUnits * 16 / max(1, columnTiles))
    let length = max(1, min(64, rowTiles / wanted))
    return (length, rowTiles.dividedUp(by: length))
  }
}
