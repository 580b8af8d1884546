import TelarNN

/// Operators on random shapes and values, drawn from a seed and a name: sizes around those of tiles, and odd ones.
struct RandomCases {
  /// The permitted difference of two devices: twice the bound of each to the exact result.
  struct BoundKind {
    /// The number of terms of the sums that results are, where the bound follows from it.
    var terms: [String: Int]?
    var absolute = 2e-6
    var relative = 8e-6
    /// The bound of gradients, both absolute and relative; by default as above.
    var gradient: Double?

    static let exact = BoundKind(absolute: 0, relative: 0)

    func bound(of name: String, magnitude: [Float]?) -> Bound {
      if let terms = terms?[name], let magnitude {
        return .magnitude(magnitude, factor: 16 * Double(terms).squareRoot() * 0x1p-24)
      }
      if let gradient, name.hasPrefix("grad_") { return .within(absolute: gradient, relative: gradient) }
      return .within(absolute: absolute, relative: relative)
    }
  }

  typealias Maker = @Sendable (inout RandomCases) -> (OperatorCase, BoundKind)

  /// Cases of every operator, and of all layers and optimizers that are registered at the first use.
  static let makers = operators + registered(besides: Set(operators.map { $0.op }))

  private static let operators: [(op: String, make: Maker)] = [
    ("conv2d", { $0.convolution(transposed: false) }),
    ("conv_transpose2d", { $0.convolution(transposed: true) }),
    ("linear", { $0.linear() }),
    ("gemm", { $0.gemm() }),
    ("max_pool2d", { $0.pool(isMaximum: true) }),
    ("avg_pool2d", { $0.pool(isMaximum: false) }),
    ("batch_norm2d", { $0.batchNorm() }),
    ("relu", { $0.elementwise("relu") }),
    ("leaky_relu", { $0.elementwise("leaky_relu", ["negative_slope": .number(0.01)]) }),
    ("sigmoid", { $0.elementwise("sigmoid") }),
    ("tanh", { $0.elementwise("tanh") }),
    ("dropout", { $0.elementwise("dropout", ["p": .number(0.3)]) }),
    ("relu_dropout", { $0.elementwise("relu_dropout", ["p": .number(0.3)]) }),
    ("add", { $0.addition() }),
    ("flatten", { $0.flattening() }),
    ("unflatten", { $0.unflattening() }),
    ("cross_entropy", { $0.crossEntropy() }),
    ("mse", { $0.meanSquaredError() }),
    ("sum", { $0.sum() }),
    ("arg_max", { $0.argMax() }),
    ("gather", { $0.gather() }),
    ("adam", { $0.optimizer("adam", ["learning_rate": .number(0.01), "weight_decay": .number(0.01)]) }),
    (
      "sgd",
      { random in
        let momentum = random.pick([0, 0.9])
        return random.optimizer(
          "sgd",
          [
            "learning_rate": .number(0.1), "momentum": .number(momentum),
            "nesterov": .boolean(momentum > 0 && random.pick([true, false])),
          ])
      }
    ),
  ]

  private var generator: SplitMix64

  init(seed: UInt64, name: String) { generator = SplitMix64(seed: seed, key: name) }

  // MARK: Drawing

  mutating func pick<Element>(_ list: [Element]) -> Element { list[Int(generator.next() % UInt64(list.count))] }

  /// Values in -1 ..< 1.
  mutating func uniform(_ count: Int) -> [Float] { (0..<count).map { _ in generator.uniform() } }

  mutating func values(_ shape: [Int], scale: Float = 1) -> HostTensor {
    HostTensor(shape, uniform(shape.reduce(1, *)).map { $0 * scale })
  }

  /// The numbers from 0, shuffled, so that no two are equal.
  private mutating func distinct(_ shape: [Int]) -> HostTensor {
    var numbers = (0..<shape.reduce(1, *)).map { Float($0) }
    for index in numbers.indices.dropFirst().reversed() {
      numbers.swapAt(index, Int(generator.next() % UInt64(index + 1)))
    }
    return HostTensor(shape, numbers)
  }

  func makeCase(_ op: String, _ attributes: JSON.Members, _ tensors: [String: HostTensor]) -> OperatorCase {
    OperatorCase(name: op, op: op, attributes: attributes, tensors: tensors)
  }

  // MARK: Operators

