/// The sizes of a convolution or transposed convolution: every formula for them is here.
public struct ConvGeometry: Hashable, Sendable {
  /// Height and width, in that order, of the window and of the steps.
  public var kernelSize: Pair
  public var stride: Pair
  public var padding: Pair
  public var dilation: Pair
  public var groups: Int
  /// Rows and columns added at the end of a transposed convolution's output; 0 otherwise.
  public var outputPadding: Pair

  public init(
    kernelSize: Pair, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, groups: Int = 1, outputPadding: Pair = 0
  ) {
    self.kernelSize = kernelSize
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.outputPadding = outputPadding
  }

  /// Height and width of a convolution's output: (size + 2·padding − dilation·(kernelSize − 1) − 1) / stride + 1.
  public func outputSize(of size: Pair) -> Pair {
    Pair(
      (size.height + 2 * padding.height - dilation.height * (kernelSize.height - 1) - 1).floorDivided(by: stride.height)
        + 1,
      (size.width + 2 * padding.width - dilation.width * (kernelSize.width - 1) - 1).floorDivided(by: stride.width) + 1)
  }

  /// Height and width of a transposed convolution's output:
  /// (size − 1)·stride − 2·padding + dilation·(kernelSize − 1) + outputPadding + 1.
  public func transposedOutputSize(of size: Pair) -> Pair {
    Pair(
      (size.height - 1) * stride.height - 2 * padding.height + dilation.height * (kernelSize.height - 1)
        + outputPadding.height + 1,
      (size.width - 1) * stride.width - 2 * padding.width + dilation.width * (kernelSize.width - 1)
        + outputPadding.width + 1)
  }

  /// Checks the attributes themselves.
  package func validate(_ place: String, transposed: Bool) throws {
    func check(_ ok: Bool, _ problem: @autoclosure () -> String) throws {
      if !ok { throw ShapeError(place, problem()) }
    }
    try check(kernelSize.height > 0 && kernelSize.width > 0, "kernelSize \(kernelSize) must be positive")
    try check(stride.height > 0 && stride.width > 0, "stride \(stride) must be positive")
    try check(padding.height >= 0 && padding.width >= 0, "padding \(padding) must not be negative")
    try check(dilation.height > 0 && dilation.width > 0, "dilation \(dilation) must be positive")
    try check(groups > 0, "groups \(groups) must be positive")
    try check(outputPadding.height >= 0 && outputPadding.width >= 0, "outputPadding must not be negative")
    try check(
      [kernelSize, stride, padding, dilation, outputPadding].allSatisfy(\.isBounded),
      "kernelSize, stride, padding and dilation are at most \(Pair.largest)")
    try check(
      transposed || outputPadding == 0, "outputPadding is for transposed convolutions")
    try check(
      outputPadding == 0
        || (outputPadding.height < max(stride.height, dilation.height)
          && outputPadding.width < max(stride.width, dilation.width)),
      "outputPadding \(outputPadding) must be smaller than stride or dilation")
  }
}

/// The window of a pooling operator.
public struct PoolGeometry: Hashable, Sendable {
  public var kernelSize: Pair
  public var stride: Pair
  public var padding: Pair
  /// Whether an average counts the zeros of the padding.
  public var countIncludePad: Bool

  /// - Parameter stride: by default the kernel size.
  public init(kernelSize: Pair, stride: Pair? = nil, padding: Pair = 0, countIncludePad: Bool = true) {
    self.kernelSize = kernelSize
    self.stride = stride ?? kernelSize
    self.padding = padding
    self.countIncludePad = countIncludePad
  }

  /// Height and width of the output: (size + 2·padding − kernelSize) / stride + 1.
  public func outputSize(of size: Pair) -> Pair {
    Pair(
      (size.height + 2 * padding.height - kernelSize.height).floorDivided(by: stride.height) + 1,
      (size.width + 2 * padding.width - kernelSize.width).floorDivided(by: stride.width) + 1)
  }

  /// The output's shape for an input `[N, H, W, C]`.
  ///
  /// - Throws: ``ShapeError`` for attributes that make no sense and for a window larger than the padded image.
  public func outputShape(of shape: [Int], _ place: String) throws -> [Int] {
    guard shape.count == 4 else { throw ShapeError(place, "the input must be [N, H, W, C], not \(shape)") }
    guard kernelSize.height > 0, kernelSize.width > 0, stride.height > 0, stride.width > 0 else {
      throw ShapeError(place, "kernelSize \(kernelSize) and stride \(stride) must be positive")
    }
    guard padding.height >= 0, padding.width >= 0, padding.height <= kernelSize.height / 2,
      padding.width <= kernelSize.width / 2
    else { throw ShapeError(place, "padding \(padding) must be at most half of kernelSize \(kernelSize)") }
    guard kernelSize.isBounded, stride.isBounded, padding.isBounded else {
      throw ShapeError(place, "kernelSize, stride and padding are at most \(Pair.largest)")
    }
    let size = outputSize(of: Pair(shape[1], shape[2]))
    guard size.height > 0, size.width > 0 else {
      throw ShapeError(place, "a window of \(kernelSize) does not fit an image of \(shape[1])×\(shape[2])")
    }
    return [shape[0], size.height, size.width, shape[3]]
  }
}

/// A height and a width; an integer literal means both.
public struct Pair: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  public init(integerLiteral value: Int) { self.init(value, value) }

  /// The same number for both.
  public init(both value: Int) { self.init(value, value) }

  /// The largest attribute of a window: no sum of positions of such windows in an image overflows.
  package static let largest = 1 << 24

  fileprivate var isBounded: Bool { max(height, width) <= Self.largest }

  public var description: String { height == width ? "\(height)" : "\(height)×\(width)" }
}

extension Int {
  /// The quotient rounded down, also for negative numbers.
  func floorDivided(by divisor: Int) -> Int {
    let quotient = self / divisor
    return self % divisor != 0 && (self < 0) != (divisor < 0) ? quotient - 1 : quotient
  }
}
