import CKernels

/// Convolutions with 3×3 filters and stride 1 in fewer products, on devices of the vector family. Kernels in
/// `winograd.cl`, which says how.
enum WinogradKernels {
  static let filters = Kernel("conv2d_prepare", "winograd_filters")
  static let forward = RegisterTileKernel("winograd", "winograd_forward")
  static let weightGradient = RegisterTileKernel("winograd", "winograd_weight_gradient")

  /// Products that take the place of the 36 of four outputs.
  static let points = Int(WINOGRAD_POINTS)
  /// The most that a block holds, of a point's inputs and of output tiles.
  static let (blockFloats, blockTiles) = (Int(WINOGRAD_FLOATS), Int(WINOGRAD_TILES))
  /// The most that a work-item of the weight gradient has, of column tiles and of a point's sums.
  static let (gradientTiles, gradientSums) = (Int(WINOGRAD_GRADIENT_COLUMN_TILES), Int(WINOGRAD_GRADIENT_SUMS))
  /// Fewer channels than this, on either side, do not pay for the transforms.
  static let leastChannels = 16
  /// Blocks of output tiles for each of a processor's threads, so that they finish together.
  static let blocksPerUnit = 8
}

extension ConvProblem {
  /// Whether a pass whose outputs, or whose outputs' gradients, have this size takes fewer products by Winograd's
  /// algorithm, with a tile of the vector family. A block of output tiles lies in private memory.
  func isWinograd(outputs: Pair, _ tile: RegisterTile, _ traits: DeviceTraits) -> Bool {
    let outputTiles = outputs.height.dividedUp(by: 2) * outputs.width.dividedUp(by: 2)
    return traits.hasLargePrivateMemory && geometry.kernelSize == 3 && geometry.stride == 1 && geometry.dilation == 1
      && geometry.groups == 1
      && geometry.padding.height <= 2 && geometry.padding.width <= 2
      && min(channels, outChannels) >= WinogradKernels.leastChannels
      && channels % tile.width == 0 && outChannels % tile.width == 0
      && max(channels, outChannels) <= WinogradKernels.blockFloats / tile.rows
      // Outputs of odd size leave output tiles partly empty; no more than three quarters of the products may remain.
      && 4 * WinogradKernels.points * outputTiles <= 3 * 9 * outputs.height * outputs.width
  }

  /// The forward pass. Two launches.
  func enqueueWinograd(_ tile: RegisterTile, _ operands: ConvOperands) throws {
    try enqueueWinograd(
      tile, operands, from: operands.x, size, channels, to: operands.y, outSize, outChannels,
      padding: geometry.padding, isTransposed: false, argmax: nil)
  }

  /// The transposed pass. Two launches.
  func enqueueWinogradTransposed(_ tile: RegisterTile, _ operands: ConvOperands) throws {
    let padding = Pair(2 - geometry.padding.height, 2 - geometry.padding.width)
    try enqueueWinograd(
      tile, operands, from: operands.y, outSize, outChannels, to: operands.x, size, channels, padding: padding,
      isTransposed: true, argmax: nil)
  }

  /// Either pass; the arguments are named for a convolution from `source` to `target`, or to its pooled output.
  fileprivate func enqueueWinograd(
    _ tile: RegisterTile, _ operands: ConvOperands, from source: Tensor, _ sourceSize: Pair, _ sourceChannels: Int,
    to target: Tensor, _ targetSize: Pair, _ targetChannels: Int, padding: Pair, isTransposed: Bool,
    argmax: (buffer: Buffer, keep: Bool)?
  ) throws {
    let device = source.device
    let filters = try winogradFilters(
      tile, operands.weight, from: sourceChannels, to: targetChannels, isTransposed: isTransposed)
    let outputTiles =
      argmax == nil ? Pair(targetSize.height.dividedUp(by: 2), targetSize.width.dividedUp(by: 2)) : targetSize
    let all = batch * outputTiles.height * outputTiles.width
    let block = winogradBlock(all, tile, channels: sourceChannels, device.traits)
    let zeros = try device.zeros(byteCount: max(sourceChannels, targetChannels) * 4)
    device.profiler?.declare(
      flops: flops, bytes: Double(source.count + target.count + operands.weight.count) * 4)
    try device.launch(
      WinogradKernels.forward[tile], over: Grid(all.dividedUp(by: block)),
      [
        .buffer(source.buffer), .buffer(filters.buffer), .buffer(operands.bias?.buffer ?? zeros), .buffer(zeros),
        .buffer(target.buffer), .buffer(argmax?.buffer ?? target.buffer), .int(batch), .pair(sourceSize),
        .int(sourceChannels), .pair(targetSize), .int(targetChannels), .pair(padding), .pair(outputTiles), .int(block),
        .int(argmax == nil ? 0 : 1), .int(argmax?.keep == true ? 1 : 0),
      ] + operands.epilogue.arguments(writing: target.buffer))
  }