  private mutating func convolution(transposed: Bool) -> (OperatorCase, BoundKind) {
    while true {
      let groups = pick([1, 1, 2])
      let (inputs, outputs) = (groups * pick([1, 3, 8, 16, 17]), groups * pick([1, 5, 16, 33]))
      let (stride, dilation, padding) = (pick([1, 1, 2, 3]), pick([1, 1, 2]), pick([0, 1, 2]))
      let geometry = ConvGeometry(
        kernelSize: Pair(pick([1, 2, 3, 5]), pick([1, 3, 6])), stride: Pair(both: stride), padding: Pair(both: padding),
        dilation: Pair(both: dilation), groups: groups,
        outputPadding: Pair(both: transposed ? pick(Array(0..<max(stride, dilation))) : 0))
      let (batch, size) = (pick([1, 2, 5]), Pair(pick([1, 5, 7, 14]), pick([3, 5, 13, 14])))
      let out = transposed ? geometry.transposedOutputSize(of: size) : geometry.outputSize(of: size)
      guard out.height > 0, out.width > 0 else { continue }
      let taps = geometry.kernelSize.height * geometry.kernelSize.width
      let ends = transposed ? [inputs, outputs / groups] : [outputs, inputs / groups]
      var attributes: JSON.Members = [
        "stride": .integer(stride), "padding": .integer(padding), "dilation": .integer(dilation),
        "groups": .integer(groups),
      ]
      if transposed { attributes["output_padding"] = .integer(geometry.outputPadding.height) }
      let kind = BoundKind(terms: [
        "output": inputs / groups * taps + 1, "grad_input": outputs / groups * taps,
        "grad_weight": batch * (transposed ? size.height * size.width : out.height * out.width),
        "grad_bias": batch * out.height * out.width,
      ])
      let tensors = [
        "input": values([batch, inputs, size.height, size.width]),
        "weight": values(ends + [geometry.kernelSize.height, geometry.kernelSize.width], scale: 0.3),
        "bias": values([outputs]), "grad_output": values([batch, outputs, out.height, out.width]),
      ]
      return (makeCase(transposed ? "conv_transpose2d" : "conv2d", attributes, tensors), kind)
    }
  }

  private mutating func linear() -> (OperatorCase, BoundKind) {
    let (batch, inputs, outputs) = (pick([1, 2, 7, 100]), pick([1, 10, 64, 784]), pick([1, 10, 33, 128]))
    return (
      makeCase(
        "linear", [:],
        [
          "input": values([batch, inputs]), "weight": values([outputs, inputs]), "bias": values([outputs]),
          "grad_output": values([batch, outputs]),
        ]),
      BoundKind(terms: ["output": inputs + 1, "grad_input": outputs, "grad_weight": batch, "grad_bias": batch])
    )
  }

  private mutating func gemm() -> (OperatorCase, BoundKind) {
    let sizes = [1, 2, 7, 16, 17, 33, 64, 100, 129]
    let (m, n, k) = (pick(sizes), pick(sizes), pick(sizes))
    let (transposeA, transposeB) = (pick([true, false]), pick([true, false]))
    return (
      makeCase(
        "gemm",
        [
          "transpose_a": .boolean(transposeA), "transpose_b": .boolean(transposeB), "alpha": .number(0.5),
          "beta": .number(-1.5),
        ],
        [
          "a": values(transposeA ? [k, m] : [m, k]), "b": values(transposeB ? [n, k] : [k, n]), "c": values([m, n]),
        ]),
      BoundKind(terms: ["output": k + 2])
    )
  }

  private mutating func pool(isMaximum: Bool) -> (OperatorCase, BoundKind) {
    let size = pick([1, 2, 3, 4])
    let geometry = PoolGeometry(
      kernelSize: Pair(both: size), stride: Pair(both: pick([1, 2, 3])), padding: Pair(both: pick([0, size / 2])))
    let shape = [pick([1, 2, 5]), pick([1, 3, 16, 17]), pick([4, 7, 13]), pick([5, 11, 14])]
    let out = geometry.outputSize(of: Pair(shape[2], shape[3]))
    var attributes: JSON.Members = [
      "kernel_size": .integer(size), "stride": geometry.stride.json, "padding": geometry.padding.json,
    ]
    if !isMaximum { attributes["count_include_pad"] = .boolean(pick([true, false])) }
    let x = isMaximum ? distinct(shape) : values(shape)
    return (
      makeCase(
        isMaximum ? "max_pool2d" : "avg_pool2d", attributes,
        ["input": x, "grad_output": values([shape[0], shape[1], out.height, out.width])]),
      BoundKind()
    )
  }

