import Telar

/// An explanation as lines of text, at most 80 columns wide, or as JSON.
struct ExplanationReport {
  private let explanation: Explanation
  private let name: String
  private let batch: Int
  private let isTraining: Bool
  private let device: DeviceProperties

  init(_ explanation: Explanation, name: String, batch: Int, isTraining: Bool, device: DeviceProperties) {
    (self.explanation, self.name, self.batch) = (explanation, name, batch)
    (self.isTraining, self.device) = (isTraining, device)
  }

  // MARK: Text

  var lines: [String] { [title] + [""] + layerLines + [""] + stepLines + [""] + totals }

  private var title: String {
    "\(name): \(isTraining ? "a step of training" : "evaluation") on \(batch) images, \(device.identifier)"
  }

  private var layerLines: [String] {
    var lines = [row("layer", "module", "output", "parameters", "multiply-adds", "step")]
    for layer in explanation.layers {
      lines.append(
        row(
          layer.name, layer.module, layer.outputShape.map(String.init).joined(separator: "×"),
          Self.grouped(Double(layer.parameters)) + (layer.isFrozen && layer.parameters > 0 ? " ❄" : ""),
          Self.grouped(layer.multiplyAdds), layer.step.map { String($0 + 1) } ?? "-"))
    }
    return lines
  }

  private func row(
    _ name: String, _ module: String, _ output: String, _ parameters: String, _ work: String, _ step: String
  ) -> String {
    Column.left(name, 16) + Column.left(module, 17) + Column.left(output, 13) + Self.right(parameters, 13)
      + Self.right(work, 15) + Self.right(step, 6)
  }

  private var stepLines: [String] {
    var lines: [String] = []
    for (index, step) in explanation.steps.enumerated() {
      let title = "step \(index + 1): \(step.layers.joined(separator: ", "))"
      lines.append(title + (step.pattern.map { "  [\($0)]" } ?? ""))
      lines += step.passes.isEmpty ? ["  no launches"] : step.passes.flatMap(passLines)
    }
    if !explanation.rest.isEmpty {
      lines += [isTraining ? "loss and optimizer" : "rest"] + explanation.rest.flatMap(passLines)
    }
    return lines
  }

  private func passLines(_ pass: Explanation.Pass) -> [String] {
    let start = "  " + Column.left(pass.role, 17) + Column.left(pass.route ?? "-", 18)
    var lines = [start]
    for (index, kernel) in pass.kernels.enumerated() {
      let text = kernel.name + (kernel.launches > 1 ? " ×\(kernel.launches)" : "")
      let separator = index == 0 ? "" : ", "
      if index > 0, lines[lines.count - 1].count + separator.count + text.count > 80 {
        lines[lines.count - 1] += ","
        lines.append(String(repeating: " ", count: start.count) + text)
      } else {
        lines[lines.count - 1] += separator + text
      }
    }
    return lines
  }

  private var totals: [String] {
    let trained =
      explanation.trainableParameters == explanation.parameters
      ? "" : ", of which \(Self.grouped(Double(explanation.trainableParameters))) train"
    return [
      "parameters      \(Self.grouped(Double(explanation.parameters)))\(trained)",
      "multiply-adds   \(Self.grouped(explanation.multiplyAdds)) for the forward pass of an image",
      "launches        \(explanation.launches)",
      "memory          \(Self.megabytes(explanation.peakBytes)) MB on the device",
    ]
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  private static func megabytes(_ bytes: Int) -> String { Column.number(Double(bytes) / 1e6, decimals: 1) }

  /// 1234567 as 1,234,567.
  private static func grouped(_ value: Double) -> String {
    var digits = Column.number(value, decimals: 0)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
  }

  // MARK: JSON

  var jsonLines: [String] {
    explanation.layers.map { JSON.object(members(of: $0)).text }
      + explanation.steps.enumerated().map { JSON.object(members(of: $1, number: $0 + 1)).text }
      + [JSON.object(totalMembers).text]
  }

  private func members(of layer: Explanation.Layer) -> JSON.Members {
    [
      "layer": .string(layer.name), "module": .string(layer.module), "attributes": .object(layer.attributes),
      "output_shape": .array(layer.outputShape.map(JSON.integer)), "parameters": .integer(layer.parameters),
      "is_frozen": .boolean(layer.isFrozen), "multiply_adds": .number(layer.multiplyAdds),
      "step": layer.step.map { .integer($0 + 1) } ?? .null,
    ]
  }

  private func members(of step: Explanation.Step, number: Int) -> JSON.Members {
    [
      "step": .integer(number), "pattern": step.pattern.map(JSON.string) ?? .null,
      "layers": .array(step.layers.map(JSON.string)), "passes": .array(step.passes.map(json)),
    ]
  }

  private func json(_ pass: Explanation.Pass) -> JSON {
    .object([
      "pass": .string(pass.role), "route": pass.route.map(JSON.string) ?? .null,
      "launches": .integer(pass.launches),
      "kernels": .array(
        pass.kernels.map { .object(["kernel": .string($0.name), "launches": .integer($0.launches)]) }),
    ])
  }

  private var totalMembers: JSON.Members {
    [
      "name": .string(name), "device": .string(device.identifier), "batch_size": .integer(batch),
      "training": .boolean(isTraining), "parameters": .integer(explanation.parameters),
      "trainable_parameters": .integer(explanation.trainableParameters),
      "multiply_adds": .number(explanation.multiplyAdds), "launches": .integer(explanation.launches),
      "other_passes": .array(explanation.rest.map(json)), "bytes": .integer(explanation.peakBytes),
    ]
  }
}
