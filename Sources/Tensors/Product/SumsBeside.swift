/// Column sums that groups of a product's launch compute beside it, on devices of the tile family: the gradient of a bias in
/// the launch of the weight's. Kernels: `sums_beside.cl`.
struct SumsBeside {
  /// The sums: one part for each chunk that the launch cuts its own sums into.
  let parts: GradientParts
  /// Groups that a chunk takes.
  let groups: Int
  private let source: Tensor
  private let columns: Int
  /// Vectors of four columns of a group.
  private let vectors: Int

  init(_ bias: BiasGradient, chunks: Int, _ configuration: LocalTile) throws {
    source = bias.output
    columns = source.shape.last!
    // No more columns than a tile has: other items of the group share out the rows.
    vectors = min(configuration.columns / 4, powerOfTwo(from: columns.dividedUp(by: 4)))
    groups = columns.dividedUp(by: 4 * vectors)
    parts = try bias.target.parts(chunks)
  }

  /// Groups for a chunk in each of so many batches of the launch, which share them out.
  func groups(of batches: Int) -> Int { groups.dividedUp(by: batches) }

  /// The kernels' last arguments, where what is summed is an operand.
  var arguments: [KernelArgument] { [.buffer(parts.buffer), .int(vectors), .int(parts.accumulate ? 1 : 0)] }

  /// The same without sums; `any` is a buffer that the kernel takes anyway.
  static func noArguments(_ any: Buffer) -> [KernelArgument] { [.buffer(any), .int(1), .int(0)] }

  /// The kernels' last arguments, where a matrix of its own is summed.
  var matrixArguments: [KernelArgument] {
    let rows = source.count / columns
    return [
      .buffer(source.buffer), .buffer(parts.buffer), .int(rows), .int(columns), .int(rows.dividedUp(by: parts.count)),
      .int(vectors), .int(parts.accumulate ? 1 : 0),
    ]
  }

  /// The same without sums.
  static func noMatrixArguments(_ any: Buffer) -> [KernelArgument] {
    [.buffer(any), .buffer(any), .int(0), .int(1), .int(0), .int(1), .int(0)]
  }
}
