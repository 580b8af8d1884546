import TelarNN

/// The operators of the golden format.
enum Operators {
  private static let golden: [String: @Sendable (CaseRun) throws -> Void] = [
    "conv2d": { try convolution($0, transposed: false) },
    "conv_transpose2d": { try convolution($0, transposed: true) },
    "linear": linearLayer,
    "gemm": matrixProduct,
    "max_pool2d": { try pooling($0, isMaximum: true) },
    "avg_pool2d": { try pooling($0, isMaximum: false) },
    "relu": { try activationLayer($0, .relu) },
    "leaky_relu": { run in
      let slope = try run.attributes.number("negative_slope", default: 0.01, in: 0...1e30)
      try activationLayer(run, .leakyReLU(negativeSlope: slope))
    },
    "sigmoid": { try activationLayer($0, .sigmoid) },
    "tanh": { try activationLayer($0, .tanh) },
    "batch_norm2d": batchNorm,
    "cross_entropy": { run in
      let x = try run.leaf("input", rank: 2)
      let labels = try run.labels("target", below: x.shape[1])
      let smoothing = try run.attributes.number("label_smoothing", default: 0, in: 0...1)
      guard smoothing > 0 || run.has("weight") else {
        return try run.differentiate(isLoss: true) { try crossEntropy(x, labels: labels) }
      }
      let given = try run.has("weight") ? run.host("weight", rank: 1).values : nil
      let weights = given ?? [Float](repeating: 1, count: x.shape[1])
      guard weights.count == x.shape[1], weights.allSatisfy({ $0 >= 0 && $0.isFinite }),
        weights.contains(where: { $0 > 0 })
      else { throw CaseError("weight is not a number from 0 for each of \(x.shape[1]) classes") }
      let classes = try ClassWeights(weights, on: run.device)
      try run.differentiate(isLoss: true) {
        try crossEntropy(x, labels: labels, weights: classes, labelSmoothing: smoothing)
      }
    },
    "l1": { try loss($0) { try meanAbsoluteError($0, $1) } },
    "huber": { run in
      let delta = try run.attributes.number("delta", default: 1, in: 1e-30...1e30)
      try loss(run) { try huberLoss($0, $1, delta: delta) }
    },
    "binary_cross_entropy": { try loss($0) { try binaryCrossEntropy($0, $1) } },
    "binary_cross_entropy_with_logits": { try loss($0) { try binaryCrossEntropyWithLogits($0, $1) } },
    "mse": { try loss($0) { try meanSquaredError($0, $1) } },
  ]

  /// An operator of the golden format; `nil` for an unknown name. Optimizer steps have the optimizer's name in lower case.
  /// Layers that are not listed above have the name of PyTorch's function and the keywords of its module.
  static func ofGolden(_ op: String) -> (@Sendable (CaseRun) throws -> Void)? {
    if let operation = golden[op] { return operation }
    if let type = OptimizerRegistry[op], type.name.lowercased() == op { return { try optimization($0, type) } }
    guard let type = LayerRegistry.layer(ofFunction: op) else { return nil }
    return { try layer($0, type) }
  }

  /// A layer in a network of its own. Its tensors have the names of the layer's parameters.
  private static func layer(_ run: CaseRun, _ type: any Layer.Type) throws {
    let rank = try run.host("input").shape.count
    let x = try run.leaf("input", rank == 4 ? .image : .same)
    let layer = try type.init(attributes: &run.attributes)
    let sample = Array(x.shape.dropFirst())
    try run.check(layer, on: sample, batch: x.shape[0])
    let network = try Network(
      Architecture([Part("op", Sequential([layer]))]), on: run.device, inputShape: sample, seed: 0)
    for parameter in network.parameters {
      let given = try run.host(parameter.spec.name)
      guard given.shape == parameter.spec.shape else {
        throw CaseError("\(parameter.spec.name) has shape \(given.shape) and should have \(parameter.spec.shape)")
      }
      try parameter.write(given.values)
    }
    let isImage = try layer.outputShape(of: sample).count == 3
    try run.differentiate(isImage ? .image : .same) { try network(x, .training(step: 0)) }
    for parameter in network.parameters {
      guard let slot = parameter.tensor.gradient, slot.isSet else { continue }
      try run.keep(
        "grad_\(parameter.spec.name)", slot.tensor, .weight(parameter.spec.layout), shape: parameter.spec.shape)
    }
  }

