import TelarData
import TelarIO
import TelarNN
import TelarTraining

/// Reads the tables of a recipe, one experiment at a time.
struct RecipeReader {
  /// An experiment with its places in the recipe, for errors.
  struct Draft {
    var experiment: Experiment
    /// The experiment's table.
    let node: TOMLNode
    /// The layers of each part.
    let layers: [[TOMLNode]]
    let pretraining: TOMLNode?
    let isOnlyWhenNeeded: Bool
  }

  /// The experiments of one table, which may have a grid.
  struct Family {
    let name: String
    let experiments: [String]
  }

  /// What networks take and tell.
  private let shape: DataShape
  private let networks: OrderedMembers<TOMLNode>
  private let defaults: TOMLNode
  /// Makes a path absolute.
  private let absolutePath: (String) -> String

  /// The most experiments of a recipe.
  static let maximumCount = 1000

  /// - Parameters:
  ///   - networks: the table of networks, if any.
  ///   - defaults: the default settings of experiments, if any.
  ///   - shape: what networks take and tell.
  init(
    networks: TOMLNode?, defaults: TOMLNode?, for shape: DataShape, absolutePath: @escaping (String) -> String
  ) throws(RecipeError) {
    self.shape = shape
    var named: OrderedMembers<TOMLNode> = [:]
    if let networks {
      guard case .table(let members) = networks.value else {
        throw networks.error("must hold a table for each network, as in [networks.encoder]")
      }
      named = members
    }
    self.networks = named
    self.defaults = (defaults ?? TOMLNode(.table([:]))).withoutShortForms
    self.absolutePath = absolutePath
    var reader = try TableReader(self.defaults)
    for setting in Self.settings { _ = reader.take(setting) }
    for setting in Self.settingsOfOne {
      if let value = reader.take(setting) { throw value.error("belongs to an experiment, not to all of them") }
    }
    try reader.end()
    for (name, node) in named {
      _ = try Name.part(name, node)
      let layers = try Self.layers(of: node)
      // A network with variables can only be checked once they have values.
      if !layers.contains(where: \.hasReferences) { _ = try Self.sequential(layers) }
    }
  }

  /// The settings of an experiment, apart from the defaults.
  private static let settings =
    [
      "parts", "loss", "epochs", "batch_size", "optimizer", "schedule", "early_stopping", "monitor", "metrics",
      "normalization", "validation_images", "pretraining", "variables", "claims",
    ] + TrainingOptions.keywords
  private static let settingsOfOne = ["name", "summary", "grid", "only_when_needed"]

  // MARK: Experiments

  /// The experiments of a table: one, or those of its grid.
  func experiments(_ node: TOMLNode) throws(RecipeError) -> (drafts: [Draft], family: Family?) {
    guard case .table(var members) = node.value else {
      throw node.error("must be a table of settings, not \(node.shown)")
    }
    let gridNode = members["grid"]
    members["grid"] = nil
    let own = TOMLNode(.table(members), path: node.path, line: node.line).withoutShortForms
    let settings = defaults.merged(with: own)
    guard let gridNode else { return ([try experiment(settings)], nil) }
    let grid = try Grid(gridNode)
    var drafts: [Draft] = []
    for point in grid.points {
      var varied = settings.merged(with: point.settings.withoutShortForms)
      (varied.path, varied.line) = (node.path, node.line)
      let draft = try experiment(varied, point)
      drafts.append(draft)
    }
    let names = drafts.map(\.experiment.name)
    var family = names[0]
    if case .string(let base)? = members["name"]?.value, !base.contains("$") {
      family = base
    } else {
      family = names.reduce(family) { $0.commonPrefix(with: $1) }
      while let last = family.last, !last.isLetter, !last.isNumber { family.removeLast() }
    }
    return (drafts, Family(name: family.isEmpty ? "grid-\(node.line ?? 0)" : family, experiments: names))
  }

