import TelarIO
import TelarTraining

extension StudyDocument {
  /// Sections of the experiments: curves, matrices, reconstructions and filters.
  ///
  /// - Parameter problems: problems with the files are appended.
  func experimentSections(_ problems: inout [String]) -> Document.Section? {
    var blocks: [Document.Block] = []
    // Needed unless the section of curves has explained lines and bands already.
    if curveSection == nil || runs.count > folder.experiments.count, !runs.isEmpty {
      blocks.append(.paragraph(howToReadCurves(isSingle: true)))
    }
    for name in order {
      blocks.append(.heading(id: anchor(name), name))
      if let result = folder.experiments.first(where: { $0.experiment.name == name }) {
        blocks += self.blocks(of: result, &problems)
      }
      let incomplete = folder.incomplete.filter { $0.experiment == name }
      if !incomplete.isEmpty {
        blocks.append(.list(incomplete.map { "Seed \($0.seed) \($0.stateText)" }))
        let charts = incomplete.prefix(6).compactMap(curve)
        if !charts.isEmpty { blocks.append(.charts(charts)) }
      }
    }
    return blocks.isEmpty ? nil : Document.Section(id: "experiments", title: "Experiments", blocks: blocks)
  }

  /// The experiments' names in the study's order, then the others, which have no result.
  private var order: [String] {
    let attempted = folder.attempted
    let known = study.experiments.map(\.name).filter(attempted.contains)
    return known + attempted.subtracting(known).sorted()
  }

  private func blocks(of result: ExperimentResult, _ problems: inout [String]) -> [Document.Block] {
    let experiment = result.experiment
    let network = RunDescription(result.runs[0].record).network
    var blocks: [Document.Block] = []
    if !experiment.summary.isEmpty { blocks.append(.paragraph(experiment.summary)) }
    if !network.isEmpty { blocks.append(.list(network)) }
    if let layers = layerTable(of: result) { blocks.append(.table(layers)) }
    blocks.append(.table(runTable(result)))
    // The Markdown report shows these curves in a figure of several experiments.
    let isShownBefore = isWholeStudy && curveStems.contains(experiment.name)
    blocks.append(
      .charts(
        curves(of: [result], experiment.name, stem: "-\(slug(experiment.name))-alone").map { chart in
          var chart = chart
          chart.isInMarkdown = !isShownBefore
          return chart
        }))
    if let matrices = matrixBlock(of: result) { blocks.append(matrices) }
    if let classes = classTable(of: result) { blocks.append(.table(classes)) }
    for pictures in [reconstructions, filters] {
      do {
        if let pictures = try pictures(result) { blocks.append(.pictures(pictures)) }
      } catch {
        problems.append("\(experiment.name): \(error)")
      }
    }
    return blocks
  }

  /// The experiments in figures of several.
  private var curveStems: Set<String> {
    let names = Set(folder.experiments.map(\.experiment.name))
    guard folder.isKnown else { return names.count > 1 ? names : [] }
    return Set(
      study.charts.flatMap { chart -> [String] in
        guard case .curves = chart.kind else { return [] }
        let shown = chart.experiments.filter(names.contains)
        return shown.count > 1 ? shown : []
      })
  }

  private func runTable(_ result: ExperimentResult) -> Document.Table {
    let metrics = Metric.shown(of: [result]).filter { !result.values($0).isEmpty }
    let isBest = result.runs.contains { $0.epoch != $0.history.count }
    let isStopping = result.runs.contains { $0.record.at("settings", "early_stopping") != nil }
    return Document.Table(
      caption: isStopping
        ? "Each run of \(result.experiment.name). Values are those of the best epoch, whose weights are kept."
        : "Each run of \(result.experiment.name). Values are those after the last epoch.",
      columns: [.init("seed", isNumeric: true), .init("epochs", isNumeric: true)]
        + (isBest ? [.init("best epoch", isNumeric: true)] : []) + metrics.map { .init($0.title, isNumeric: true) }
        + [.init("training time", isNumeric: true), .init("ended")],
      rows: result.runs.map { run in
        [
          .init(String(run.seed)), .init("\(run.history.count)" + (run.hasStoppedEarly ? ", stopped early" : "")),
        ] + (isBest ? [.init(String(run.epoch))] : [])
          + metrics.map { metric in .init(run.value(metric).map(metric.text) ?? "") }
          + [
            .init(run.trainingSeconds.map(Text.duration) ?? ""),
            .init(ended(run).map(Text.time) ?? ""),
          ]
      })
  }

  /// The first layer's weights, of the first seed.
  private func filters(_ result: ExperimentResult) throws -> Document.Pictures? {
    let run = result.runs[0]
    guard let layer = try FirstLayerImages(run) else { return nil }
    let perRow = layer.width > 8 ? 8 : 16
    let starts = Array(stride(from: 0, to: layer.pictures.count, by: perRow))
    let rows = starts.map { start in
      let end = min(layer.pictures.count, start + perRow)
      return (name: end - start > 1 ? "\(start + 1)–\(end)" : "\(end)", images: Array(layer.pictures[start..<end]))
    }
    let strips = rows.compactMap { name, images in
      Strip(images, height: layer.height, width: layer.width, gap: layer.width > 8 ? 2 : 1).map {
        Document.Pictures.Row(name: name, strip: $0)
      }
    }
    let all =
      layer.pictures.count == layer.count ? "all \(layer.count)" : "the first \(layer.pictures.count) of \(layer.count)"
    let what = layer.width > 8 ? "neurons, as images of their weights" : "filters"
    let blank = [Float](repeating: 1, count: layer.height * layer.width)
    return Document.Pictures(
      title: "First layer",
      caption: "\(layer.name) of seed \(run.seed)'s network: \(all) \(what). Mid-grey is zero; white and black are the "
        + "largest weight of each, above and below zero.",
      rows: strips, columnNames: [], scale: layer.width > 8 ? 2 : 8,
      figure: (
        "first-layer-\(slug(result.experiment.name))",
        grid(
          "\(study.name)/\(result.experiment.name): weights of \(layer.name)", height: layer.height, width: layer.width,
          columns: [String](repeating: "", count: rows[0].images.count),
          rows: rows.map { row in
            (row.name, row.images + [[Float]](repeating: blank, count: rows[0].images.count - row.images.count))
          }, scale: layer.width > 8 ? 3 : 10)
      ))
  }

  func grid(
    _ title: String, height: Int, width: Int, channels: Int = 1, columns: [String], rows: [(String, [[Float]])],
    scale: Int
  ) -> ImageGrid {
    var grid = ImageGrid(
      title: title, height: height, width: width, channels: channels, columnNames: columns,
      rows: rows.map { ImageGrid.Row(name: $0, images: $1) })
    grid.scale = scale
    return grid
  }
}