  /// A loss of predictions and targets of one shape.
  private static func loss(_ run: CaseRun, _ loss: (Tensor, Tensor) throws -> Tensor) throws {
    let x = try run.leaf("input")
    let target = try run.tensor("target")
    try run.differentiate(isLoss: true) { try loss(x, target) }
  }

  private static func convolution(_ run: CaseRun, transposed: Bool) throws {
    let x = try run.leaf("input", .image, rank: 4)
    let weight = try run.leaf("weight", .weight(.filter), rank: 4)
    let bias = try run.has("bias") ? run.leaf("bias", rank: 1) : nil
    let geometry = ConvGeometry(
      kernelSize: Pair(weight.shape[0], weight.shape[1]), stride: try run.attributes.pair("stride", default: 1),
      padding: try run.attributes.pair("padding", default: 0, atLeast: 0),
      dilation: try run.attributes.pair("dilation", default: 1),
      groups: try run.attributes.integer("groups", default: 1),
      outputPadding: try transposed ? run.attributes.pair("output_padding", default: 0, atLeast: 0) : 0)
    var (convolution, transposedConvolution) = (
      Conv2d(x.shape[3], weight.shape[3], kernelSize: 1),
      ConvTranspose2d(x.shape[3], weight.shape[2] * geometry.groups, kernelSize: 1)
    )
    (convolution.geometry, transposedConvolution.geometry) = (geometry, geometry)
    try run.check(
      transposed ? transposedConvolution : convolution, on: Array(x.shape.dropFirst()), batch: x.shape[0])
    try run.differentiate(.image) {
      try transposed
        ? convTranspose2d(x, weight: weight, bias: bias, geometry) : conv2d(x, weight: weight, bias: bias, geometry)
    }
  }

  private static func linearLayer(_ run: CaseRun) throws {
    let x = try run.leaf("input", rank: 2)
    let weight = try run.leaf("weight", .weight(.linear), rank: 2)
    let bias = try run.has("bias") ? run.leaf("bias", rank: 1) : nil
    try run.check(Linear(weight.shape[0], weight.shape[1]), on: [x.shape[1]], batch: x.shape[0])
    try run.differentiate { try linear(x, weight: weight, bias: bias) }
  }

  private static func matrixProduct(_ run: CaseRun) throws {
    let a = try run.tensor("a", rank: 2)
    let b = try run.tensor("b", rank: 2)
    let c = try run.has("c") ? run.tensor("c", rank: 2) : nil
    let transposeA = try run.attributes.flag("transpose_a", default: false)
    let transposeB = try run.attributes.flag("transpose_b", default: false)
    let alpha = try run.attributes.number("alpha", default: 1, in: -1e30...1e30)
    let beta = try run.attributes.number("beta", default: c == nil ? 0 : 1, in: -1e30...1e30)
    try run.attributes.end()
    let (rows, depth) = transposeA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
    try run.check(Linear(depth, b.shape[transposeB ? 0 : 1]), on: [depth], batch: rows)
    try run.keep(
      "output", gemm(a, b, transposeA: transposeA, transposeB: transposeB, alpha: alpha, beta: beta, c: c))
  }

  private static func pooling(_ run: CaseRun, isMaximum: Bool) throws {
    let x = try run.leaf("input", .image, rank: 4)
    let kernelSize = try run.attributes.pair("kernel_size")
    let geometry = PoolGeometry(
      kernelSize: kernelSize, stride: try run.attributes.pair("stride", default: kernelSize),
      padding: try run.attributes.pair("padding", default: 0, atLeast: 0),
      countIncludePad: try isMaximum || run.attributes.flag("count_include_pad", default: true))
    var pool = AvgPool2d(kernelSize)
    pool.geometry = geometry
    try run.check(pool, on: Array(x.shape.dropFirst()), batch: x.shape[0])
    try run.differentiate(.image) { try isMaximum ? maxPool2d(x, geometry) : avgPool2d(x, geometry) }
  }

