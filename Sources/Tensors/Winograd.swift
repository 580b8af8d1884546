/// Convolutions with 3×3 filters and stride 1 in fewer products, on devices of the vector family. Kernels in
/// `winograd.cl`, which says how.
enum WinogradKernels {
  static let filters = Kernel("conv2d_prepare", "winograd_filters")
  static let conv = TiledKernel("winograd", "winograd_conv")
  static let weightGradient = TiledKernel("winograd", "winograd_weight_gradient")

  /// Products that take the place of the 36 of four outputs.
  static let points = 16
  /// `WINOGRAD_FLOATS`.
  static let blockFloats = 4096
  /// `WINOGRAD_CELLS`.
  static let blockCells = 48
  /// `WINOGRAD_GRADIENT_TILES`.
  static let gradientTiles = 6
  /// `WINOGRAD_SUMS`.
  static let gradientSums = 6144
  /// Fewer channels than this, on either side, do not pay for the transforms.
  static let leastChannels = 16
  /// Blocks of cells for each of a processor's threads, so that they finish together.
  static let blocksPerUnit = 8
}

extension ConvProblem {
  /// Whether a pass whose outputs, or whose outputs' gradients, have this size is done so with a tile of the vector
  /// family. A block of cells lies in private memory, of which only processors have enough.
  func isWinograd(_ outputs: Pair, _ tile: VectorTile, on device: any Device) -> Bool {
    let cells = outputs.height.dividedUp(by: 2) * outputs.width.dividedUp(by: 2)
    return device.properties.kind == .cpu && geometry.kernelSize == 3 && geometry.stride == 1 && geometry.dilation == 1
      && geometry.groups == 1
      && geometry.padding.height <= 2 && geometry.padding.width <= 2
      && min(channels, outChannels) >= WinogradKernels.leastChannels
      && channels % tile.width == 0 && outChannels % tile.width == 0
      && max(channels, outChannels) <= WinogradKernels.blockFloats / tile.rows
      // Outputs of odd size leave cells partly empty; no more than three quarters of the products may remain.
      && 4 * WinogradKernels.points * cells <= 3 * 9 * outputs.height * outputs.width
  }

  /// y = epilogue(conv2d(x, w) + bias). Two launches.
  func enqueueWinograd(
    _ tile: VectorTile, _ x: Tensor, _ w: Tensor, bias: Tensor?, _ epilogue: Epilogue, to y: Tensor
  ) throws {
    try enqueueWinograd(
      tile, from: x, size, channels, w, bias, epilogue, to: y, outSize, outChannels, padding: geometry.padding,
      isTransposed: false, winner: nil)
  }

  /// y = activation(max-pooling of conv2d(x, w) + bias) in cells of 2×2, with the winners where they are kept. Two
  /// launches.
  func enqueueWinogradPool(
    _ tile: VectorTile, _ x: Tensor, _ w: Tensor, bias: Tensor?, activation: Activation, to y: Tensor,
    _ winner: Buffer, keep: Bool
  ) throws {
    try enqueueWinograd(
      tile, from: x, size, channels, w, bias, .activation(activation), to: y, Pair(y.shape[1], y.shape[2]), outChannels,
      padding: geometry.padding, isTransposed: false, winner: (winner, keep))
  }

  /// x = epilogue(transposed convolution of y + bias). Two launches.
  func enqueueWinogradTransposed(
    _ tile: VectorTile, _ y: Tensor, _ w: Tensor, bias: Tensor?, _ epilogue: Epilogue, to x: Tensor
  ) throws {
    let padding = Pair(2 - geometry.padding.height, 2 - geometry.padding.width)
    try enqueueWinograd(
      tile, from: y, outSize, outChannels, w, bias, epilogue, to: x, size, channels, padding: padding,
      isTransposed: true, winner: nil)
  }

