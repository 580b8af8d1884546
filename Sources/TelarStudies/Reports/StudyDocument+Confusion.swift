extension StudyDocument {
  /// The differences between the text's confusion matrices and the measured ones; the experiments show the matrices.
  var confusionSection: Document.Section? {
    let rows = folder.experiments.compactMap { result -> [Document.Cell]? in
      guard let pair = matrices(of: result), let theirs = pair.theirs else { return nil }
      let names = result.classNames(count: pair.ours.count)
      let cells = pair.ours.indices.flatMap { row in
        pair.ours.indices.map { (row: row, column: $0, difference: pair.ours[row][$0] - theirs[row][$0]) }
      }
      guard let largest = cells.max(by: { abs($0.difference) < abs($1.difference) }) else { return nil }
      let mean = cells.reduce(0) { $0 + abs($1.difference) } / Double(cells.count)
      let near = cells.count { abs($0.difference) <= 0.02 + 1e-9 }
      func diagonal(_ matrix: [[Double]]) -> Double {
        matrix.indices.reduce(0) { $0 + matrix[$1][$1] } / Double(matrix.count)
      }
      return [
        cell(result.experiment.name), .init(Text.decimal(diagonal(pair.ours), 3)),
        .init(Text.decimal(diagonal(theirs), 3)),
        .init(Text.decimal(mean, 3)), .init("\(near) of \(cells.count)"),
        .init(
          (largest.row == largest.column
            ? "\(names[largest.row]) classified correctly" : "\(names[largest.row]) taken for \(names[largest.column])")
            + ": here "
            + "\(Text.decimal(pair.ours[largest.row][largest.column], 2)), in the text "
            + Text.decimal(theirs[largest.row][largest.column], 2)),
      ]
    }
    guard !rows.isEmpty else { return nil }
    return Document.Section(
      id: "confusion", title: "Confusion matrices against the text's",
      blocks: [
        .table(
          Document.Table(
            caption: "Shares of each true class, ours over all seeds against those that the text gives, cell by cell. "
              + "The matrices and their differences stand with the experiments.",
            columns: [
              .init("experiment"), .init("classified correctly, here", isNumeric: true),
              .init("in the text", isNumeric: true), .init("mean difference of a cell", isNumeric: true),
              .init("cells within 0.02", isNumeric: true), .init("where they differ most"),
            ], rows: rows))
      ])
  }

  /// An experiment's confusion matrix over all seeds, as shares of each true class, and the text's if it has the same
  /// size.
  func matrices(of result: ExperimentResult) -> (ours: [[Double]], theirs: [[Double]]?)? {
    guard let ours = result.confusionShares, ours.count <= ReportLimits.classes else { return nil }
    let theirs = result.experiment.confusion
    return (ours, theirs?.count == ours.count ? theirs : nil)
  }

  /// The block that shows an experiment's matrices.
  func matrixBlock(of result: ExperimentResult) -> Document.Block? {
    guard let (ours, theirs) = matrices(of: result), let counts = result.confusionCounts else { return nil }
    let name = result.experiment.name
    let names = result.classNames(count: ours.count)
    let images = counts.joined().reduce(0, +)
    let seeds = result.runs.count == 1 ? "" : " by \(result.runs.count) networks, one a seed"
    var all = [
      Document.Matrix(
        title: theirs == nil ? "Confusion matrix" : "Confusion matrix, here",
        caption:
          "\(grouped(images)) classifications of validation images\(seeds): how many per cent of each true class "
          + "(row) are taken for each class (column). Dots round to nothing.",
        classNames: names, values: ours,
        figure: (
          "confusion-\(slug(name))",
          ConfusionChart(title: "\(study.name)/\(name): share of each true class", classNames: names, counts: counts)
        ))
    ]
    if let theirs {
      all.append(
        Document.Matrix(
          title: "Confusion matrix, in the text", caption: "What the text gives, in per cent.", classNames: names,
          values: theirs))
      all.append(
        Document.Matrix(
          title: "Difference",
          caption: "Here less the text, in points of per cent: blue is more here, orange is less.", classNames: names,
          values: zip(ours, theirs).map { zip($0, $1).map { $0 - $1 } }, isDifference: true))
    }
    return .matrices(all)
  }
}
