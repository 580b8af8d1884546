extension Network {
  /// Adds the network to a file: its tensors with PyTorch's keys and layouts, and its architecture as the metadata's
  /// `network`. Waits for the device.
  ///
  /// A network without ``inputShape``, whose parts do not run one after another, is wired by code that a file does not
  /// hold: its architecture is then the metadata's `parts`, and `wiring` is `code`. Such a file is loaded into a network
  /// of the same parts, for the same code to run; commands, which would run the parts in order, refuse it.
  public func add(to writer: inout SafetensorsWriter) throws {
    // PyTorch's tools look for the format.
    writer.metadata["format"] = "pt"
    let isChain = inputShape != nil
    writer.metadata[Architecture.chainMember] = isChain ? architecture.json.text : nil
    writer.metadata[Architecture.partsMember] = isChain ? nil : architecture.json.text
    writer.metadata[Architecture.wiringMember] = isChain ? nil : "code"
    for parameter in parameters {
      writer.add(parameter.key, shape: parameter.spec.shape, try parameter.values())
    }
    for part in parts {
      for (key, state) in part.trackingLayers {
        writer.add("\(key).num_batches_tracked", shape: [], [state.batchesTracked])
      }
    }
  }

  /// Writes a checkpoint that PyTorch loads as a state dictionary.
  ///
  /// - Parameter metadata: what else the file's metadata is to say.
  /// - Throws: `OutputError` when the file cannot be written.
  public func save(to path: String, metadata: OrderedMembers<String> = [:]) throws {
    try checkpoint(metadata: metadata).write(to: path)
  }

  /// A checkpoint that PyTorch loads as a state dictionary, to be written.
  ///
  /// - Parameter metadata: what else the file's metadata is to say.
  public func checkpoint(metadata: OrderedMembers<String> = [:]) throws -> SafetensorsWriter {
    var writer = SafetensorsWriter()
    for (key, value) in metadata { writer.metadata[key] = value }
    try add(to: &writer)
    return writer
  }

  /// Takes all values from a checkpoint, of Telar or of PyTorch (`safetensors.torch.save_file(model.state_dict(), …)`).
  ///
  /// - Parameters:
  ///   - names: the parts to load; by default all.
  ///   - prefix: what stands in front of the keys in the file.
  /// - Throws: `SafetensorsError` when a tensor is missing or has another shape, or when one of these parts has tensors
  ///   that the network has not. The network is then as it was.
  public func load(from file: SafetensorsFile, parts names: [String]? = nil, prefix: String = "") throws {
    let names = names ?? parts.map(\.name)
    let parameters = parameters.filter { names.contains($0.part) }
    let loaded = try parameters.map { try file.floats(prefix + $0.key, shape: $0.spec.shape) }
    var known = Set(parameters.map { prefix + $0.key })
    let starts = names.map { "\(prefix)\($0)." }
    var counts: [(LayerState, Int64)] = []
    for part in parts where names.contains(part.name) {
      for (layer, state) in part.trackingLayers {
        let key = "\(prefix)\(layer).num_batches_tracked"
        known.insert(key)
        // Checkpoints of PyTorch before 0.4.1 have none.
        guard file.tensors[key] != nil else { continue }
        counts.append((state, try file.count(key)))
      }
    }
    for (key, _) in file.tensors where !known.contains(key) && starts.contains(where: key.hasPrefix) {
      throw SafetensorsError(
        .mismatch, path: file.path, "tensor \(JSON.quoted(key, limit: 60)) belongs to nothing in the network")
    }
    for (parameter, values) in zip(parameters, loaded) { try parameter.write(values) }
    for (state, count) in counts { state.batchesTracked = count }
  }

  /// The network that a checkpoint describes, with its values.
  ///
  /// - Parameter inputShape: a sample's shape; `nil` when the parts do not run one after another, as they must not in a
  ///   checkpoint whose parts are wired by code.
  /// - Throws: `SafetensorsError`, ``AttributeError`` or ``ShapeError`` when the file has no architecture in its
  ///   metadata, one that Telar does not know, or one that its tensors or the input's shape do not fit.
  public convenience init(
    checkpoint file: SafetensorsFile, on device: any Device, inputShape: [Int]?, seed: UInt64 = 0
  ) throws {
    let architecture = try inputShape == nil ? Architecture(partsOf: file) : Architecture(checkpoint: file)
    // A shape that does not fit is reported before tensors that do not.
    if let inputShape { _ = try architecture.outputShape(of: inputShape) }
    try architecture.checkTensors(in: file)
    try self.init(architecture, on: device, inputShape: inputShape, seed: seed)
    try load(from: file)
  }

  /// Makes a part's values those of the part of the same name in another network, also of another device.
  ///
  /// - Throws: ``ShapeError`` when the parts' tensors differ.
  public func copyPart(_ name: String, from other: Network) throws {
    let mine = parameters.filter { $0.part == name }
    let theirs = other.parameters.filter { $0.part == name }
    guard mine.map(\.key) == theirs.map(\.key), mine.map(\.spec.shape) == theirs.map(\.spec.shape) else {
      throw ShapeError(name, "the part has other tensors in the network that it is copied from")
    }
    for (to, from) in zip(mine, theirs) { try to.tensor.buffer.write(from.tensor.values()) }
    for (to, from) in zip(self[part: name].trackingLayers, other[part: name].trackingLayers) {
      to.state.batchesTracked = from.state.batchesTracked
    }
  }
}