  /// Either pass; the arguments are named for a convolution from `source` to `target`, or to its pooled output.
  private func enqueueWinograd(
    _ tile: VectorTile, from source: Tensor, _ sourceSize: Pair, _ sourceChannels: Int, _ w: Tensor, _ bias: Tensor?,
    _ epilogue: Epilogue, to target: Tensor, _ targetSize: Pair, _ targetChannels: Int, padding: Pair,
    isTransposed: Bool, winner: (buffer: Buffer, keep: Bool)?
  ) throws {
    let device = source.device
    let panels = targetChannels.dividedUp(by: tile.columns)
    let filters = try device.tensor([panels, WinogradKernels.points, sourceChannels, tile.columns])
    device.profiler?.declare(flops: 0, bytes: Double(w.count + filters.count) * 4)
    try device.launch(
      WinogradKernels.filters, over: Grid(sourceChannels, panels),
      [
        .buffer(w.buffer), .buffer(filters.buffer), .int(targetChannels), .int(sourceChannels), .int(tile.columns),
        .int(isTransposed ? 1 : 0),
      ])
    let cells =
      winner == nil ? Pair(targetSize.height.dividedUp(by: 2), targetSize.width.dividedUp(by: 2)) : targetSize
    let all = batch * cells.height * cells.width
    let block = winogradBlock(all, tile, channels: sourceChannels, on: device)
    let zeros = try device.zeros(byteCount: max(sourceChannels, targetChannels) * 4)
    device.profiler?.declare(
      flops: flops, bytes: Double(source.count + target.count + w.count) * 4)
    try device.launch(
      WinogradKernels.conv[tile], over: Grid(all.dividedUp(by: block)),
      [
        .buffer(source.buffer), .buffer(filters.buffer), .buffer(bias?.buffer ?? zeros), .buffer(zeros),
        .buffer(target.buffer), .buffer(winner?.buffer ?? target.buffer), .int(batch), .pair(sourceSize),
        .int(sourceChannels), .pair(targetSize), .int(targetChannels), .pair(padding), .pair(cells), .int(block),
        .int(winner == nil ? 0 : 1), .int(winner?.keep == true ? 1 : 0),
      ] + epilogue.arguments(writing: target.buffer))
  }

  /// Whether the gradient of the weights is done so with a tile: the sums of two column tiles must have room, and whole
  /// and low row tiles together must fit the channels.
  func isWinogradGradient(_ tile: VectorTile, on device: any Device) -> Bool {
    let left = channels % tile.rows
    let lowTiles = left == 0 ? 0 : (tile.rows - left) / 2
    return isWinograd(outSize, tile, on: device) && 2 * channels * tile.columns <= WinogradKernels.gradientSums
      && lowTiles * (tile.rows - 2) <= channels
  }

  /// dw (+)= the gradient of the weights, from x and dy. Two launches, or one where the batch is one part.
  func enqueueWinogradGradient(
    _ tile: VectorTile, _ x: Tensor, _ dy: Tensor, to dw: Tensor, accumulate: Bool
  ) throws {
    let device = x.device
    let cells = Pair(outSize.height.dividedUp(by: 2), outSize.width.dividedUp(by: 2))
    let columnTiles = outChannels.dividedUp(by: tile.columns)
    let mostTiles = min(WinogradKernels.gradientTiles, WinogradKernels.gradientSums / (channels * tile.columns))
    let columnItems = columnTiles.dividedUp(by: mostTiles)
    let block = min(WinogradKernels.blockCells, WinogradKernels.blockFloats / channels)
    let zeros = try device.zeros(byteCount: channels * 4)
    // Each item transforms the images of its part once for all of its columns: no more of them than it takes.
    try inParts(
      items: columnItems, wantedItems: Self.leastGradientItems, x, dy, to: dw, accumulate: accumulate
    ) { partial, parts in
      try device.launch(
        WinogradKernels.weightGradient[tile], over: Grid(columnItems, parts),
        [
          .buffer(x.buffer), .buffer(dy.buffer), .buffer(zeros), .buffer(partial.buffer), .int(batch),
          .pair(size), .int(channels), .pair(outSize), .int(outChannels), .pair(geometry.padding), .pair(cells),
          .int(block), .int(columnTiles.dividedUp(by: columnItems)), .int(parts),
        ])
    }
  }

  /// Cells of a work-item: as many as its arrays hold, whole row tiles, but fewer where there would be too few items.
  private func winogradBlock(_ cells: Int, _ tile: VectorTile, channels: Int, on device: any Device) -> Int {
    let largest = min(WinogradKernels.blockCells, WinogradKernels.blockFloats / channels)
    let even = cells / (device.properties.computeUnits * WinogradKernels.blocksPerUnit)
    return max(1, min(largest, even) / tile.rows) * tile.rows
  }
}
