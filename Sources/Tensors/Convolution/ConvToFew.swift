/// Transposed convolutions to few channels, which a register tile would be mostly empty of. Kernels in `conv2d_dot.cl`.
enum ConvToFewKernels {
  static let dot = Kernel("conv2d_dot", "conv2d_transposed_dot")
  static let collect = Kernel("conv2d_dot", "conv2d_collect")
  /// Channels of a group up to which a register tile is not worth it.
  static let fewChannels = 2
  /// Products up to which they are stored before they are added: a large filter on a large image would take too much
  /// memory.
  static let mostProducts = 64 << 20
}

extension ConvProblem {
  /// Whether groups have few channels, and the vector family is chosen. Its kernels for them have no tile, so a device of
  /// that family is not asked for one.
  func hasFewChannels(_ choice: KernelChoice) -> Bool {
    groupChannels <= ConvToFewKernels.fewChannels && (choice.traits.isVector || choice.registerTile != nil)
  }

  /// Whether the products of every tap with every pixel of y can be stored.
  var hasFewProducts: Bool {
    geometry.groups == 1 && batch * outSize.height * outSize.width * taps * channels <= ConvToFewKernels.mostProducts
  }

  /// The transposed pass by products of every tap with every pixel of y, then their sums. Two launches.
  func enqueueTransposedByProducts(_ operands: ConvOperands) throws {
    let (device, x, y) = (operands.device, operands.x, operands.y)
    let pixels = outSize.height * outSize.width
    let products = try device.tensor([batch, taps * channels, pixels])
    var product = GemmProblem(
      m: taps * channels, n: pixels, k: outChannels,
      a: MatrixView(buffer: operands.weight.buffer, rowStep: outChannels, columnStep: 1),
      b: MatrixView(buffer: y.buffer, rowStep: 1, columnStep: outChannels), out: products.buffer)
    (product.batch, product.batchStep) = (batch, pixels * outChannels)
    try product.enqueue(on: device)
    device.profiler?.declare(flops: Double(products.count), bytes: Double(products.count + x.count) * 4)
    try operands.enqueueThenGradient { activation in
      try device.launch(
        ConvToFewKernels.collect, over: Grid(size.height, batch, channels),
        [
          .buffer(products.buffer), .buffer(operands.biasBuffer(channels: channels)), .buffer(x.buffer), .int(batch),
          .pair(size), .int(channels), .pair(outSize), .pair(geometry.kernelSize), .pair(geometry.stride),
          .pair(geometry.padding), .pair(geometry.dilation),
        ] + activation.arguments)
    }
  }

  /// The transposed pass one sum at a time, also of several groups. One launch.
  func enqueueTransposedDot(_ operands: ConvOperands) throws {
    let device = operands.device
    let phases = geometry.stride.height * geometry.stride.width
    device.profiler?.declare(flops: flops, bytes: bytes)
    try operands.enqueueThenGradient { activation in
      try device.launch(
        ConvToFewKernels.dot,
        over: Grid(channels, phasePixels.dividedUp(by: device.traits.vectorWidth), phases),
        [
          .buffer(operands.y.buffer), .buffer(operands.weight.buffer),
          .buffer(operands.biasBuffer(channels: channels)), .buffer(operands.x.buffer),
        ] + transposedShape + activation.arguments)
    }
  }
}

extension ConvOperands {
  /// Runs the launch of a transposed pass whose kernel applies activations only, and the gradient that the epilogue may
  /// be, in a launch of its own.
  func enqueueThenGradient(_ launch: (Activation) throws -> Void) throws {
    switch epilogue {
    case .activation(let activation): try launch(activation)
    case .reluDropout: preconditionFailure("a kernel that applies no dropout")
    case .gradient(let function, let output):
      try launch(.none)
      try enqueuePreactivationGradient(x, output, function, to: x)
    }
  }
}