  private func experiment(_ settings: TOMLNode, _ point: Grid.Point? = nil) throws(RecipeError) -> Draft {
    guard case .table(var members) = settings.value else { preconditionFailure("merged settings are a table") }
    var variables = try Variables(members["variables"], of: shape)
    members["variables"] = nil
    var reader = try TableReader(TOMLNode(.table(members), path: settings.path, line: settings.line))

    let nameNode = try reader.require("name")
    var name = try variables.substitute(in: nameNode).line()
    let isInName = variables.used
    if let point { name += point.suffix { $0.variable.map(isInName.contains) ?? false } }
    name = try Name.experiment(name, nameNode)

    func value(_ setting: String) throws(RecipeError) -> TOMLNode? {
      guard let node = reader.take(setting) else { return nil }
      return try variables.substitute(in: node)
    }
    let summary = try value("summary")?.line(limit: 200)
    let (parts, layers, thaw) = try parts(required(value("parts"), "parts", settings), &variables)
    let (loss, objective) = try Self.loss(required(value("loss"), "loss", settings))
    let epochs = try required(value("epochs"), "epochs", settings).integer(StudyOptions.epochRange)
    let batchSize = try value("batch_size")?.integer(1...60_000) ?? 100
    let optimizer = try value("optimizer").map(Self.optimizer) ?? Adam()
    let schedule = try value("schedule").map(Self.schedule) ?? .constant
    let stopping = try value("early_stopping").flatMap(Self.earlyStopping)
    let monitorNode = try value("monitor"), metricsNode = try value("metrics")
    var optional: OrderedMembers<TOMLNode> = [:]
    for keyword in TrainingOptions.keywords { optional[keyword] = try value(keyword) }
    let options = try Self.options(optional, objective, settings, for: shape)
    var data = Experiment.DataSettings()
    if let node = try value("normalization") {
      let given = try Self.normalization(node)
      (data.normalization, data.computesNormalization) = (given ?? .unit, given == nil)
      guard given?.fits(channels: shape.size.channels) != false else {
        throw node.error("is for other than the \(shape.size.channels) channels of the images")
      }
    }
    if let count = try value("validation_images")?.integer(0...199_999), count > 0 { data.validationCount = count }
    let pretrainingNode = try value("pretraining")
    let pretraining = try pretrainingNode.flatMap(pretraining)
    let claims = try value("claims").map(RecipeClaims.claims) ?? []
    let isOnlyWhenNeeded = try value("only_when_needed")?.boolean() ?? false
    try reader.end(besides: ["variables", "grid"])
    if let axis = point?.choices.map(\.axis).first(where: { $0.variable.map { !variables.used.contains($0) } ?? false })
    {
      throw settings.error("the grid varies the variable \(axis.path[1]), which nothing refers to as $\(axis.path[1])")
    }

    let described =
      summary
      ?? parts.map { part in
        thaw[part.name].map { "\(part.name) (frozen for \($0) epochs)" }
          ?? (part.isFrozen ? "\(part.name) (frozen)" : part.name)
      }.joined(separator: ", ")
    if let (part, count) = thaw.first(where: { $0.value >= epochs }) {
      throw settings.error(
        "the part \(part) would thaw after \(count) epochs, and there are \(epochs): freeze it instead")
    }
    var experiment = Experiment(
      name, described + (point.map { "; \($0.summary)" } ?? ""), Architecture(parts), loss: loss, data: data,
      optimizer: optimizer, schedule: schedule, batchSize: batchSize, epochs: epochs, earlyStopping: stopping,
      options: options, pretraining: pretraining, claims: claims)
    experiment.thaw = thaw
    try RecipeMetrics(loss, for: shape).read(metricsNode, monitor: monitorNode, into: &experiment, settings)
    return Draft(
      experiment: experiment, node: settings, layers: layers, pretraining: pretrainingNode,
      isOnlyWhenNeeded: isOnlyWhenNeeded)
  }

  private func required(_ value: TOMLNode?, _ name: String, _ settings: TOMLNode) throws(RecipeError) -> TOMLNode {
    if let value { return value }
    var reader = try TableReader(settings)
    return try reader.require(name)
  }

  // MARK: Networks

