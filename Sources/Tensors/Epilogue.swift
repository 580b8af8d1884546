import CKernels

/// The elementwise function that an operator applies last, whose gradient follows from its output alone: a kernel can
/// apply it to the gradient of the output as it stores that.
package struct OutputFunction: Hashable {
  /// The number that the kernels know it by, and the argument that goes with it: `ACTIVATION_…` in `activation.h`.
  private var code: Int32
  private var slope: Float

  static let none = activation(.none)

  static func activation(_ activation: Activation) -> OutputFunction {
    OutputFunction(code: activation.code, slope: activation.slope)
  }

  /// Dropout behind ReLU, which scales what it keeps.
  static func reluDropout(scale: Float) -> OutputFunction {
    OutputFunction(code: ACTIVATION_RELU_DROPOUT, slope: scale)
  }

  /// The last two arguments of kernels for which this is all that they apply.
  var arguments: [KernelArgument] { [.int(code), .float(slope)] }

  /// Those of ``Epilogue/gradient(before:output:)``: `ACTIVATION_GRADIENT` is added.
  fileprivate var gradientArguments: [KernelArgument] { [.int(code + ACTIVATION_GRADIENT), .float(slope)] }
}

/// What a dropout's mask is drawn from, and how many elements it drops.
package struct DropoutMask {
  var probability: Float
  var key: DropoutKey

  package init(probability: Float, key: DropoutKey) {
    self.probability = probability
    self.key = key
  }

  /// What the kept elements are multiplied by.
  var scale: Float { 1 / (1 - probability) }

  /// The scale, key0, key1, layer, step_values and threshold.
  fileprivate func arguments(on device: any Device) throws -> [KernelArgument] {
    let arguments = try dropoutArguments(probability: probability, key: key, on: device)
    return [arguments.last!] + arguments.dropLast()
  }
}

/// What the kernel of a product applies to each sum as it stores it.
package enum Epilogue {
  case activation(Activation)
  /// Dropout of ReLU, which kernels of the tile family draw as they store.
  case reluDropout(DropoutMask)
  /// The product is the gradient of another operator's output; what is stored is its pre-activation gradient.
  case gradient(before: OutputFunction, output: Tensor)

  static var none: Epilogue { .activation(.none) }

  /// What an operator that stores its result so applies last.
  var outputFunction: OutputFunction {
    switch self {
    case .activation(let activation): .activation(activation)
    case .reluDropout(let mask): .reluDropout(scale: mask.scale)
    case .gradient: preconditionFailure("a gradient is no operator's output")
    }
  }

  /// The last three arguments of kernels that apply no dropout; `target` is what they write.
  func arguments(writing target: Buffer) -> [KernelArgument] {
    switch self {
    case .activation(let activation): [.buffer(target)] + activation.arguments
    case .reluDropout: preconditionFailure("a kernel that applies no dropout")
    case .gradient(let function, let output): [.buffer(output.buffer)] + function.gradientArguments
    }
  }

  /// The last eight arguments of kernels of the tile family: see `epilogue_tile.cl`.
  func tileArguments(writing target: Buffer, on device: any Device) throws -> [KernelArgument] {
    if case .reluDropout(let mask) = self {
      return [.buffer(target), .int(ACTIVATION_RELU_DROPOUT)] + (try mask.arguments(on: device))
    }
    return arguments(writing: target) + [.uint(0), .uint(0), .uint(0), .buffer(target), .uint(0)]
  }

  /// Runs `product`, which writes `out`, with the epilogue; where its kernels do not draw dropout, without it, and dropout
  /// in a launch of its own behind it.
  func enqueue(to out: @autoclosure () -> Tensor, drawsDropout: Bool, product: (Epilogue) throws -> Void) throws {
    guard case .reluDropout(let mask) = self, !drawsDropout else { return try product(self) }
    try product(.none)
    let out = out()
    try enqueueDropout(out, mask, afterReLU: true, to: out)
  }
}
