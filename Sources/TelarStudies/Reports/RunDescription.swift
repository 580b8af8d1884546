import TelarIO
import TelarNN
import TelarTraining

/// The settings in a run's record, in words.
struct RunDescription {
  private let record: JSON

  init(_ record: JSON.Members) { self.record = .object(record) }

  /// The names and values of settings, in order, without those that the record lacks.
  var settings: [(name: String, value: String)] {
    let settings = record["settings"]
    let data = record["data"]
    let all: [(String, String?)] = [
      ("loss", settings?["loss"]?.string.map { Loss.names[$0] ?? $0 }),
      ("minimised", settings?["objective"].flatMap(objective)),
      ("optimizer", settings?["optimizer"].flatMap(optimizer)),
      ("learning rate", number(settings?["optimizer"]?["learning_rate"])),
      ("schedule", settings?["schedule"].flatMap(schedule)),
      ("batch size", number(settings?["batch_size"])),
      ("epochs at most", number(settings?["epochs"])),
      ("early stopping", earlyStopping),
      ("best epoch by", settings?["monitor"]?.string.map { Monitor(name: $0)?.title ?? $0 }),
      ("augmentation", settings?["augmentation"].map { others(in: $0, besides: []).joined(separator: ", ") }),
      ("gradients clipped to norm", number(settings?["clip_norm"])),
      ("batches a step", number(settings?["accumulate"])),
      ("moving average, decay", number(settings?["ema"])),
      ("parameter groups", settings?["parameter_groups"].flatMap(parameterGroups)),
      ("pre-training", pretraining),
      (
        "frozen", (record["frozen"]?.elements ?? []).compactMap(\.string).nonEmpty?.joined(separator: ", ") ?? "nothing"
      ),
      ("thawed", thaw),
      ("pixels", data?["normalization"].flatMap(normalization)),
      ("training images", data.flatMap(trainingImages)),
      ("validation images", validationImages),
      ("training curve on", number(settings?["curve_images"]).map { "the first \($0) training images" }),
    ]
    return all.compactMap { name, value in value.map { (name, Text.shown($0, limit: 200)) } }
  }

  /// The layers of each part.
  var network: [String] {
    guard case .object(let parts)? = record["network"] else { return [] }
    return parts.prefix(20).map { name, layers in
      let elements = layers.elements
      let shown = elements.prefix(60).map(layer)
      return "\(name): " + shown.joined(separator: " · ") + (elements.count > shown.count ? " · …" : "")
    }
  }

  private func objective(_ json: JSON) -> String? {
    guard let name = json.string ?? json["kind"]?.string else { return nil }
    return ([Loss.names[name] ?? name] + others(in: json, besides: ["kind"])).joined(separator: ", ")
  }

  private func parameterGroups(_ json: JSON) -> String? {
    json.elements.prefix(8).map { group in
      let names = group["parameters"]?.elements.compactMap(\.string).joined(separator: " ") ?? "?"
      return "\(names): " + others(in: group, besides: ["parameters"]).joined(separator: ", ")
    }.nonEmpty?.joined(separator: "; ")
  }

  private func number(_ json: JSON?) -> String? { json?.double.map(Text.short) }

  private func optimizer(_ json: JSON) -> String? {
    guard let name = json["name"]?.string else { return nil }
    var parts: [String] = []
    if let first = number(json["beta1"]), let second = number(json["beta2"]) {
      parts.append("β \(first) and \(second)")
    }
    if let momentum = json["momentum"]?.double, momentum != 0 {
      parts.append("momentum \(Text.short(momentum))" + (json["nesterov"]?.boolean == true ? ", Nesterov" : ""))
    }
    if let decay = json["weight_decay"]?.double, decay != 0 { parts.append("weight decay \(Text.short(decay))") }
    parts += others(
      in: json,
      besides: [
        "name", "learning_rate", "beta1", "beta2", "epsilon", "momentum", "nesterov", "weight_decay",
      ])
    return parts.isEmpty ? name : "\(name) (\(parts.joined(separator: ", ")))"
  }

  private func schedule(_ json: JSON) -> String? {
    guard let kind = json["kind"]?.string else { return nil }
    let shape =
      switch kind {
      case "step":
        "times \(number(json["gamma"]) ?? "?") every \(number(json["step_size"]) ?? "?") epochs"
      case "cosine": "cosine to \(number(json["minimum"]) ?? "?")"
      case "exponential": "times \(number(json["gamma"]) ?? "?") every epoch"
      case "one-cycle":
        "one cycle, up from 1/\(number(json["div_factor"]) ?? "?") in \(number(json["pct_start"]) ?? "?") of the steps"
      case "plateau":
        "times \(number(json["factor"]) ?? "?") on a plateau of over \(number(json["patience"]) ?? "?") epochs"
      default: ([kind] + others(in: json, besides: ["kind", "warm_up_epochs"])).joined(separator: ", ")
      }
    guard let warmUp = json["warm_up_epochs"]?.double, warmUp > 0 else { return shape }
    return shape + ", after \(Text.short(warmUp)) epochs of warm-up"
  }