  /// The transformed filters in panels of a tile's columns. One launch; none in evaluation where they are there already.
  private func winogradFilters(
    _ tile: RegisterTile, _ weight: Tensor, from sourceChannels: Int, to targetChannels: Int, isTransposed: Bool
  ) throws -> Tensor {
    let device = weight.device
    let panels = targetChannels.dividedUp(by: tile.columns)
    let key = PreparedWeight.Key(
      kind: isTransposed ? .transposedWinograd : .winograd, columns: tile.columns, groups: 1)
    return try weight.prepared(key, with: nil) {
      let filters = try device.tensor([panels, WinogradKernels.points, sourceChannels, tile.columns])
      device.profiler?.declare(flops: 0, bytes: Double(weight.count + filters.count) * 4)
      try device.launch(
        WinogradKernels.filters, over: Grid(sourceChannels, panels),
        [
          .buffer(weight.buffer), .buffer(filters.buffer), .int(targetChannels), .int(sourceChannels),
          .int(tile.columns), .int(isTransposed ? 1 : 0),
        ])
      return filters
    }
  }

  /// Whether Winograd's algorithm can sum the weight gradient: the sums of two column tiles must have room, and whole and
  /// low row tiles together must fit the channels. A tap at the edge of the filter meets one of two rows or columns: where
  /// that holds zeros, its gradient must be zero, and the transforms would leave a rounding error.
  func isWinogradGradient(_ tile: RegisterTile, _ traits: DeviceTraits) -> Bool {
    let left = channels % tile.rows
    let lowTiles = left == 0 ? 0 : (tile.rows - left) / 2
    return min(outSize.height, outSize.width) > 2 && isWinograd(outputs: outSize, tile, traits)
      && 2 * channels * tile.columns <= WinogradKernels.gradientSums && lowTiles * (tile.rows - 2) <= channels
  }

  /// The weight gradient. Two launches, or one where the batch is one part.
  func enqueueWinogradGradient(_ tile: RegisterTile, _ operands: ConvGradientOperands) throws {
    let device = operands.device
    let outputTiles = Pair(outSize.height.dividedUp(by: 2), outSize.width.dividedUp(by: 2))
    let columnTiles = outChannels.dividedUp(by: tile.columns)
    let mostTiles = min(WinogradKernels.gradientTiles, WinogradKernels.gradientSums / (channels * tile.columns))
    let columnItems = columnTiles.dividedUp(by: mostTiles)
    let block = min(WinogradKernels.blockTiles, WinogradKernels.blockFloats / channels)
    let zeros = try device.zeros(byteCount: channels * 4)
    // Each item transforms the images of its part once for all of its columns: no more of them than it takes.
    try inParts(items: columnItems, wantedItems: Self.leastGradientItems, operands) { partial, parts in
      try device.launch(
        WinogradKernels.weightGradient[tile], over: Grid(columnItems, parts),
        [
          .buffer(operands.x.buffer), .buffer(operands.dy.buffer), .buffer(zeros), .buffer(partial.buffer),
          .int(batch), .pair(size), .int(channels), .pair(outSize), .int(outChannels), .pair(geometry.padding),
          .pair(outputTiles), .int(block), .int(columnTiles.dividedUp(by: columnItems)), .int(parts),
        ])
    }
  }

  /// Output tiles of a work-item: as many as its arrays hold, whole row tiles, but fewer where there would be too few items.
  private func winogradBlock(_ outputTiles: Int, _ tile: RegisterTile, channels: Int, _ traits: DeviceTraits) -> Int {
    let largest = min(WinogradKernels.blockTiles, WinogradKernels.blockFloats / channels)
    let even = outputTiles / (traits.computeUnits * WinogradKernels.blocksPerUnit)
    return max(1, min(largest, even) / tile.rows) * tile.rows
  }
}

extension ConvPoolProblem {
  /// Whether Winograd's algorithm computes the convolution, whose tiles of 2×2 outputs are the pool's windows.
  func isWinograd(_ tile: RegisterTile, _ traits: DeviceTraits) -> Bool {
    pool.kernelSize == 2 && fitsImages(traits)
      && convolution.isWinograd(outputs: convolution.outSize, tile, traits)
  }

  /// The convolution, pooled. Two launches.
  func enqueueWinograd(_ tile: RegisterTile, _ operands: ConvPoolOperands) throws {
    try convolution.enqueueWinograd(
      tile, operands.convolution, from: operands.x, convolution.size, convolution.channels, to: operands.y,
      Pair(operands.y.shape[1], operands.y.shape[2]), convolution.outChannels, padding: convolution.geometry.padding,
      isTransposed: false, argmax: (operands.argmax, operands.keep))
  }
}
