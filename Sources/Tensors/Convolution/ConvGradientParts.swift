extension ConvProblem {
  /// dweight (+)= the sum of the parts of the weight gradient that `launch` writes, in `items` work-items for each part.
  /// One launch more, except for a single part.
  func inParts(
    items: Int, wantedItems: Int = wantedGradientItems, _ operands: ConvGradientOperands,
    launch: (_ partial: Tensor, _ parts: Int) throws -> Void
  ) throws {
    let imageBytes = (operands.x.count + operands.dy.count) * 4
    let parts = gradientParts(imageBytes: imageBytes, items: items, wantedItems: wantedItems)
    let isWhole = parts == 1 && !operands.accumulate
    let partial = isWhole ? operands.dweight : try operands.device.tensor([parts] + weightShape)
    operands.device.profiler?.declare(flops: flops, bytes: bytes)
    try launch(partial, parts)
    if !isWhole { try addParts(partial.buffer, count: parts, to: operands.dweight, accumulate: operands.accumulate) }
  }

  /// Parts of the batch that the weight gradient is summed over one by one. As many as let the images of a part stay in
  /// the L2 cache, where the tiles that pass over them find them, or as make the wanted work-items, while the parts' own
  /// sums are little to write and add beside the images; in any case enough for the least work-items. The number depends
  /// on the shapes alone, and so does the result.
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

  /// Bytes of x and dy that a part of the weight gradient passes over.
  private static let partBytes = 256 << 10
  /// How much more than its sums a part of the weight gradient has to read.
  private static let imagesPerSum = 16
  /// Work-items of the weight gradient that keep a processor's threads busy, of many cores and of few.
  static let wantedGradientItems = 64
  static let leastGradientItems = 16
}
