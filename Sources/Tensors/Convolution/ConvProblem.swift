/// One convolution y = conv2d(x, w) with its sizes, and the launches of its three passes.
///
/// A transposed convolution uses the same passes with x and y exchanged: its output is this x.
package struct ConvProblem {
  /// Sizes of x `[batch, size, channels]`.
  var batch: Int
  var size: Pair
  var channels: Int
  /// Sizes of y `[batch, outSize, outChannels]`.
  var outSize: Pair
  var outChannels: Int
  var geometry: ConvGeometry

  init(batch: Int, size: Pair, channels: Int, outSize: Pair, outChannels: Int, geometry: ConvGeometry) {
    self.batch = batch
    self.size = size
    self.channels = channels
    self.outSize = outSize
    self.outChannels = outChannels
    self.geometry = geometry
    // Of a step longer than the image only the first position is ever taken, so its length means nothing; cut, it
    // cannot overflow a kernel's indices.
    self.geometry.stride = geometry.stride.cut(to: paddedSize)
    self.geometry.dilation = geometry.dilation.cut(to: paddedSize)
  }

  var paddedSize: Pair {
    Pair(size.height + 2 * geometry.padding.height, size.width + 2 * geometry.padding.width)
  }
  /// The shape of y.
  package var outShape: [Int] { [batch, outSize.height, outSize.width, outChannels] }
  var taps: Int { geometry.kernelSize.height * geometry.kernelSize.width }
  var groupChannels: Int { channels / geometry.groups }
  var groupOutChannels: Int { outChannels / geometry.groups }
  /// `[KH, KW, channels / groups, outChannels]`, of the convolution and of its transposed alike.
  var weightShape: [Int] { [geometry.kernelSize.height, geometry.kernelSize.width, groupChannels, outChannels] }
  var weightCount: Int { weightShape.reduce(1, *) }

  /// Multiply-adds of a pass count double.
  package var flops: Double {
    2 * Double(batch * outSize.height * outSize.width) * Double(outChannels) * Double(taps * groupChannels)
  }
  package var bytes: Double {
    4
      * Double(
        batch * size.height * size.width * channels + batch * outSize.height * outSize.width * outChannels
          + weightCount)
  }

  /// Checks what every kernel relies on: 32-bit indices and 15-bit image sizes.
  func validate(_ place: String) throws {
    for side in [paddedSize.height, paddedSize.width, outSize.height, outSize.width] where side > 32_767 {
      throw ShapeError(place, "an image side of \(side) is more than 32,767")
    }
    for shape in [[batch, paddedSize.height, paddedSize.width, channels], outShape, weightShape] {
      try checkedCount(place, shape)
    }
  }
}

extension Int {
  /// The quotient rounded up, of numbers that are not negative.
  package func dividedUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}

extension Pair {
  fileprivate func cut(to limit: Pair) -> Pair { Pair(min(height, limit.height), min(width, limit.width)) }
}

extension KernelArgument {
  /// A height and a width in one argument, each below 32,768.
  package static func pair(_ pair: Pair) -> KernelArgument { .int(pair.height << 16 | pair.width) }
}
