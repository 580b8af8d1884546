@_exported import Compute

/// An array of 32-bit floats on a device, with a shape.
///
/// Images are `[N, H, W, C]` (channels last), features `[N, F]`. A tensor's values are written once, by the operator
/// that makes it; parameters and their gradients are the exception.
public final class Tensor {
  public let shape: [Int]
  public let buffer: Buffer

  /// Where the gradient of a parameter is gathered; `nil` for other tensors.
  public let gradient: GradientSlot?

  /// Whether a gradient is wanted: of parameters that train, and of whatever was computed from one while a tape recorded.
  public internal(set) var requiresGradient: Bool

  /// Whether the sums over everything but the last axis are known to be zero, but for rounding: of the gradient that a
  /// batch normalisation passes back, whose mean it has subtracted.
  var columnsCancel = false

  /// Whether this is a network's parameter, whose values change by optimizers and by ``Buffer/write(_:at:)`` only.
  package var isParameter = false

  /// Forms of a parameter that kernels read; see ``prepared(_:with:_:)``.
  var preparedForms: [PreparedWeight.Key: PreparedWeight] = [:]

  public var device: any Device { buffer.device }
  public var count: Int { shape.reduce(1, *) }

  package init(shape: [Int], buffer: Buffer, gradient: GradientSlot? = nil, requiresGradient: Bool = false) {
    precondition(shape.reduce(1, *) * 4 <= buffer.byteCount, "shape \(shape) is larger than its buffer")
    self.shape = shape
    self.buffer = buffer
    self.gradient = gradient
    self.requiresGradient = requiresGradient
  }

  /// The same values under another shape of as many elements, with no gradient recorded.
  package func viewed(as shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "\(self.shape) cannot be viewed as \(shape)")
    return Tensor(shape: shape, buffer: buffer)
  }

  /// The values, in row-major order of the shape. Waits for the device.
  public func values() throws -> [Float] { try buffer.read(Float.self, count: count) }

  /// The only value of a tensor with one element. Waits for the device.
  public func item() throws -> Float {
    precondition(count == 1, "item() of a tensor of shape \(shape)")
    return try values()[0]
  }
}

extension Device {
  /// A tensor with undefined values, for a kernel to fill.
  public func tensor(_ shape: [Int]) throws -> Tensor {
    Tensor(shape: shape, buffer: try allocate(byteCount: max(4, shape.reduce(1, *) * 4)))
  }

  /// A tensor with the given values in row-major order.
  public func tensor(_ shape: [Int], _ values: [Float]) throws -> Tensor {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
    let tensor = try tensor(shape)
    try tensor.buffer.write(values)
    return tensor
  }

  /// A tensor of zeros.
  public func zeros(_ shape: [Int]) throws -> Tensor { try filled(shape, with: 0) }

  /// A tensor with the same value everywhere.
  public func filled(_ shape: [Int], with value: Float) throws -> Tensor {
    let tensor = try tensor(shape)
    try fill(tensor.buffer, at: 0, byteCount: tensor.count * 4, pattern: value.bitPattern)
    return tensor
  }
}
