extension ConvProblem {
  /// Whether filters neither overlap nor leave gaps: each pixel of y then makes a block of x of its own.
  var tilesOutputs: Bool {
    geometry.kernelSize == geometry.stride && geometry.dilation == 1 && geometry.padding == 0 && geometry.groups == 1
      && size == Pair(outSize.height * geometry.stride.height, outSize.width * geometry.stride.width)
  }

  /// The transposed pass to such blocks: for each row of a filter a product of y with the weights of that row. Its rows
  /// are the pixels of a block's row, channels behind one another, and those of a row of y make a row of x. One launch,
  /// or two for a large product by filters of one row.
  func enqueueTiledOutputs(_ operands: ConvOperands) throws {
    let columns = geometry.kernelSize.width * channels
    var product = GemmProblem(
      m: batch * outSize.height * outSize.width, n: columns, k: outChannels,
      a: MatrixView(buffer: operands.y.buffer, rowStep: outChannels, columnStep: 1),
      b: MatrixView(buffer: operands.weight.buffer, rowStep: 1, columnStep: outChannels), out: operands.x.buffer,
      bias: operands.bias?.buffer, epilogue: operands.epilogue)
    (product.batch, product.batchStep) = (geometry.kernelSize.height, columns * outChannels)
    (product.groupRows, product.biasCount) = (outSize.width, operands.bias == nil ? columns : channels)
    try product.enqueue(on: operands.device)
  }
}
