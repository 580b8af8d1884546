/// Kernels in `columns.cl`.
private enum ColumnKernels {
  static let copy = Kernel("columns", "copy_columns")
}

/// Tensors side by side in their last dimension: the channels of images, or features.
///
/// - Shapes: `[…, C₁]`, `[…, C₂]`, … → `[…, C₁ + C₂ + …]`
/// - Throws: ``ShapeError`` when other dimensions than the last differ.
/// - Cost: a launch for each tensor, and one for each gradient.
/// - Source: semantics of torch.cat over the channels.
public func concatenate(_ tensors: [Tensor]) throws -> Tensor {
  precondition(!tensors.isEmpty, "a concatenation of nothing")
  if tensors.count == 1 { return tensors[0] }
  let leading = tensors[0].shape.dropLast(), rows = leading.reduce(1, *)
  for tensor in tensors where tensor.shape.dropLast() != leading {
    throw ShapeError("concatenate", "\(tensor.shape) does not fit beside \(tensors[0].shape)")
  }
  let columns = tensors.reduce(0) { $0 + $1.shape.last! }
  try checkIndexable("concatenate", rows * columns)
  let device = tensors[0].device, y = try device.tensor(leading + [columns])
  var first = 0
  var places: [(tensor: Tensor, first: Int)] = []
  for tensor in tensors {
    let count = tensor.shape.last!
    try copyColumns(count, of: tensor, from: 0, to: y, at: first)
    places.append((tensor, first))
    first += count
  }
  guard let tape = Tape.current, tensors.contains(where: \.requiresGradient) else { return y }
  tape.record(y) { dy in
    for (tensor, first) in places where tensor.requiresGradient {
      let dx = try device.tensor(tensor.shape)
      try copyColumns(tensor.shape.last!, of: dy, from: first, to: dx, at: 0)
      try tape.accumulate(dx, into: tensor)
    }
  }
  return y
}

/// Copies columns of a matrix, whose rows are all dimensions but the last, into another of as many rows. One launch.
func copyColumns(_ count: Int, of source: Tensor, from: Int, to target: Tensor, at first: Int) throws {
  let device = source.device, rows = source.count / source.shape.last!
  try device.launch(
    ColumnKernels.copy, over: device.planeGrid(device.vectors(in: count), rows), moving: 2 * rows * count,
    [
      .buffer(source.buffer), .buffer(target.buffer), .int(rows), .int(count), .int(source.shape.last!), .int(from),
      .int(target.shape.last!), .int(first),
    ])
}