  /// The members of an object without its known ones, as for an optimizer of another package.
  private func others(in json: JSON, besides known: [String]) -> [String] {
    guard case .object(let members) = json else { return [] }
    return members.filter { !known.contains($0.key) }.prefix(8).map { name, value in
      Text.shown(name.replacing("_", with: " "), limit: 30) + " " + (number(value) ?? Text.shown(value.text, limit: 30))
    }
  }

  private var earlyStopping: String {
    guard let stopping = record["settings"]?["early_stopping"] else { return "none" }
    let least = stopping["minimum_improvement"]?.double ?? 0
    return "after \(number(stopping["patience"]) ?? "?") epochs without improvement"
      + (least > 0 ? " by \(Text.short(least))" : "")
  }

  /// `encoder after 3 epochs`
  private var thaw: String? {
    let parts = record["settings"]?["thaw"]?.elements.map { entry in
      "\(entry["part"]?.string ?? "?") after \(number(entry["epochs"]) ?? "?") epochs"
    }
    return parts?.nonEmpty?.joined(separator: ", ")
  }

  private var pretraining: String {
    guard let pretraining = record["pretraining"] else { return "none" }
    let parts = pretraining["parts"]?.elements.compactMap(\.string).joined(separator: ", ") ?? "?"
    if let checkpoint = pretraining["checkpoint"]?.string { return "\(parts) of \(checkpoint)" }
    let epochs = number(pretraining["epochs"]).map { ", \($0) epochs" } ?? ""
    let source = (pretraining["source_sha256"]?.string).map { ", run \($0.prefix(12))" } ?? ""
    return "\(parts) of \(pretraining["experiment"]?.string ?? "?")\(epochs)\(source)"
  }

  private func normalization(_ json: JSON) -> String? {
    guard let mean = json["mean"]?.double, let deviation = json["deviation"]?.double else { return nil }
    return mean == 0 && deviation == 1
      ? "byte / 255" : "(byte / 255 − \(Text.short(mean))) / \(Text.short(deviation))"
  }

  private func trainingImages(_ data: JSON) -> String? {
    number(data["training_images"]).map { $0 + (number(data["subset"]).map { " (a subset: the first \($0))" } ?? "") }
  }

  private var validationImages: String? {
    let data = record["data"]
    return number(data?["validation_images"]).map { count in
      count + (data?["validation_set"]?.string.map { " (\($0))" } ?? "")
    }
  }

  private func chain(_ json: JSON) -> String { json.elements.prefix(20).map(layer).joined(separator: " · ") }

  /// `Conv2d 1→16, kernel 3, stride 2`
  private func layer(_ json: JSON) -> String {
    let name = json["layer"]?.string ?? "?"
    func size(_ key: String) -> String? {
      guard let value = json[key] else { return nil }
      return value.elements.isEmpty ? number(value) : value.elements.prefix(3).compactMap(number).joined(separator: "×")
    }
    var parts: [String] = []
    for (from, to) in [("in_channels", "out_channels"), ("in_features", "out_features")] {
      if let from = size(from), let to = size(to) { parts.append("\(from)→\(to)") }
    }
    let shown = [
      ("num_features", "", ""), ("kernel_size", "kernel ", ""), ("stride", "stride ", "1"),
      ("padding", "padding ", "0"),
      ("dilation", "dilation ", "1"), ("p", "", ""), ("negative_slope", "slope ", ""),
    ]
    for (key, word, usual) in shown {
      // By default a pooling layer's stride is its kernel size.
      if let value = size(key), value != usual, !(key == "stride" && value == size("kernel_size")) {
        parts.append(word + value)
      }
    }
    for (key, word) in [("layers", "of"), ("shortcut", "shortcut")] where !(json[key]?.elements ?? []).isEmpty {
      parts.append("\(word) [\(chain(json[key]!))]")
    }
    for branch in json["branches"]?.elements ?? [] { parts.append("[\(chain(branch))]") }
    if parts.isEmpty { parts = others(in: json, besides: ["layer", "dim", "unflattened_size"]) }
    return ([name] + [parts.joined(separator: ", ")].filter { !$0.isEmpty }).joined(separator: " ")
  }
}

extension Loss {
  fileprivate static let names = [
    Loss.reconstruction.rawValue: "mean squared error", Loss.classification.rawValue: "cross entropy",
    "l1": "mean absolute error", "huber": "Huber's loss", "binary_cross_entropy": "binary cross entropy",
  ]
}

extension Array {
  fileprivate var nonEmpty: Self? { isEmpty ? nil : self }
}
