import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

/// A network that tests export, with an input to compare it on.
struct ExportedNetwork: CustomTestStringConvertible, Sendable {
  var name: String
  var architecture: Architecture
  var inputShape: [Int]
  var testDescription: String { name }

  init(_ name: String, _ inputShape: [Int], _ architecture: Architecture) {
    self.name = name
    self.inputShape = inputShape
    self.architecture = architecture
  }

  private init(_ name: String, _ inputShape: [Int], @LayerBuilder _ layers: () -> [any Layer]) {
    self.init(name, inputShape, Architecture([Part("part", Sequential(layers()))]))
  }

  static let all = networks + layers

  /// Every network that is timed or studied, once.
  private static let networks: [ExportedNetwork] = {
    let named =
      BenchmarkNetwork.all.map { ($0.name, $0.architecture) }
      + Study.all.flatMap { study in study.experiments.map { ("\(study.name)/\($0.name)", $0.architecture) } }
    var known: Set<String> = []
    return named.filter { known.insert($0.1.json.text).inserted }.map {
      ExportedNetwork($0.0, BenchmarkNetwork.inputShape, $0.1)
    }
  }()

  /// Every layer with what attributes it has.
  private static let layers = [
    ExportedNetwork("convolution", [11, 9, 4]) {
      Conv2d(
        4, 6, kernelSize: Pair(3, 2), stride: Pair(2, 1), padding: Pair(1, 2), dilation: Pair(2, 3), groups: 2)
    },
    ExportedNetwork("convolution without bias", [6, 7, 3]) { Conv2d(3, 2, kernelSize: 3, bias: false) },
    ExportedNetwork("transposed convolution", [5, 4, 4]) {
      ConvTranspose2d(
        4, 6, kernelSize: Pair(3, 4), stride: Pair(3, 2), padding: Pair(1, 2), outputPadding: Pair(2, 1),
        dilation: Pair(2, 1), groups: 2)
    },
    // Output paddings up to the dilation: of rows by less padding, of columns by zeros behind the image.
    ExportedNetwork("transposed convolution with rows added", [4, 3, 2]) {
      ConvTranspose2d(
        2, 3, kernelSize: Pair(3, 2), stride: Pair(2, 1), padding: Pair(3, 1), outputPadding: Pair(3, 4),
        dilation: Pair(4, 5))
    },
    ExportedNetwork("transposed convolution with rows and columns added", [3, 4, 2]) {
      ConvTranspose2d(2, 2, kernelSize: 2, stride: Pair(2, 3), outputPadding: Pair(4, 5), dilation: 6, bias: false)
    },
    ExportedNetwork("transposed convolution without bias", [3, 5, 2]) {
      ConvTranspose2d(2, 3, kernelSize: 2, bias: false)
    },
    ExportedNetwork("linear", [12]) {
      Linear(12, 7)
      Linear(7, 5, bias: false)
    },
    ExportedNetwork("max pooling", [9, 10, 3]) {
      MaxPool2d(Pair(3, 2), stride: Pair(2, 3), padding: Pair(1, 0))
      MaxPool2d(2)
    },
    ExportedNetwork("average pooling", [13, 11, 2]) {
      AvgPool2d(Pair(3, 4), stride: Pair(2, 1), padding: Pair(1, 2))
      AvgPool2d(3, stride: 2, padding: 1, countIncludePad: false)
    },
    ExportedNetwork("global average pooling", [5, 4, 3]) {
      AdaptiveAvgPool2d()
      Flatten()
      Linear(3, 2)
    },
    ExportedNetwork("batch normalisation", [4, 3, 5]) { BatchNorm2d(5, epsilon: 0.01) },
    ExportedNetwork("group normalisation", [4, 3, 6]) {
      GroupNorm(2, 6, epsilon: 0.01)
      GroupNorm(3, 6, affine: false)
    },
    ExportedNetwork("activations", [4, 3, 2]) {
      ReLU()
      LeakyReLU(negativeSlope: 0.3)
      Tanh()
      Sigmoid()
    },
    ExportedNetwork("gated units", [5, 3, 2]) {
      SiLU()
      GELU()
      GELU(approximates: true)
    },
    ExportedNetwork("leaky ReLU of slope zero", [8]) { LeakyReLU(negativeSlope: 0) },
    ExportedNetwork("flatten and unflatten", [2, 3, 4]) {
      Flatten()
      Dropout(0.5)
      Flatten()
      Unflatten(channels: 6, height: 1, width: 4)
    },
    ExportedNetwork("residual sums and branches", [6, 5, 4]) {
      Residual {
        Conv2d(4, 4, kernelSize: 3, padding: 1)
        BatchNorm2d(4)
        ReLU()
      }
      Residual {
        Conv2d(4, 6, kernelSize: 3, stride: 2, padding: 1)
        Residual { Conv2d(6, 6, kernelSize: 1) }
      } shortcut: {
        Conv2d(4, 6, kernelSize: 1, stride: 2)
        BatchNorm2d(6)
      }
      Concat([
        Sequential(), Sequential { Conv2d(6, 3, kernelSize: 1) },
        Sequential {
          Dropout(0.5)
          Conv2d(6, 2, kernelSize: 3, padding: 1)
        },
      ])
      Flatten()
      Residual { Linear(99, 99) }
    },
    ExportedNetwork("penalties", [12]) {
      ActivityRegularization(l1: 0.1)
      Sampling(klWeight: 0.1)
    },
    ExportedNetwork("nothing but dropout", [3, 2, 1]) { Dropout(0.5) },
    ExportedNetwork("nothing at all", [5], Architecture([])),
  ]

  /// Runs the network on two images, channels first as ONNX has them, with values that are not those it starts with.
  func computed(_ body: (_ model: ONNXModel, _ input: OracleTensor, _ output: OracleTensor) throws -> Void) throws {
    try TestDevices.cpu.use { device in
      let network = try Network(architecture, on: device, inputShape: inputShape, seed: 7)
      var generator = SeededGenerator(seed: 11)
      for parameter in network.parameters where parameter.key.contains(".running_") || parameter.spec.shape.count == 1 {
        // A variance must be positive; of the others any values do.
        let values = generator.gaussians(parameter.spec.shape, scale: 0.3).floats
        try parameter.write(parameter.key.hasSuffix("running_var") ? values.map { 0.5 + abs($0) } : values)
      }
      let x = generator.gaussians([2] + inputShape)
      let y = try network(device.tensor(x.shape, x.floats))
      try body(
        ONNXModel(network), Self.channelsFirst(x), Self.channelsFirst(OracleTensor(y.shape, floats: try y.values())))
    }
  }

  private static func channelsFirst(_ x: OracleTensor) -> OracleTensor {
    guard x.shape.count == 4 else { return x }
    let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    var y = OracleTensor(zeros: [n, c, h, w])
    for place in x.values.indices {
      let (channel, pixel) = (place % c, place / c)
      y.values[(pixel / (h * w) * c + channel) * h * w + pixel % (h * w)] = x.values[place]
    }
    return y
  }
}
