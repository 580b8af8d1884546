import TelarNN

/// An array in host memory, with PyTorch's order of dimensions unless stated otherwise.
package struct HostTensor {
  package var shape: [Int]
  package var values: [Float]

  package init(_ shape: [Int], _ values: [Float]) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// The array with permuted dimensions: dimension i of the result is `order[i]` of this one.
  func permuted(_ order: [Int]) -> HostTensor {
    HostTensor(order.map { shape[$0] }, TelarNN.permuted(values, shape: shape, order: order))
  }

  /// The absolute values.
  var magnitude: HostTensor { HostTensor(shape, values.map(abs)) }
}

/// The layout of a case's tensor on the device.
enum DeviceLayout {
  case same
  /// N×C×H×W, stored as N×H×W×C on the device.
  case image
  /// A weight, with the layout of a ``ParameterLayout``.
  case weight(ParameterLayout)

  func toDevice(_ tensor: HostTensor) -> HostTensor {
    switch self {
    case .same: tensor
    case .image: tensor.permuted([0, 2, 3, 1])
    case .weight(let layout):
      HostTensor(
        layout.shape(ofPyTorch: tensor.shape), layout.values(fromPyTorch: tensor.values, shape: tensor.shape))
    }
  }

  /// - Parameter shape: the shape in PyTorch's order, for a weight.
  func fromDevice(_ tensor: HostTensor, shape: [Int]) -> HostTensor {
    switch self {
    case .same: tensor
    case .image: tensor.permuted([0, 3, 1, 2])
    case .weight(let layout): HostTensor(shape, layout.values(toPyTorch: tensor.values, shape: shape))
    }
  }
}
