/// A function applied to every element, as an operator of its own or within the one before it.
public enum Activation: Hashable, Sendable {
  case none
  case relu
  /// x for x > 0, otherwise `negativeSlope` · x; the slope is not negative.
  case leakyReLU(negativeSlope: Float)
  case sigmoid
  case tanh

  /// The number that the kernels know it by: `ACTIVATION_…` in `common.cl`.
  package var code: Int32 {
    switch self {
    case .none: 0
    case .relu: 1
    case .leakyReLU: 2
    case .sigmoid: 3
    case .tanh: 4
    }
  }

  package var slope: Float {
    if case .leakyReLU(let slope) = self { slope } else { 0 }
  }

  /// The kernels' last two arguments.
  package var arguments: [KernelArgument] { [.int(code), .float(slope)] }
}
