/// A product of matrices, or a pass of a convolution, with its exact sizes: the unit of tuning.
///
/// Its text in tuning files is, for example, `gemm nt 100x784x512` (m × n × k, the second operand transposed), or
/// `conv2d forward 100x14x14x32>14x14x64 k3x3 s1x1 p1x1 d1x1 g1` (kernel, stride, padding, dilation, groups). All
/// passes of a convolution name its input first; a transposed convolution is the pass `transposed` of the convolution
/// that it is the gradient of.
public struct TunedProduct: Hashable, Sendable {
  public enum Operation: String, Sendable, CaseIterable {
    case gemm = "gemm nn"
    case gemmTransposedB = "gemm nt"
    case gemmTransposedA = "gemm tn"
    case gemmTransposedBoth = "gemm tt"
    case forward = "conv2d forward"
    case forwardPool = "conv2d+pool forward"
    case transposed = "conv2d transposed"
    case weightGradient = "conv2d weight_gradient"

    /// The text of the sizes, with `#` for each.
    fileprivate var template: String {
      let convolution = "#x#x#x#>#x#x# k#x# s#x# p#x# d#x# g#"
      return switch self {
      case .gemm, .gemmTransposedB, .gemmTransposedA, .gemmTransposedBoth: "#x#x#"
      case .forward, .transposed, .weightGradient: convolution
      case .forwardPool: convolution + " pool#x#"
      }
    }
  }

  public let operation: Operation
  /// In the order of the text.
  package let sizes: [Int]

  package init(_ operation: Operation, _ sizes: [Int]) {
    self.operation = operation
    self.sizes = sizes
  }

  public var text: String {
    var text = operation.rawValue + " "
    var rest = sizes[...]
    for character in operation.template {
      text += character == "#" ? String(rest.popFirst() ?? 0) : String(character)
    }
    return text
  }

  /// The product that a text describes; `nil` if it describes none.
  public init?(_ text: String) {
    guard let operation = Operation.allCases.first(where: { text.hasPrefix($0.rawValue + " ") }) else { return nil }
    let numbers = text.dropFirst(operation.rawValue.count).split { !("0"..."9" ~= $0) }.compactMap { Int($0) }
    self.init(operation, numbers)
    guard numbers.count == operation.template.count(where: { $0 == "#" }), self.text == text else { return nil }
  }
}

/// The kernel of either family that computes a product.
///
/// Its text: `vector 6x2` (rows × vectors of the register tile), or `tile 64x64x16 4x8` (rows, columns and depth of the
/// local-memory tile, then what a work-item computes).
public enum TunedKernel: Hashable, Sendable {
  case vector(rows: Int, vectors: Int)
  case tile(LocalTile)

  public var text: String {
    switch self {
    case .vector(let rows, let vectors): "vector \(rows)x\(vectors)"
    case .tile(let tile): "tile \(tile.rows)x\(tile.columns)x\(tile.depth) \(tile.itemRows)x\(tile.itemColumns)"
    }
  }

  /// The kernel that a text describes; `nil` if it describes none.
  public init?(_ text: String) {
    let numbers = text.split { !("0"..."9" ~= $0) }.compactMap { Int($0) }
    switch numbers.count {
    case 2: self = .vector(rows: numbers[0], vectors: numbers[1])
    case 5:
      self = .tile(
        LocalTile(
          rows: numbers[0], columns: numbers[1], depth: numbers[2], itemRows: numbers[3], itemColumns: numbers[4]))
    default: return nil
    }
    guard self.text == text else { return nil }
  }

  /// Whether a device has the kernel. The compiled-in clones have a few register tiles and no local memory.
  public func runs(on properties: DeviceProperties) -> Bool {
    switch self {
    case .vector(let rows, let vectors):
      properties.isCompiledIn
        ? properties.registerTiles.contains { $0.rows == rows && $0.vectors == vectors }
        : 1...16 ~= rows && 1...4 ~= vectors
    case .tile(let tile):
      !properties.isCompiledIn && LocalTile.all.contains(tile) && tile.fits(properties.traits)
    }
  }
}

extension DeviceProperties {
  /// Whether this is a clone of the kernels in the binary.
  package var isCompiledIn: Bool { !instructionSet.isEmpty }
}
