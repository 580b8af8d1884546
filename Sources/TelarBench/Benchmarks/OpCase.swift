import TelarNN
import TelarStudies

/// One operator at one shape, as a training step of a benchmark network runs it.
public struct OpCase: Sendable {
  /// What is run.
  enum Work: Sendable {
    /// A convolution or linear layer, and the activation that is applied where its product is stored.
    case product(any ProductLayer, activation: (any ActivationLayer)?)
    /// Neighbouring layers that a plan makes one operator of.
    case layers([any Layer])
    /// The gradient of a product's bias.
    case bias
    /// The gradient of an activation that a product applied.
    case activationGradient(Activation)
    case loss(Loss)
    case adam
    case gatherImages
    case gatherLabels
  }

  /// The operator in PyTorch's words; layers that run as one are joined: `relu+dropout`.
  public let op: String
  let work: Work
  /// Rows of the input for each image: one, but for a convolution's matrix product; zero where no batch is involved.
  var rowsPerImage = 1
  /// Shapes of input and output without the batch.
  package let input: [Int]
  package let output: [Int]
  /// What tells operators of these shapes apart: ` k3 s1 p0 d1`.
  var attributes = ""
  /// The networks that have it, and those that need the gradient of its input: the first layer is given data.
  public internal(set) var networks: [String] = []
  package internal(set) var inputGradientNetworks: [String] = []

  /// Input, output where it differs, and attributes: `100×28×28×1→26×26×16 k3 s1 p0 d1`.
  public func shape(batch: Int) -> String {
    func text(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: "×") }
    return text(batched(input, batch)) + (output == input ? "" : "→" + text(output)) + attributes
  }

  /// A shape with the batch in front, where there is one.
  func batched(_ shape: [Int], _ batch: Int) -> [Int] { rowsPerImage == 0 ? shape : [batch * rowsPerImage] + shape }

  /// Whether a name is the operator's or one of those that it joins.
  public func isNamed(_ name: String) -> Bool { op == name || op.split(separator: "+").contains(Substring(name)) }
}

/// A layer that is a product of its input with a weight.
protocol ProductLayer: Layer {
  var hasBias: Bool { get set }
  /// Places of an image that the weight is multiplied at, from the image's shape before and behind the layer.
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
