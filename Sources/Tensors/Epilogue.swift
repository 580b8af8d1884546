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

/// What the kernel of a product applies to each sum as it stores it.
package enum Epilogue {
  case activation(Activation)
  /// The product is the gradient of another operator's output; what is stored is its pre-activation gradient.
  case gradient(before: OutputFunction, output: Tensor)

  static var none: Epilogue { .activation(.none) }

  /// The kernels' last three arguments; `target` is what they write.
  func arguments(writing target: Buffer) -> [KernelArgument] {
    switch self {
    case .activation(let activation): [.buffer(target)] + activation.arguments
    case .gradient(let function, let output): [.buffer(output.buffer)] + function.gradientArguments
    }
  }
}
