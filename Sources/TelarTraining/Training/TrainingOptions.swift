import TelarNN

/// Settings of training that change nothing unless asked for, by their keywords in recipes and in `run.json`.
public struct TrainingOptions: Sendable, Hashable {
  /// What is minimised, where that is not the loss itself.
  public var objective: Objective?
  /// Random changes of the training images.
  public var augmentation: Augmentation?
  /// The largest norm of all gradients together; larger ones are scaled down to it.
  public var clipNorm: Double?
  /// Batches whose gradients a step of the optimizer averages, weighted by their images.
  public var accumulation = 1
  /// The decay of a moving average of the network's numbers, which is measured and kept beside them; `nil` for none.
  public var averageDecay: Double?
  /// Parameters with other settings of the optimizer.
  public var parameterGroups: [ParameterGroup] = []

  public init() {}

  /// The keywords of recipes; ``objective`` is read with the loss.
  public static let keywords = ["augmentation", "clip_norm", "accumulate", "ema", "parameter_groups"]

  /// The settings from their keywords; omitted ones have defaults.
  ///
  /// - Throws: `AttributeError` for invalid values.
  public init(attributes: inout AttributeReader) throws {
    augmentation = try attributes.table("augmentation") {
      let augmentation = try Augmentation(attributes: &$0)
      return augmentation == Augmentation() ? nil : augmentation
    }
    clipNorm = try attributes.take("clip_norm", default: nil) { value, reader in
      if value == .boolean(false) { return nil }
      guard let norm = value.double, norm.isFinite, 1e-30...1e30 ~= norm else {
        throw reader.error("clip_norm", "must be a number above 0, or false, not \(value.text.prefix(40))")
      }
      return norm
    }
    accumulation = try attributes.take("accumulate", default: 1) { value, reader in
      if value == .boolean(false) { return 1 }
      guard let count = value.integer, 1...10_000 ~= count else {
        throw reader.error("accumulate", "must be an integer from 1 to 10000, not \(value.text.prefix(40))")
      }
      return count
    }
    averageDecay = try attributes.take("ema", default: nil) { value, reader in
      if value == .boolean(false) { return nil }
      guard let decay = value.double, 0 <= decay, decay < 1 else {
        throw reader.error(
          "ema", "must be a number from 0 to below 1, such as 0.999, or false, not \(value.text.prefix(40))")
      }
      return decay
    }
    parameterGroups = try attributes.take("parameter_groups", default: []) { value, _ in
      if value == .boolean(false) { return [] }
      guard case .array(let groups) = value else { return [try ParameterGroup(value, place: "parameter_groups")] }
      return try groups.map { try ParameterGroup($0, place: "parameter_groups") }
    }
  }

  /// The settings that change something, by their keywords, in the form of recipes and `run.json`.
  public var attributes: JSON.Members {
    var members: JSON.Members = [:]
    members["augmentation"] = augmentation?.json
    members["clip_norm"] = clipNorm.map(JSON.number)
    if accumulation > 1 { members["accumulate"] = .integer(accumulation) }
    members["ema"] = averageDecay.map(JSON.number)
    if !parameterGroups.isEmpty { members["parameter_groups"] = .array(parameterGroups.map(\.json)) }
    return members
  }

  /// The same with the objective, for `run.json`.
  public var json: JSON.Members {
    var members = attributes
    members["objective"] = objective?.json
    return members
  }

  /// The keywords of ``json``.
  public static let jsonKeywords = keywords + ["objective"]
}