  private mutating func batchNorm() -> (OperatorCase, BoundKind) {
    let shape = [pick([2, 5, 16]), pick([1, 3, 16, 33]), pick([2, 5, 13]), pick([1, 5, 13])]
    let channels = [shape[1]]
    return (
      makeCase(
        "batch_norm2d", ["training": .boolean(pick([true, false]))],
        [
          "input": values(shape), "weight": values(channels), "bias": values(channels),
          "running_mean": values(channels),
          "running_var": HostTensor(channels, uniform(channels[0]).map { $0 + 1.5 }), "grad_output": values(shape),
        ]),
      BoundKind(absolute: 4e-5, relative: 4e-5, gradient: 2e-4)
    )
  }

  private mutating func elementwise(_ op: String, _ attributes: JSON.Members = [:]) -> (OperatorCase, BoundKind) {
    let shape = [pick([1, 3, 100]), pick([1, 17, 784])]
    return (makeCase(op, attributes, ["input": values(shape, scale: 5), "grad_output": values(shape)]), BoundKind())
  }

  private mutating func addition() -> (OperatorCase, BoundKind) {
    let shape = [pick([1, 3, 100]), pick([1, 17, 784])]
    return (
      makeCase("add", [:], ["input": values(shape), "other": values(shape), "grad_output": values(shape)]), .exact
    )
  }

  private mutating func flattening() -> (OperatorCase, BoundKind) {
    let shape = [pick([1, 3, 8]), pick([1, 3, 16, 17]), pick([1, 5, 7]), pick([4, 5])]
    let features = shape.dropFirst().reduce(1, *)
    return (makeCase("flatten", [:], ["input": values(shape), "grad_output": values([shape[0], features])]), .exact)
  }

  private mutating func unflattening() -> (OperatorCase, BoundKind) {
    let shape = [pick([1, 3, 8]), pick([1, 3, 16, 17]), pick([1, 5, 7]), pick([4, 5])]
    let size = shape.dropFirst()
    return (
      makeCase(
        "unflatten", ["unflattened_size": .array(size.map { .integer($0) })],
        ["input": values([shape[0], size.reduce(1, *)]), "grad_output": values(shape)]),
      .exact
    )
  }

  private mutating func crossEntropy() -> (OperatorCase, BoundKind) {
    let (batch, classes) = (pick([1, 2, 100, 333]), pick([2, 10, 33]))
    let labels = (0..<batch).map { _ in Float(generator.next() % UInt64(classes)) }
    return (
      makeCase(
        "cross_entropy", [:],
        ["input": values([batch, classes], scale: pick([1, 10])), "target": HostTensor([batch], labels)]),
      BoundKind()
    )
  }

  private mutating func meanSquaredError() -> (OperatorCase, BoundKind) {
    let shape = [pick([1, 7, 100]), pick([1, 33, 784])]
    return (makeCase("mse", [:], ["input": values(shape), "target": values(shape)]), BoundKind())
  }

  private mutating func sum() -> (OperatorCase, BoundKind) {
    let shape = [pick([1, 7, 100]), pick([1, 33, 784])]
    return (
      makeCase("sum", [:], ["input": values(shape)]), BoundKind(terms: ["output": shape.reduce(1, *)])
    )
  }

  private mutating func argMax() -> (OperatorCase, BoundKind) {
    (makeCase("arg_max", [:], ["input": values([pick([1, 7, 100]), pick([1, 10, 33])])]), .exact)
  }

  private mutating func gather() -> (OperatorCase, BoundKind) {
    let shape = [pick([3, 20]), pick([1, 5, 28]), pick([3, 28])]
    let pixels = (0..<shape.reduce(1, *)).map { _ in Float(generator.next() % 256) }
    let order = (0..<pick([2, 9])).map { _ in Float(generator.next() % UInt64(shape[0])) }
    return (
      makeCase("gather", [:], ["input": HostTensor(shape, pixels), "order": HostTensor([order.count], order)]),
      BoundKind()
    )
  }

  mutating func optimizer(_ op: String, _ attributes: JSON.Members) -> (OperatorCase, BoundKind) {
    let count = pick([1, 37, 1000])
    return (makeCase(op, attributes, ["input": values([count]), "grads": values([5, count])]), BoundKind())
  }
}
