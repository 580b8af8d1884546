import CKernels

/// A function applied to every element, as an operator of its own or within the one before it.
public enum Activation: Hashable, Sendable {
  case none
  case relu
  /// x for x > 0, otherwise `negativeSlope` · x; the slope is not negative.
  case leakyReLU(negativeSlope: Float)
  case sigmoid
  case tanh

  /// The number that the kernels know it by: `ACTIVATION_…` in `activation.h`.
  package var code: Int32 {
    switch self {
    case .none: ACTIVATION_NONE
    case .relu: ACTIVATION_RELU
    case .leakyReLU: ACTIVATION_LEAKY_RELU
    case .sigmoid: ACTIVATION_SIGMOID
    case .tanh: ACTIVATION_TANH
    }
  }

  package var slope: Float {
    if case .leakyReLU(let slope) = self { slope } else { 0 }
  }

  /// The kernels' last two arguments.
  package var arguments: [KernelArgument] { [.int(code), .float(slope)] }
}
