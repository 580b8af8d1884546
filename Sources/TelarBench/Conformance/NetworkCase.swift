import TelarNN

/// A training run of PyTorch that is repeated: the contents of a network file.
struct NetworkCase {
  /// The prefix of the initial weights' names.
  private static let initialPrefix = "initial/"

  private let file: SafetensorsFile
  private let architecture: Architecture
  private let loss: Loss
  private let optimizer: any Optimizer
  /// The number of steps, batch size, height and width of the images.
  private let shape: [Int]
  private let lossError: Double
  private let outputError: Double

  /// Reads everything except the tensors' values.
  ///
  /// - Throws: ``CaseError``, `AttributeError`, `SafetensorsError` when something is missing or invalid.
  init(_ file: SafetensorsFile) throws {
    self.file = file
    func text(_ key: String) throws -> String {
      guard let value = file.metadata[key] else { throw CaseError("its metadata has no \(key)") }
      return value
    }
    func json(_ key: String) throws -> JSON {
      do {
        return try JSON(parsing: try text(key))
      } catch let error as JSONError {
        throw CaseError("\(key) in its metadata is broken: \(error)")
      }
    }
    func number(_ key: String) throws -> Double {
      guard let value = Double(try text(key)), value.isFinite, value >= 0 else {
        throw CaseError("\(key) in its metadata is no number")
      }
      return value
    }
    architecture = try Architecture(json: json("network"))
    guard let loss = Loss(rawValue: try text("loss")) else {
      throw CaseError("unknown loss \(JSON.quoted(try text("loss"), limit: 40))")
    }
    self.loss = loss
    optimizer = try Self.optimizer(try json("optimizer"))
    lossError = try number("float32_loss_error")
    outputError = try number("float32_output_error")
    shape = try file.info("images").shape
    guard shape.count == 4, !shape.contains(0) else {
      throw CaseError("images must be steps × batch × height × width, not \(shape)")
    }
    for (key, size) in [("steps", shape[0]), ("batch_size", shape[1])] where try text(key) != String(size) {
      throw CaseError("\(key) in its metadata is \(JSON.quoted(try text(key), limit: 20)), but images are \(shape)")
    }
    guard try file.info("losses").shape == [shape[0]] else { throw CaseError("losses must be one for each step") }
  }

  /// An optimizer from PyTorch's keywords.
  private static func optimizer(_ json: JSON) throws -> any Optimizer {
    guard case .object(var members) = json else { throw CaseError("optimizer must be an object") }
    guard case .string(let name)? = members["optimizer"], let type = OptimizerRegistry[name] else {
      throw CaseError("unknown optimizer \(JSON.quoted(members["optimizer"]?.text ?? "", limit: 40))")
    }
    members["optimizer"] = nil
    var keywords = AttributeReader(members.optimizerSettings, place: "optimizer")
    let optimizer = try type.init(attributes: &keywords)
    try keywords.end()
    return optimizer
  }

  /// Trains like PyTorch, twice, and compares the loss of each step and the final output.
  func run(on device: any Device) throws -> Bound.Worst {
    let (trained, again) = try Repetition.twice(on: device) { try train(on: device) }
    if let difference = Repetition.difference(trained.numbers, again.numbers) { return difference }
    let reference = try file.floats("losses")
    var worst = Bound.within(absolute: 0, relative: 10 * lossError + 1e-4).worst("losses", trained.losses, reference)
    guard worst.fraction != nil, let output = trained.output else { return worst }

    let expected = HostTensor(try file.info("output").shape, try file.floats("output"))
    guard output.shape == expected.shape else {
      throw CaseError("output has shape \(output.shape) and should have \(expected.shape)")
    }
    let found = Bound.within(absolute: 10 * outputError + 2e-3, relative: 0)
      .worst("output", output.values, expected.values)
    guard let fraction = found.fraction else { return found }
    if fraction > worst.fraction! { worst = found }
    return worst
  }

  /// The results of training.
  private struct Trained {
    var losses: [Float]
    /// The output for the last step's images, if the file has one.
    var output: HostTensor?
    var parameters: [(name: String, values: [Float])]

    var numbers: [(name: String, values: [Float])] {
      [("losses", losses), ("output", output?.values ?? [])] + parameters
    }
  }

  private func train(on device: any Device) throws -> Trained {
    let (steps, batch, height, width) = (shape[0], shape[1], shape[2], shape[3])
    try CaseLimit.check(file.tensors.map(\.value))
    let layerCount = architecture.layerCount
    guard steps * layerCount <= CaseLimit.layerRuns else {
      throw CaseError("runs \(layerCount) layers in \(steps) steps, over the limit of \(CaseLimit.layerRuns) in all")
    }
    _ = try architecture.extent(of: [height, width, 1]) { try CaseLimit.check($1, batch: batch, passes: steps) }
    // This bounds the network's tensors by the file's.
    try architecture.checkTensors(in: file, prefix: Self.initialPrefix)
    let network = try Network(architecture, on: device, inputShape: [height, width, 1], seed: 0)
    try network.load(from: file, prefix: Self.initialPrefix)
    let train = try TrainingStep(network, optimizer)
    let pixels = try file.values("images", as: UInt8.self)
    let classes = loss == .classification ? try labels(count: steps * batch, network) : []
    let size = batch * height * width
    func images(_ step: Int) throws -> Tensor {
      try device.tensor(
        [batch, height, width, 1], pixels[(step * size)..<((step + 1) * size)].map { Float($0) / 255 })
    }

    var losses: [Float] = []
    for step in 0..<steps {
      let x = try images(step)
      let y = try device.labels(classes.isEmpty ? [] : Array(classes[(step * batch)..<((step + 1) * batch)]))
      losses.append(try train { mode in try loss(network(x, mode), images: x, labels: y) }.item())
    }
    let parameters = try network.parameters.map { (name: $0.key, values: try $0.tensor.values()) }
    guard file.tensors["output"] != nil else { return Trained(losses: losses, output: nil, parameters: parameters) }
    let output = try network(images(steps - 1))
    let layout = output.shape.count == 4 ? DeviceLayout.image : .same
    let result = layout.fromDevice(HostTensor(output.shape, try output.values()), shape: output.shape)
    return Trained(losses: losses, output: result, parameters: parameters)
  }

  private func labels(count: Int, _ network: Network) throws -> [Int32] {
    guard let classes = network.outputShape, classes.count == 1 else {
      throw CaseError("a network with the loss cross_entropy must end in features")
    }
    let labels = try file.values("labels", as: UInt8.self)
    guard labels.count == count, labels.allSatisfy({ Int($0) < classes[0] }) else {
      throw CaseError("labels must be \(count) classes from 0 to \(classes[0] - 1)")
    }
    return labels.map { Int32($0) }
  }
}