extension Architecture {
  /// The metadata's member with an architecture whose parts run in order.
  fileprivate static let chainMember = "network"
  /// The metadata's member with an architecture whose parts are wired by code, and the one that says so.
  fileprivate static let (partsMember, wiringMember) = ("parts", "wiring")

  /// Whether a checkpoint says that its parts do not run one after another.
  package static func isWiredByCode(_ file: SafetensorsFile) -> Bool { file.metadata[wiringMember] != nil }

  /// The architecture in a checkpoint's metadata, whose parts run in order.
  ///
  /// - Throws: `SafetensorsError` when there is none, it is no JSON, or its parts are wired by code, ``AttributeError``
  ///   when Telar does not know it.
  public init(checkpoint file: SafetensorsFile) throws {
    guard !Self.isWiredByCode(file) else {
      throw SafetensorsError(
        .mismatch, path: file.path,
        """
        is of a network whose parts are wired by code, which no file holds, so that it cannot be run or exported from \
        its checkpoint. Load it in Swift into a network of the same parts, network.load(from:), and call them there.
        """)
    }
    try self.init(file, Self.chainMember)
  }

  /// The parts that a checkpoint says it has, however they are run.
  fileprivate init(partsOf file: SafetensorsFile) throws {
    try self.init(file, Self.isWiredByCode(file) ? Self.partsMember : Self.chainMember)
  }

  private init(_ file: SafetensorsFile, _ member: String) throws {
    guard let text = file.metadata[member] else {
      throw SafetensorsError(
        .mismatch, path: file.path, "has no architecture in its metadata; load it into a network that you define")
    }
    let json: JSON
    do {
      json = try JSON(parsing: text)
    } catch {
      throw SafetensorsError(.malformed, path: file.path, "has a broken architecture in its metadata: \(error)")
    }
    try self.init(json: json)
  }

  /// Checks that a file has all of the network's tensors, so that none is made larger than what is there.
  ///
  /// - Parameter prefix: what stands in front of the keys in the file.
  /// - Throws: `SafetensorsError` for a tensor that is missing or has another shape.
  package func checkTensors(in file: SafetensorsFile, prefix: String = "") throws {
    for part in parts {
      for (index, layer) in part.layers.layers.enumerated() {
        for spec in layer.parameters {
          _ = try file.info("\(prefix)\(part.name).\(index).\(spec.name)", shape: spec.shape)
        }
      }
    }
  }
}

extension SafetensorsFile {
  /// A tensor that must have a shape.
  ///
  /// - Throws: `SafetensorsError` when it is missing or has another; nothing is read then.
  func floats(_ name: String, shape: [Int]) throws -> [Float] {
    _ = try info(name, shape: shape)
    return try floats(name)
  }

  /// What there is of a tensor that must have a shape.
  fileprivate func info(_ name: String, shape: [Int]) throws -> TensorInfo {
    let info = try info(name)
    guard info.shape == shape else {
      throw SafetensorsError(
        .mismatch, path: path, "tensor \(JSON.quoted(name, limit: 60)) has shape \(info.shape) and should have \(shape)"
      )
    }
    return info
  }
}
