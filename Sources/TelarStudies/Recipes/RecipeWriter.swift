import Foundation
import TelarIO
import TelarNN
import TelarTraining

/// Writes experiments of a study as a recipe with the same trainings, bit for bit.
///
/// Settings that all of them share are written under `[defaults]`. Recipes contain no claims.
public struct RecipeWriter {
  private let study: Study
  private let options: StudyOptions
  /// The requested experiments, and those that pre-train them.
  private let experiments: [Experiment]
  private let requested: Set<String>
  private let networks: Networks

  /// The contents of `[data]`.
  public var data = Recipe.DataSource()

  /// - Parameters:
  ///   - experiments: experiments of the study.
  ///   - options: the user's options; `nil` keeps the study's value. The output folder is not part of a recipe.
  ///   - epochs: the number of epochs of an experiment.
  public init(
    _ study: Study, _ experiments: [Experiment], _ options: StudyOptions = StudyOptions(),
    epochs: (Experiment) -> Int = { $0.epochs }
  ) {
    self.study = study
    self.options = options
    requested = Set(experiments.map(\.name))
    let needed = study.namesNeeded(by: experiments)
    self.experiments = study.experiments.filter { needed.contains($0.name) }.map { experiment in
      var experiment = experiment
      experiment.epochs = epochs(experiment)
      experiment.batchSize = options.batchSize ?? experiment.batchSize
      return experiment
    }
    networks = Networks(of: self.experiments)
  }

  /// The recipe's text.
  public var text: String {
    let defaults = defaults
    var blocks = [head]
    if let data = dataBlock { blocks.append(data) }
    if !defaults.isEmpty {
      blocks.append(
        "# Settings of every experiment that does not set them itself.\n[defaults]\n" + Self.lines(defaults))
    }
    blocks += networks.named.map { name, layers in
      "[networks.\(TOML.key(name))]\nlayers = [\n" + Networks.lines(layers) + "]\n"
    }
    blocks += experiments.map { block(of: $0, defaults) }
    blocks += charts
    return blocks.joined(separator: "\n")
  }

  // MARK: Blocks

  private var head: String {
    let count = requested.count == study.experiments.count ? "All experiments" : "Experiments"
    var members: JSON.Members = [
      "name": .string("my-\(study.name)"), "title": .string(study.title),
    ]
    if !study.source.isEmpty { members["source"] = .string(study.source) }
    var text = """
      # \(count) of the study \(study.name), without what its text claims of them.
      # To run them: telar train FILE. What can stand here: Recipes.md of the documentation.

      \(Self.lines(members))
      """
    if !study.assumptions.isEmpty {
      text += "notes = [\n" + study.assumptions.map { "  \(JSON.quoted($0)),\n" }.joined() + "]\n"
    }
    var running: JSON.Members = [:]
    if options.seedCount != 1 { running["seeds"] = .integer(options.seedCount) }
    if options.usedCurveImageCount != StudyOptions().usedCurveImageCount {
      running["curve_images"] = .integer(options.usedCurveImageCount)
    }
    return text + Self.lines(running)
  }

  private var dataBlock: String? {
    var members: JSON.Members = [:]
    if let folder = data.path { members["folder"] = .string(folder) }
    if data.allowsOtherData { members["allow_other_data"] = .boolean(true) }
    if let subset = options.subset { members["subset"] = .integer(subset) }
    return members.isEmpty ? nil : "[data]\n" + Self.lines(members)
  }

  private func block(of experiment: Experiment, _ defaults: JSON.Members) -> String {
    var text = "[[experiments]]\n"
    text += Self.lines(["name": .string(experiment.name), "summary": .string(TOML.literal(experiment.summary))])
    if !requested.contains(experiment.name) { text += "only_when_needed = true  # for pre-training\n" }
    let settings = Self.settings(of: experiment)
    for (name, value) in settings where defaults[name] != value && (defaults[name] ?? Self.usual[name]) != value {
      text += Self.lines([name: value])
    }
    text += partLines(of: experiment)
    guard let pretraining = experiment.pretraining else { return text }
    var members: JSON.Members
    switch pretraining.source {
    case .experiment(let name): members = ["experiment": .string(name)]
    case .checkpoint(let path): members = ["checkpoint": .string(TOML.literal(path))]
    }
    members["parts"] = .array(pretraining.parts.map(JSON.string))
    // Without a number, pre-training lasts as many epochs as the other experiment.
    if case .experiment(let name) = pretraining.source {
      let own = experiments.first { $0.name == name }!.epochs
      let epochs = pretraining.epochs ?? (pretraining.keepsEpochs ? own : experiment.epochs)
      if epochs != own { members["epochs"] = .integer(epochs) }
    }
    return text + Self.lines(["pretraining": .object(members)])
  }

  private func partLines(of experiment: Experiment) -> String {
    let parts = experiment.architecture.parts.map { part -> JSON in
      let network = networks.name(of: part)
      if network == part.name, !part.isFrozen { return .string(network) }
      var members: JSON.Members = ["name": .string(part.name), "network": .string(network)]
      if let epochs = experiment.thaw[part.name] {
        members["thaw"] = .integer(epochs)
      } else if part.isFrozen {
        members["frozen"] = .boolean(true)
      }
      return .object(members)
    }
    let line = TOML.value(.array(parts))
    return line.count <= 100
      ? "parts = \(line)\n" : "parts = [\n" + parts.map { "  \(TOML.value($0)),\n" }.joined() + "]\n"
  }

