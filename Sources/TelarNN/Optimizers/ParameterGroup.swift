import Tensors

/// Settings of the optimizer for some parameters of a network, as PyTorch's parameter groups.
///
/// A parameter takes the settings of all groups that match it, later ones above earlier ones.
public struct ParameterGroup: Sendable, Hashable {
  /// Names, `encoder.0.weight`, in which `*` stands for any characters, or ``vectors``.
  public var parameters: [String]
  /// The optimizer's settings that differ, by their keywords. A learning rate is followed by the schedule in proportion to
  /// the optimizer's own.
  public var settings: JSON.Members

  /// What matches all parameters of one dimension: biases, and the weights of normalizations. Weight decay is usually not
  /// for them.
  public static let vectors = "vectors"

  public init(_ parameters: [String], _ settings: JSON.Members) {
    self.parameters = parameters
    self.settings = settings
  }

  /// No weight decay on biases and the parameters of normalizations.
  public static let noDecayOfVectors = ParameterGroup([vectors], ["weight_decay": .number(0)])

  /// A group from keywords: `parameters`, and settings of the optimizer.
  ///
  /// - Throws: ``AttributeError`` for anything but a table with a name or a list of names, and settings.
  public init(_ json: JSON, place: String) throws {
    guard case .object(var members) = json, let names = members["parameters"] else {
      throw AttributeError(
        place, "is a list of tables such as { parameters = \"encoder.*\", learning_rate = 1e-4 }")
    }
    let elements = if case .array(let elements) = names { elements } else { [names] }
    parameters = elements.compactMap { $0.string }
    guard parameters.count == elements.count, !parameters.isEmpty else {
      throw AttributeError(place, "has parameters that are no names: \(names.text.prefix(60))")
    }
    members["parameters"] = nil
    settings = members
    if settings.isEmpty { throw AttributeError(place, "has a group without a setting that differs") }
  }

  public var json: JSON {
    .object((["parameters": .array(parameters.map(JSON.string))] as JSON.Members).adding(settings))
  }

  /// Whether one of the names matches a parameter.
  func matches(_ key: String, _ spec: ParameterSpec) -> Bool { parameters.contains { Self.matches($0, key, spec) } }

  /// The group with those names that match a parameter which the network trains; `nil` where none does.
  package func matching(_ network: Network) -> ParameterGroup? {
    let names = parameters.filter { name in
      network.parameters.contains { $0.isTrainable && Self.matches(name, $0.key, $0.spec) }
    }
    return names.isEmpty ? nil : ParameterGroup(names, settings)
  }

  private static func matches(_ name: String, _ key: String, _ spec: ParameterSpec) -> Bool {
    if name == vectors { return spec.shape.count <= 1 }
    return matches(pattern: name.utf8[...], key.utf8[...])
  }

  private static func matches(pattern: Substring.UTF8View, _ text: Substring.UTF8View) -> Bool {
    var (pattern, text) = (pattern, text)
    // Where to go on when what follows the last star does not fit: one character further.
    var retry: (pattern: Substring.UTF8View, text: Substring.UTF8View)?
    while true {
      if pattern.first == UInt8(ascii: "*") {
        pattern = pattern.dropFirst()
        retry = (pattern, text)
      } else if let first = pattern.first, first == text.first {
        (pattern, text) = (pattern.dropFirst(), text.dropFirst())
      } else if pattern.isEmpty, text.isEmpty {
        return true
      } else if let last = retry, !last.text.isEmpty {
        (pattern, text) = (last.pattern, last.text.dropFirst())
        retry = (last.pattern, text)
      } else {
        return false
      }
    }
  }
}

extension Optimizer {
  /// The optimizer with some settings changed.
  ///
  /// - Throws: ``AttributeError`` for unknown keywords and invalid values, and where it would keep other state.
  package func with(_ settings: JSON.Members) throws -> Self {
    var reader = AttributeReader(attributes.adding(settings), place: Self.name)
    let changed = try Self(attributes: &reader)
    try reader.end()
    guard changed.stateNames == stateNames else {
      throw AttributeError(
        Self.name,
        "keeps \(changed.stateNames.joined(separator: ", ")) with \(JSON.object(settings).text) and "
          + "\(stateNames.joined(separator: ", ")) without, which one network cannot mix")
    }
    return changed
  }

  /// An optimizer for each of a network's parameters, and how many differ.
  ///
  /// - Parameter parameters: those that are trained.
  /// - Returns: the optimizers that differ, and for each parameter which of them is its own.
  /// - Throws: ``AttributeError`` for invalid settings and for names that match no parameter.
  package func grouped(
    by groups: [ParameterGroup], _ parameters: [(key: String, spec: ParameterSpec)]
  ) throws -> (optimizers: [any Optimizer], group: [Int]) {
    for name in groups.flatMap(\.parameters) {
      let group = ParameterGroup([name], [:])
      guard parameters.contains(where: { group.matches($0.key, $0.spec) }) else {
        let keys = parameters.map(\.key)
        let shown = keys.prefix(12).joined(separator: ", ") + (keys.count > 12 ? ", …" : "")
        throw AttributeError(
          "parameter_groups", "no trained parameter matches \(JSON.quoted(name, limit: 40)); there are \(shown)")
      }
    }
    var kinds: [JSON.Members] = [[:]]
    var optimizers: [any Optimizer] = [self]
    let group = try parameters.map { key, spec in
      let settings = groups.filter { $0.matches(key, spec) }.reduce(into: [:] as JSON.Members) {
        $0 = $0.adding($1.settings)
      }
      if let index = kinds.firstIndex(of: settings) { return index }
      kinds.append(settings)
      optimizers.append(try with(settings))
      return kinds.count - 1
    }
    return (optimizers, group)
  }
}