  private static func activationLayer(_ run: CaseRun, _ kind: Activation) throws {
    let x = try run.leaf("input")
    try run.differentiate { try activation(x, kind) }
  }

  private static func batchNorm(_ run: CaseRun) throws {
    let x = try run.leaf("input", .image, rank: 4)
    let weight = try run.leaf("weight", rank: 1)
    let bias = try run.leaf("bias", rank: 1)
    let mean = try run.tensor("running_mean", rank: 1)
    let variance = try run.tensor("running_var", rank: 1)
    let training = try run.attributes.flag("training", default: false)
    let momentum = try run.attributes.number("momentum", default: 0.1, in: 0...1)
    let epsilon = try run.attributes.number("eps", default: 1e-5, in: 0...1e30)
    try run.differentiate(.image) {
      try batchNorm2d(
        x, weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: training,
        momentum: momentum, epsilon: epsilon)
    }
    try run.keep("new_running_mean", mean)
    try run.keep("new_running_var", variance)
  }

  /// Steps of an optimizer on one array, with one gradient each.
  private static func optimization(_ run: CaseRun, _ type: any Optimizer.Type) throws {
    run.attributes = AttributeReader(run.members.optimizerSettings, place: run.given.op)
    let optimizer = try type.init(attributes: &run.attributes)
    let parameters = try run.tensor("input", rank: 1)
    let grads = try run.host("grads", rank: 2)
    let count = parameters.count
    guard grads.shape[1] == count else {
      throw CaseError("grads of shape \(grads.shape) are not those of \(count) parameters")
    }
    guard try run.attributes.integer("steps", default: grads.shape[0]) == grads.shape[0] else {
      throw CaseError("grads of shape \(grads.shape) are not one for each of the steps")
    }
    try run.attributes.end()
    let state = try optimizer.stateNames.map { _ in try run.device.zeros([count]) }
    for step in 0..<grads.shape[0] {
      let gradients = try run.device.tensor([count], Array(grads.values[(step * count)..<((step + 1) * count)]))
      try optimizer.update(
        parameters: parameters, gradients: gradients, state: state, learningRate: optimizer.learningRate,
        step: step + 1)
    }
    try run.keep("output", parameters)
    for (name, tensor) in zip(optimizer.stateNames, state) { try run.keep(name, tensor) }
  }
}

extension JSON.Members {
  /// An optimizer's settings with PyTorch's keywords replaced by Telar's.
  var optimizerSettings: JSON.Members {
    var settings = self
    // Telar has no setting for these, only their defaults.
    for (name, value) in ["amsgrad": .boolean(false), "dampening": .integer(0)] as JSON.Members
    where settings[name] == value { settings[name] = nil }
    if case .array(let betas)? = settings["betas"], betas.count == 2 {
      (settings["betas"], settings["beta1"], settings["beta2"]) = (nil, betas[0], betas[1])
    }
    for (theirs, ours) in [("lr", "learning_rate"), ("eps", "epsilon")] {
      guard let value = settings[theirs] else { continue }
      (settings[theirs], settings[ours]) = (nil, value)
    }
    return settings
  }
}

extension OperatorCase {
  /// The operator's results on a device, by name.
  ///
  /// - Throws: ``CaseError`` for an invalid case, `AttributeError`, `ShapeError`, `DeviceError`.
  package func results(on device: any Device) throws -> [String: HostTensor] {
    guard let operation = Operators.ofGolden(op) ?? Operators.others[op] else {
      throw CaseError("unknown operator \(JSON.quoted(op, limit: 40))")
    }
    let run = CaseRun(self, on: device)
    try operation(run)
    return run.results
  }
}
