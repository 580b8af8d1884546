import TelarNN
import TelarStudies

/// An operator at one shape, as in a training step of a benchmark network.
public struct OpCase: Sendable {
  /// The kind of operator.
  enum Work: Sendable {
    /// A convolution or linear layer, and the activation of its epilogue.
    case product(any ProductLayer, activation: (any ActivationLayer)?)
    /// Neighbouring layers that a plan joins into one operator.
    case layers([any Layer])
    /// The gradient of a product's bias.
    case bias
    /// The gradient of an activation in a product's epilogue.
    case activationGradient(Activation)
    case loss(Loss)
    case adam
    case gatherImages
    case gatherLabels
  }

  /// The operator's PyTorch name; joined layers are separated by plus signs: `relu+dropout`.
  public let op: String
  let work: Work
  /// Rows of the input per image: more than one for a convolution's matrix product, zero where there is no batch.
  var rowsPerImage = 1
  /// Shapes of input and output without the batch.
  package let input: [Int]
  package let output: [Int]
  /// Attributes that distinguish operators of the same shapes: ` k3 s1 p0 d1`.
  var attributes = ""
  /// The networks that contain it, and those that need its input gradient, which first layers do not.
  public internal(set) var networks: [String] = []
  package internal(set) var inputGradientNetworks: [String] = []

  /// Input, output where it differs, and attributes: `100×28×28×1→26×26×16 k3 s1 p0 d1`.
  public func shape(batch: Int) -> String {
    func text(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: "×") }
    return text(batched(input, batch)) + (output == input ? "" : "→" + text(output)) + attributes
  }

  /// The shape with a batch dimension, where there is one.
  func batched(_ shape: [Int], _ batch: Int) -> [Int] { rowsPerImage == 0 ? shape : [batch * rowsPerImage] + shape }

  /// Whether a name is that of the operator, or of one that it joins.
  public func isNamed(_ name: String) -> Bool { op == name || op.split(separator: "+").contains(Substring(name)) }
}

/// A layer that multiplies its input by a weight.
protocol ProductLayer: Layer {
  var hasBias: Bool { get set }
  /// The number of pixels at which the weight is applied, from the image shapes before and behind the layer.
  func places(from input: [Int], to output: [Int]) -> Int
}

extension ProductLayer {
  var weightCount: Int { parameters.first { $0.name == "weight" }!.count }
}

extension Conv2d: ProductLayer {
  func places(from input: [Int], to output: [Int]) -> Int { output[0] * output[1] }
}

extension ConvTranspose2d: ProductLayer {
  func places(from input: [Int], to output: [Int]) -> Int { input[0] * input[1] }
}

extension Linear: ProductLayer {
  func places(from input: [Int], to output: [Int]) -> Int { 1 }
}