  /// The parts of a network, and the places of their layers.
  private func parts(_ node: TOMLNode, _ variables: inout Variables) throws(RecipeError) -> (
    parts: [Part], places: [[TOMLNode]], thaw: OrderedMembers<Int>
  ) {
    var parts: [Part] = []
    var thaw: OrderedMembers<Int> = [:]
    var places: [[TOMLNode]] = []
    for element in try node.array() {
      var name: String?
      var isFrozen = false
      var epochs: Int?
      let layers: [TOMLNode]
      if case .string(let network) = element.value {
        (name, layers) = (network, try self.layers(of: network, element, &variables))
      } else {
        var reader = try TableReader(element)
        name = try reader.take("name")?.string()
        let network = reader.take("network")
        let own = reader.take("layers")
        isFrozen = try reader.take("frozen")?.boolean() ?? false
        if let node = reader.take("thaw") {
          if isFrozen { throw node.error("is for a part that is trained later; this one is frozen in all epochs") }
          (epochs, isFrozen) = (try node.integer(1...100_000), true)
        }
        try reader.end()
        switch (network, own) {
        case (let network?, nil):
          let networkName = try network.string()
          layers = try self.layers(of: networkName, network, &variables)
          name = name ?? networkName
        case (nil, let own?): layers = try own.array()
        default: throw element.error("a part has either a network or layers")
        }
      }
      guard let name else { throw element.error("name is missing") }
      guard !parts.contains(where: { $0.name == name }) else {
        throw element.error("two parts are named \(JSON.quoted(name, limit: 40))")
      }
      guard !layers.isEmpty else { throw element.error("the part has no layers") }
      parts.append(Part(try Name.part(name, element), try Self.sequential(layers), isFrozen: isFrozen))
      places.append(layers)
      thaw[name] = epochs
    }
    if parts.isEmpty { throw node.error("lists no parts") }
    return (parts, places, thaw)
  }

  /// The layers of a named network, with variables substituted.
  ///
  /// - Parameter node: the reference to the network, for errors.
  private func layers(of name: String, _ node: TOMLNode, _ variables: inout Variables) throws(RecipeError) -> [TOMLNode]
  {
    guard let network = networks[name] else {
      if networks.isEmpty {
        throw node.error("no network is named \(JSON.quoted(name, limit: 40)); define it under [networks]")
      }
      throw node.unknown("network", name, among: networks.keys)
    }
    var layers: [TOMLNode] = []
    for layer in try Self.layers(of: network) { layers.append(try variables.substitute(in: layer)) }
    return layers
  }

  private static func layers(of network: TOMLNode) throws(RecipeError) -> [TOMLNode] {
    var reader = try TableReader(network)
    let layers = try reader.require("layers").array()
    try reader.end()
    return layers
  }

  private static func sequential(_ nodes: [TOMLNode]) throws(RecipeError) -> Sequential {
    var layers: [any Layer] = []
    for node in nodes { layers.append(try layer(node)) }
    return Sequential(layers)
  }

  /// A layer: a table with PyTorch's keywords, or only a name where no keyword is required.
  private static func layer(_ node: TOMLNode) throws(RecipeError) -> any Layer {
    let json: JSON
    switch node.value {
    case .string(let name): json = .object(["layer": .string(name)])
    case .table: json = node.json
    default: throw node.error("must be a layer, as in { layer = \"Linear\", in_features = 800, out_features = 64 }")
    }
    do {
      return try Architecture.layer(json: json, place: "")
    } catch let error as AttributeError {
      throw RecipeError(line: node.line, place: node.path + error.place, error.problem)
    } catch {
      throw node.error("\(error)")
    }
  }

  // MARK: Pre-training

  private func pretraining(_ node: TOMLNode) throws(RecipeError) -> Experiment.Pretraining? {
    if node.isFalse { return nil }
    var reader = try TableReader(node)
    let experiment = reader.take("experiment")
    let checkpoint = reader.take("checkpoint")
    let partsNode = reader.take("parts")
    let epochs = reader.take("epochs")
    try reader.end()
    let source: Experiment.Pretraining.Source
    switch (experiment, checkpoint) {
    case (let experiment?, nil): source = .experiment(try experiment.string())
    case (nil, let checkpoint?):
      if let epochs { throw epochs.error("a checkpoint is taken as it is; epochs are for an experiment") }
      let path = try checkpoint.string()
      if path.isEmpty { throw checkpoint.error("names no file") }
      source = .checkpoint(absolutePath(path))
    default: throw node.error("names either an experiment of the recipe or a checkpoint's file")
    }
    var parts = ["encoder"]
    if let partsNode {
      parts = []
      for part in try partsNode.array() { parts.append(try part.string()) }
      if parts.isEmpty { throw partsNode.error("lists no parts") }
    }
    return Experiment.Pretraining(
      source, parts: parts, epochs: try epochs?.integer(StudyOptions.epochRange), keepsEpochs: true)
  }
}
