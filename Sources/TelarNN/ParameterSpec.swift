/// What a layer says of one of its tensors.
public struct ParameterSpec: Sendable, Hashable {
  /// Whether a tensor is trained, or kept up to date by the layer itself.
  public enum Role: Sendable {
    case parameter, buffer
  }

  /// PyTorch's name: `weight`, `running_mean`.
  public var name: String
  /// Shape in PyTorch's layout, which checkpoints have.
  public var shape: [Int]
  public var layout: ParameterLayout
  public var initializer: Initializer
  public var role: Role

  public init(
    _ name: String, shape: [Int], layout: ParameterLayout = .same, initializer: Initializer, role: Role = .parameter
  ) {
    self.name = name
    self.shape = shape
    self.layout = layout
    self.initializer = initializer
    self.role = role
  }

  public var count: Int { shape.reduce(1, *) }
}

/// How a tensor lies in memory here, against PyTorch's order of dimensions: the one place where the two meet.
public enum ParameterLayout: Sendable, Hashable {
  /// As PyTorch has it: vectors.
  case same
  /// PyTorch `[out, in]` → here `[in, out]`.
  case linear
  /// PyTorch `[A, B, KH, KW]` → here `[KH, KW, B, A]`: for a convolution A is the output channels and B the input
  /// channels of a group; for a transposed one A is the input channels and B the output channels of a group.
  case filter

  /// For each dimension here, the dimension of PyTorch's that it is.
  private var order: [Int]? {
    switch self {
    case .same: nil
    case .linear: [1, 0]
    case .filter: [2, 3, 1, 0]
    }
  }

  /// The shape here of a tensor that has `shape` in PyTorch.
  public func shape(ofPyTorch shape: [Int]) -> [Int] { order?.map { shape[$0] } ?? shape }

  /// Values in PyTorch's layout put into the one here.
  public func values(fromPyTorch values: [Float], shape: [Int]) -> [Float] {
    guard let order else { return values }
    return permuted(values, shape: shape, order: order)
  }

  /// Values in the layout here put into PyTorch's. `shape` is PyTorch's.
  public func values(toPyTorch values: [Float], shape: [Int]) -> [Float] {
    guard let order else { return values }
    let inverse = order.indices.map { order.firstIndex(of: $0)! }
    return permuted(values, shape: order.map { shape[$0] }, order: inverse)
  }
}

/// The elements of an array with its dimensions in another order: dimension i of the result is `order[i]` of the array.
package func permuted<Element>(_ values: [Element], shape: [Int], order: [Int]) -> [Element] {
  precondition(values.count == shape.reduce(1, *) && order.count == shape.count, "\(values.count) values for \(shape)")
  if values.isEmpty { return [] }
  var strides = [Int](repeating: 1, count: shape.count)
  for i in stride(from: shape.count - 2, through: 0, by: -1) { strides[i] = strides[i + 1] * shape[i + 1] }
  let sizes = order.map { shape[$0] }
  let steps = order.map { strides[$0] }
  var index = [Int](repeating: 0, count: shape.count)
  var source = 0
  return [Element](unsafeUninitializedCapacity: values.count) { memory, initialized in
    for i in 0..<values.count {
      memory.initializeElement(at: i, to: values[source])
      var dimension = shape.count - 1
      while dimension >= 0 {
        index[dimension] += 1
        source += steps[dimension]
        if index[dimension] < sizes[dimension] { break }
        source -= steps[dimension] * sizes[dimension]
        index[dimension] = 0
        dimension -= 1
      }
    }
    initialized = values.count
  }
}
