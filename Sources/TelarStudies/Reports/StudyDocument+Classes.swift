import TelarNN
import TelarTraining

extension StudyDocument {
  /// Recall, precision and F1 of each class, over all seeds.
  func classTable(of result: ExperimentResult) -> Document.Table? {
    guard let counts = result.confusionCounts, 2...ReportLimits.classes ~= counts.count else { return nil }
    let names = result.classNames(count: counts.count)
    let scores = ClassScores(counts)
    return Document.Table(
      caption:
        "Recall is the share of a class's images that are classified correctly, precision the share of the images "
        + "taken for a class that are of it, F1 their harmonic mean. Macro averages: recall \(percent(scores.macroRecall)), "
        + "precision \(percent(scores.macroPrecision)), F1 \(percent(scores.macroF1)); balanced accuracy "
        + "\(percent(scores.balancedAccuracy)). \(confusions(scores, names))",
      columns: [
        .init("class"), .init("images", isNumeric: true), .init("recall", isNumeric: true),
        .init("precision", isNumeric: true), .init("F1", isNumeric: true), .init("mostly taken for"),
      ],
      rows: counts.indices.map { index in
        let other = scores.mostTaken(index)
        return [
          .init(names[index]), .init(grouped(counts[index].reduce(0, +) / result.runs.count)),
          .init(percent(scores.recalls[index] ?? 0)), .init(percent(scores.precisions[index] ?? 0)),
          .init(percent(scores.f1s[index] ?? 0)),
          .init(other.map { "\(names[$0]), \(percent(scores.share(index, $0)))" } ?? ""),
        ]
      })
  }

  private func percent(_ share: Double) -> String { Text.decimal(share * 100, 1) + " %" }

  private func confusions(_ scores: ClassScores, _ names: [String]) -> String {
    let pairs = scores.mostConfused.prefix(3).map {
      "\(names[$0.first]) and \(names[$0.second]) (\(grouped($0.count)))"
    }
    return pairs.isEmpty ? "" : "Most confused with one another: \(Text.list(Array(pairs)))."
  }

  /// The layers with the sizes of their outputs, for an experiment whose network is known.
  func layerTable(of result: ExperimentResult) -> Document.Table? {
    let architecture = result.experiment.architecture
    guard !architecture.parts.isEmpty else { return nil }
    var shape = [28, 28, 1]
    var rows: [[Document.Cell]] = []
    var total = 0
    for part in architecture.parts {
      for (index, layer) in part.layers.layers.enumerated() {
        guard let output = try? layer.outputShape(of: shape), rows.count < 200 else { return nil }
        shape = output
        let count = layer.parameters.filter { $0.role == .parameter }.reduce(0) { $0 + $1.shape.reduce(1, *) }
        total += count
        rows.append([
          .init("\(part.name).\(index)"), .init(type(of: layer).moduleName),
          .init(shape.map(String.init).joined(separator: " × ")), .init(count == 0 ? "" : grouped(count)),
          .init(part.isFrozen && count > 0 ? "frozen" : ""),
        ])
      }
    }
    return Document.Table(
      caption: "The network's layers for an image of 28 × 28 pixels: sizes of outputs as height × width × channels, "
        + "\(grouped(total)) parameters.",
      columns: [
        .init("layer"), .init("type"), .init("output", isNumeric: true), .init("parameters", isNumeric: true),
        .init(""),
      ], rows: rows)
  }
}

extension ClassScores {
  /// The share of a class's images that are taken for another.
  fileprivate func share(_ row: Int, _ column: Int) -> Double {
    let sum = counts[row].reduce(0, +)
    return sum > 0 ? Double(counts[row][column]) / Double(sum) : 0
  }

  /// The class that another is taken for most; `nil` where none is.
  fileprivate func mostTaken(_ row: Int) -> Int? {
    let others = counts.indices.filter { $0 != row && counts[row][$0] > 0 }
    return others.max { counts[row][$0] < counts[row][$1] }
  }

  /// Pairs of classes by how often one is taken for the other, most first.
  fileprivate var mostConfused: [(first: Int, second: Int, count: Int)] {
    counts.indices.flatMap { first in
      ((first + 1)..<max(first + 1, counts.count)).map { second in
        (first: first, second: second, count: counts[first][second] + counts[second][first])
      }
    }.filter { $0.count > 0 }.sorted { $0.count > $1.count }
  }
}
