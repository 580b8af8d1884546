import TelarBench
import TelarNN
import TelarStudies
import Testing

@Suite("Operators of the benchmark networks")
struct OpCaseTests {
  private let cases = OpCase.list()

  /// Walks the layers by itself and says of each convolution and linear layer what must be listed.
  @Test(arguments: BenchmarkNetwork.all.map(\.name))
  func `every product of a network is listed with its shape`(name: String) throws {
    let network = try #require(BenchmarkNetwork.all.first { $0.name == name })
    var shape = [28, 28, 1]
    var products = 0
    for layer in network.architecture.parts.flatMap(\.layers.layers) {
      let output = try layer.outputShape(of: shape)
      let op =
        switch layer {
        case is Conv2d: "conv2d"
        case is ConvTranspose2d: "conv_transpose2d"
        case is Linear: "linear"
        default: ""
        }
      if !op.isEmpty {
        let listed = cases.filter { $0.op == op && $0.input == shape && $0.output == output }
        let test = try #require(listed.first { $0.networks.contains(name) }, "\(op) \(shape)")
        #expect(test.inputGradientNetworks.contains(name) == (products > 0), "\(op) \(shape)")
        products += 1
      }
      shape = output
    }
    let listed = cases.filter { ["conv2d", "conv_transpose2d", "linear"].contains($0.op) }
    #expect(listed.count { $0.networks.contains(name) } == products)
  }

  @Test func `each case is there once, by its operator and shape`() {
    let names = cases.map { "\($0.op) \($0.shape(batch: 100))" }
    #expect(Set(names).count == names.count)
    for name in [
      "conv2d 100×28×28×1→26×26×16 k3 s1 p0 d1", "conv_transpose2d 100×13×13×16→28×28×1 k6 s2 p1 d1 sigmoid",
      "gemm 67600×9→16", "gemm 2500×96→1600", "linear 100×64→10", "linear 100×784→512 leaky_relu",
      "bias 100×11×11×96", "conv2d+relu+dropout+max_pool2d 100×28×28×1→13×13×16 k3 s1 p0 d1 k2 s2 p0",
      "conv2d+relu+max_pool2d+dropout 100×28×28×1→14×14×32 k3 s1 p1 d1 k2 s2 p0",
      "conv2d+batch_norm2d+relu+max_pool2d 100×28×28×1→13×13×64 k3 s1 p0 d1 k2 s2 p0",
      "batch_norm2d+relu+avg_pool2d 100×11×11×96→5×5×96 k2 s2 p0", "relu+dropout 100×800",
      "sigmoid 100×28×28×1", "flatten 100×5×5×32→800", "mse 100×28×28×1", "cross_entropy 100×10", "adam 109386",
      "gather 100×28×28×1", "gather_labels 100",
    ] { #expect(names.contains(name), "\(name)") }
  }

  @Test func `networks that share an operator are named with it`() throws {
    let mse = try #require(cases.first { $0.op == "mse" })
    #expect(mse.networks.count == 6 && mse.networks.first == "aldecoa-ae-n64")
    let first = try #require(cases.first { $0.shape(batch: 1) == "1×28×28×1→28×28×32 k3 s1 p1 d1" })
    #expect(first.networks == ["brunello-ae-1", "brunello-ae-2", "brunello-finetune"])
    #expect(first.inputGradientNetworks.isEmpty)
  }

  @Test func `a joined operator goes by its parts' names too`() throws {
    let joined = try #require(cases.first { $0.op == "relu+dropout" })
    #expect(joined.isNamed("relu+dropout") && joined.isNamed("dropout") && !joined.isNamed("drop"))
  }

  @Test func `the work of a pass follows from the shapes`() throws {
    let convolution = try #require(cases.first { $0.shape(batch: 1) == "1×28×28×1→26×26×16 k3 s1 p0 d1" })
    let pass = try #require(convolution.passes(batch: 3).first)
    #expect(pass.flops == Double(2 * 3 * 26 * 26 * 16 * 9))
    #expect(pass.bytes == Double(4 * (3 * 28 * 28 + 3 * 26 * 26 * 16 + 16 * 9)))
    let product = try #require(cases.first { $0.shape(batch: 1) == "676×9→16" })
    #expect(product.passes(batch: 3).map(\.flops) == [pass.flops, pass.flops, pass.flops])
    let transposed = try #require(cases.first { $0.shape(batch: 1) == "1×5×5×32→13×13×16 k5 s2 p2 d2" })
    #expect(transposed.passes(batch: 2)[0].flops == Double(2 * 2 * 5 * 5 * 32 * 16 * 25))
    let joined = try #require(cases.first { $0.op == "conv2d+relu+dropout+max_pool2d" })
    #expect(joined.passes(batch: 3).map(\.flops) == [pass.flops, pass.flops])
    let pooling = try #require(cases.first { $0.op == "batch_norm2d+relu+avg_pool2d" })
    let (image, pooled, parameters) = (11 * 11 * 96, 5 * 5 * 96, 4 * 96)
    let forward = Double(4 * (image + pooled + parameters)), kept = Double(4 * pooled)
    #expect(pooling.passes(batch: 1).map(\.bytes) == [forward, forward + kept])
  }
}
