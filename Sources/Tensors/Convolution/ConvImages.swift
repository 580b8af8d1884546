import CKernels

/// Convolutions by register tiles whose rows are images of the batch, so that all rows share their windows' padding; by
/// themselves and with the max-pooling behind them. Kernels in `conv2d_batch.cl`.
enum ConvImagesKernels {
  static let forward = RegisterTileKernel("conv2d_batch", "conv2d_batch")
  static let pool = RegisterTileKernel("conv2d_batch", "conv2d_pool")
  /// The largest window that `conv2d_pool` takes.
  static let largestWindow = Int(CONV2D_POOL_LARGEST_WINDOW)
  /// Bytes of packed weights up to which the tiles of a row of pixels follow one another: they stay in the L2 cache,
  /// beside the images.
  static let cachedWeightBytes = 256 << 10
}

extension ConvProblem {
  /// Whether the batch is large enough for tiles whose rows are images to be mostly full.
  func fillsTiles(_ traits: DeviceTraits) -> Bool { batch >= 4 * traits.registerTiles[0].rows }

  /// The forward pass. Two launches.
  func enqueueImages(_ tile: RegisterTile, _ operands: ConvOperands) throws {
    try enqueueImages(
      tile, operands, from: operands.x, size, channels, to: operands.y, outSize, outChannels, isTransposed: false)
  }

  /// The transposed pass. Two launches.
  func enqueueImagesTransposed(_ tile: RegisterTile, _ operands: ConvOperands) throws {
    try enqueueImages(
      tile, operands, from: operands.y, outSize, outChannels, to: operands.x, size, channels, isTransposed: true)
  }

  /// Either pass; the arguments are named for a convolution from `source` to `target`.
  private func enqueueImages(
    _ tile: RegisterTile, _ operands: ConvOperands, from source: Tensor, _ sourceSize: Pair, _ sourceChannels: Int,
    to target: Tensor, _ targetSize: Pair, _ targetChannels: Int, isTransposed: Bool
  ) throws {
    let device = operands.device
    let tiles = try imageTiles(
      tile, operands, columns: targetChannels, isTransposed: isTransposed, rows: targetSize.height)
    device.profiler?.declare(flops: flops, bytes: bytes)
    try device.launch(
      ConvImagesKernels.forward[tile], over: tiles.grid,
      [
        .buffer(source.buffer), .buffer(tiles.packed.buffer), .buffer(target.buffer), .int(batch), .pair(sourceSize),
        .int(sourceChannels), .pair(targetSize), .int(targetChannels), .pair(geometry.kernelSize),
        .pair(geometry.stride), .pair(geometry.padding), .pair(geometry.dilation), .int(geometry.groups),
        .int(tiles.isColumnLast ? 1 : 0), .int(isTransposed ? 1 : 0),
      ] + operands.epilogue.arguments(writing: target.buffer))
  }

  /// The weight and bias packed for the tile, and the grid over column tiles, rows of pixels and images with its order;
  /// see `conv2d_batch.cl`.
  fileprivate func imageTiles(
    _ tile: RegisterTile, _ operands: ConvOperands, columns: Int, isTransposed: Bool, rows: Int
  ) throws -> (packed: Tensor, grid: Grid, isColumnLast: Bool) {
    let groupColumns = columns / geometry.groups
    let packed = try packedWeights(operands, columns: groupColumns, tile, isTransposed: isTransposed)
    let isColumnLast = packed.count * 4 > ConvImagesKernels.cachedWeightBytes
    let columnTiles = groupColumns.dividedUp(by: tile.columns) * geometry.groups
    let imageTiles = batch.dividedUp(by: tile.rows)
    let grid = isColumnLast ? Grid(rows, imageTiles, columnTiles) : Grid(columnTiles, rows, imageTiles)
    return (packed, grid, isColumnLast)
  }
}

extension ConvPoolProblem {
  /// Whether tiles of images can be pooled as they are convolved.
  func fitsImages(_ traits: DeviceTraits) -> Bool {
    hasWindowsApart(traits) && convolution.fillsTiles(traits)
      && max(pool.kernelSize.height, pool.kernelSize.width) <= ConvImagesKernels.largestWindow
  }

  /// The convolution, pooled. Two launches.
  func enqueueImages(_ tile: RegisterTile, _ operands: ConvPoolOperands) throws {
    let (conv, geometry) = (convolution, convolution.geometry)
    let (x, y) = (operands.x, operands.y)
    let tiles = try conv.imageTiles(
      tile, operands.convolution, columns: conv.outChannels, isTransposed: false, rows: y.shape[1])
    x.device.profiler?.declare(flops: conv.flops, bytes: Double(x.count + y.count + operands.weight.count) * 4)
    try x.device.launch(
      ConvImagesKernels.pool[tile], over: tiles.grid,
      [
        .buffer(x.buffer), .buffer(tiles.packed.buffer), .buffer(y.buffer), .buffer(operands.argmax),
        .int(conv.batch), .pair(conv.size), .int(conv.channels), .pair(Pair(y.shape[1], y.shape[2])),
        .int(conv.outChannels), .pair(geometry.kernelSize), .pair(geometry.stride), .pair(geometry.padding),
        .pair(geometry.dilation), .int(geometry.groups), .pair(pool.kernelSize), .int(tiles.isColumnLast ? 1 : 0),
        .int(operands.keep ? 1 : 0),
      ] + operands.activation.arguments)
  }
}