  /// The charts whose experiments are all written.
  private var charts: [String] {
    study.charts.filter { chart in chart.experiments.allSatisfy { name in experiments.contains { $0.name == name } } }
      .map { chart in
        var members: JSON.Members = [
          "name": .string(chart.name), "title": .string(chart.title),
          "experiments": .array(chart.experiments.map(JSON.string)),
        ]
        switch chart.kind {
        case .curves: break
        case .lossBy(let label, let values):
          members["by"] = .string(label)
          members["values"] = .array(values.map(JSON.number))
        case .reconstructions: members["reconstructions"] = .boolean(true)
        }
        return "[[charts]]\n" + Self.lines(members)
      }
  }

  // MARK: Settings

  /// The settings of an experiment besides its network, in the order of the recipe.
  private static func settings(of experiment: Experiment) -> JSON.Members {
    var members: JSON.Members = [
      "loss": experiment.options.objective?.json ?? .string(experiment.loss.rawValue),
      "epochs": .integer(experiment.epochs),
      "batch_size": .integer(experiment.batchSize), "optimizer": optimizer(experiment.optimizer),
      "schedule": experiment.schedule.json,
      "early_stopping": experiment.earlyStopping?.json ?? .boolean(false),
      "monitor": .string(experiment.monitor.name), "metrics": .array(experiment.metrics.map { .string($0.name) }),
      "normalization": experiment.data.computesNormalization
        ? .string(RecipeReader.computed) : experiment.data.normalization.json,
      "validation_images": .integer(experiment.data.validationCount ?? 0),
    ]
    let options = experiment.options.attributes
    for keyword in TrainingOptions.keywords { members[keyword] = options[keyword] ?? .boolean(false) }
    return members
  }

  /// The name and the non-default settings of an optimizer.
  private static func optimizer(_ optimizer: any Optimizer) -> JSON {
    var members: JSON.Members = [
      "name": .string(type(of: optimizer).name), "learning_rate": .number(optimizer.learningRate),
    ]
    for (name, value) in optimizer.changedAttributes { members[name] = value }
    return .object(members)
  }

  /// The values of settings that neither an experiment nor the defaults set.
  private static let usual =
    ([
      "schedule": LearningRateSchedule.constant.json, "early_stopping": .boolean(false),
      "monitor": .string(Monitor.loss.name), "metrics": .array([]), "normalization": Normalization.unit.json,
      "validation_images": .integer(0),
    ] as JSON.Members).adding(TrainingOptions.keywords.reduce(into: [:] as JSON.Members) { $0[$1] = .boolean(false) })

  /// The most frequent value of each setting, if it saves lines.
  private var defaults: JSON.Members {
    let all = experiments.map(Self.settings)
    guard all.count > 1 else { return [:] }
    var defaults: JSON.Members = [:]
    for name in all[0].keys {
      let values = all.map { $0[name]! }
      let counts = Dictionary(grouping: values) { $0 }.mapValues(\.count)
      let most = counts.values.max()!
      let value = values.first { counts[$0] == most }!
      if value != Self.usual[name] { defaults[name] = value }
    }
    return defaults
  }

  private static func lines(_ members: JSON.Members) -> String {
    members.map { "\(TOML.key($0.key)) = \(TOML.value($0.value))\n" }.joined()
  }
}

// MARK: - Networks

/// The distinct lists of layers, each with a name: that of its part, with the experiment's name where parts of the same
/// name differ.
private struct Networks {
  private(set) var named: [(name: String, layers: Sequential)] = []
  private var names: [JSON: String] = [:]

  init(of experiments: [Experiment]) {
    for experiment in experiments {
      for part in experiment.architecture.parts {
        let key = Self.key(part)
        guard names[key] == nil else { continue }
        let taken = Set(named.map(\.name))
        // Experiments' names may contain points, networks' names may not.
        let own = part.name + "-" + experiment.name.replacingOccurrences(of: ".", with: "_")
        var name = taken.contains(part.name) ? own : part.name
        var number = 2
        while taken.contains(name) {
          name = "\(own)-\(number)"
          number += 1
        }
        names[key] = name
        named.append((name, part.layers))
      }
    }
  }

  func name(of part: Part) -> String { names[Self.key(part)]! }

  private static func key(_ part: Part) -> JSON { .array(part.layers.layers.map(json)) }

  private static func json(_ layer: any Layer) -> JSON {
    var members: JSON.Members = ["layer": .string(type(of: layer).moduleName)]
    for (name, value) in layer.attributes { members[name] = value }
    return .object(members)
  }

  static func lines(_ layers: Sequential) -> String {
    layers.layers.map { "  \(TOML.value(withoutDefaults($0))),\n" }.joined()
  }

  /// The layer without keywords that have PyTorch's default value, except dropout's probability; only the name if no
  /// keyword remains.
  private static func withoutDefaults(_ layer: any Layer) -> JSON {
    guard case .object(var members) = json(layer) else { return .null }
    for name in members.keys where name != "layer" && name != "p" {
      var fewer = members
      fewer[name] = nil
      guard let same = try? Architecture.layer(json: .object(fewer), place: ""), json(same) == json(layer) else {
        continue
      }
      members = fewer
    }
    return members.count == 1 ? members["layer"]! : .object(members)
  }
}

// MARK: - TOML

/// Values in TOML syntax.
private enum TOML {
  static func value(_ json: JSON) -> String {
    switch json {
    case .object(let members):
      members.isEmpty
        ? "{}" : "{ " + members.map { "\(key($0.key)) = \(value($0.value))" }.joined(separator: ", ") + " }"
    case .array(let elements): "[" + elements.map(value).joined(separator: ", ") + "]"
    // TOML has JSON's escapes.
    case .string, .integer, .number, .boolean, .null: json.text
    }
  }

  static func key(_ name: String) -> String { TOMLOutline.join("", name) }

  /// Escapes dollar signs, which would refer to variables.
  static func literal(_ text: String) -> String { text.replacingOccurrences(of: "$", with: "$$") }
}
