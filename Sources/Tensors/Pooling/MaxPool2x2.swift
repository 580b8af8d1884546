/// Max-pooling by 2×2 windows, ReLU and dropout in one operator of the tile family. Kernel in `pool_tile.cl`.
private let maxPool2x2Kernel = Kernel("pool_tile", "pool_max_relu_2x2_tile", options: ["VECTOR_WIDTH": 4])

/// What is done to the values of windows around their pooling.
package struct WindowFunction {
  let isReLU: Bool
  /// Dropout behind ReLU.
  let dropout: DropoutMask?
  /// Whether ReLU and dropout come before the pooling.
  let isBefore: Bool

  package init(isReLU: Bool, dropout: DropoutMask? = nil, isBefore: Bool = false) {
    precondition(dropout == nil || isReLU, "dropout without ReLU around a pooling")
    (self.isReLU, self.dropout, self.isBefore) = (isReLU, dropout, isBefore && dropout != nil)
  }

  static let windows = PoolGeometry(kernelSize: 2)

  /// The gradient of the windows' values from that of the pooled ones. One launch.
  func gradient(_ dy: Tensor, argmax: Buffer, inputShape: [Int]) throws -> Tensor {
    try maxPool2dGradient(dy, argmax: argmax, Self.windows, inputShape: inputShape, scale: dropout?.scale ?? 1)
  }

  /// The kernels' last arguments: keep, drops_first, and an epilogue's without what is read.
  func arguments(writing target: Buffer, keep: Bool, on device: any Device) throws -> [KernelArgument] {
    let epilogue: Epilogue = dropout.map { .reluDropout($0) } ?? .activation(isReLU ? .relu : .none)
    return try [.int(keep ? 1 : 0), .int(isBefore ? 1 : 0)]
      + epilogue.tileArguments(writing: target, on: device).dropFirst()
  }
}

extension DeviceTraits {
  /// Whether the family has kernels that pool by these windows together with what is around them.
  package func poolsIn2x2(_ pool: PoolGeometry) -> Bool { !isVector && pool.isTiling && pool.kernelSize == 2 }
}

extension FusedOps {
  /// Max-pooling of x by 2×2 windows, with ReLU and dropout before or behind it.
  ///
  /// - Shapes: x `[N, H, W, C]` → `[N, H/2, W/2, C]`
  /// - Precondition: ``DeviceTraits/poolsIn2x2(_:)``.
  /// - Throws: ``ShapeError`` as the operators do.
  /// - Cost: one launch, and one for the gradient.
  package static func maxPool2x2(_ x: Tensor, _ window: WindowFunction) throws -> Tensor {
    let y = try x.device.tensor(checkedPoolShape(x.shape, WindowFunction.windows, "maxPool2d"))
    let tape = Tape.of(x)
    let argmax = try tape == nil ? y.buffer : x.device.allocate(byteCount: y.count * 2)
    try enqueueMaxPool2x2(MaxPool2x2Operands(x: x, y: y, argmax: argmax, keep: tape != nil, window: window))
    if let tape {
      tape.record(y) { dy in
        try tape.accumulate(window.gradient(dy, argmax: argmax, inputShape: x.shape), into: x)
      }
    }
    return y
  }
}

/// The tensors of such a pooling.
struct MaxPool2x2Operands {
  var x, y: Tensor
  /// Written where `keep` says so.
  var argmax: Buffer
  var keep: Bool
  var window: WindowFunction
}

/// The pooled values and their argmax, which is none where no gradient passes. One launch.
func enqueueMaxPool2x2(_ operands: MaxPool2x2Operands) throws {
  let (x, y) = (operands.x, operands.y), device = x.device
  try device.launch(
    maxPool2x2Kernel, over: device.planeGrid(y.shape[2] * device.vectors(in: y.shape[3]), y.shape[0] * y.shape[1]),
    moving: x.count + y.count + (operands.keep ? y.count / 2 : 0),
    [.buffer(x.buffer), .buffer(y.buffer), .buffer(operands.argmax)] + x.shape.map { .int($0) }
      + operands.window.arguments(writing: y.buffer, keep: operands.keep, on: device))
}
