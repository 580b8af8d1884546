/// The kernel that a product is launched with, of the family that suits the device or that its tuning names.
enum ProductKernel {
  case vector(RegisterTile)
  case tile(LocalTile)

  fileprivate var tuned: TunedKernel {
    switch self {
    case .vector(let tile): .vector(rows: tile.rows, vectors: tile.vectors)
    case .tile(let configuration): .tile(configuration)
    }
  }
}

extension Device {
  /// The kernel for `batches` products of m × n: what the device's tuning says of `product`, or else its properties.
  ///
  /// - Parameter k: the terms of a sum; `nil` where sums that are cut need no pass of their own.
  func kernel(
    m: Int, n: Int, k: Int?, batches: Int = 1, upTo largest: LocalTile = .large,
    for product: @autoclosure () -> TunedProduct
  ) -> ProductKernel {
    let own: ProductKernel =
      traits.family == .tile
      ? .tile(.best(m: m, n: n, k: k, batches: batches, upTo: largest, on: traits))
      : .vector(traits.registerTile(forColumns: n))
    return tuning.isEmpty ? own : tuned(product(), own)
  }

  /// The register tile for a product of n columns that only the vector family has a kernel for.
  func registerTile(forColumns n: Int, for product: @autoclosure () -> TunedProduct) -> RegisterTile {
    let own = traits.registerTile(forColumns: n)
    guard !tuning.isEmpty, case .vector(let tile) = tuned(product(), .vector(own)) else { return own }
    return tile
  }

  private func tuned(_ product: TunedProduct, _ own: ProductKernel) -> ProductKernel {
    tuning.log?.add(product, own.tuned)
    switch tuning.choices[product] {
    case .vector(let rows, let vectors)?:
      return .vector(RegisterTile(width: traits.vectorWidth, rows: rows, vectors: vectors))
    case .tile(let configuration)? where configuration.fits(traits): return .tile(configuration)
    case .tile, nil: return own
    }
  }
}

extension GemmProblem {
  var product: TunedProduct {
    let operation: TunedProduct.Operation =
      switch (a.columnStep == 1, b.columnStep == 1) {
      case (true, true): .gemm
      case (true, false): .gemmTransposedB
      case (false, true): .gemmTransposedA
      case (false, false): .gemmTransposedBoth
      }
    return TunedProduct(operation, [m, n, k])
  }
}

extension ConvProblem {
  /// A pass of this convolution; `pool` is the window of the max-pooling behind it.
  func product(_ operation: TunedProduct.Operation, pool: Pair? = nil) -> TunedProduct {
    let g = geometry
    return TunedProduct(
      operation,
      [
        batch, size.height, size.width, channels, outSize.height, outSize.width, outChannels, g.kernelSize.height,
        g.kernelSize.width, g.stride.height, g.stride.width, g.padding.height, g.padding.width, g.dilation.height,
        g.dilation.width, g.groups,
      ] + (pool.map { [$0.height, $0.width] } ?? []))
  }

  /// The convolution whose pass has these sizes.
  init(sizes s: [Int]) {
    self.init(
      batch: s[0], size: Pair(s[1], s[2]), channels: s[3], outSize: Pair(s[4], s[5]), outChannels: s[6],
      geometry: ConvGeometry(
        kernelSize: Pair(s[7], s[8]), stride: Pair(s[9], s[10]), padding: Pair(s[11], s[12]),
        dilation: Pair(s[13], s[14]), groups: s[15]))
  }
}
