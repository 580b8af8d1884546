import TelarTraining

/// Sections of autoencoders' reconstructions.
extension StudyDocument {
  /// Reconstructions of the same images by several experiments, where the study compares them.
  ///
  /// - Parameter problems: problems with the files are appended.
  func sideBySideSection(_ problems: inout [String]) -> Document.Section? {
    guard isWholeStudy, folder.isKnown else { return nil }
    var blocks: [Document.Block] = []
    for chart in study.charts {
      guard case .reconstructions = chart.kind else { continue }
      do {
        if let pictures = try sideBySide(chart) { blocks.append(.pictures(pictures)) }
      } catch {
        problems.append("\(chart.title): \(error)")
      }
    }
    guard !blocks.isEmpty else { return nil }
    return Document.Section(id: "side-by-side", title: "Reconstructions side by side", blocks: blocks)
  }

  private func sideBySide(_ chart: Study.Chart) throws -> Document.Pictures? {
    let shown = try chart.experiments.compactMap { name -> (name: String, run: RunResult, samples: SampleFile)? in
      guard let result = folder.experiments.first(where: { $0.experiment.name == name }),
        let (run, samples) = try samples(of: result)
      else { return nil }
      return (name, run, samples)
    }
    guard let rows = try SampleFile.sideBySide(shown.map { ($0.name, $0.samples) }) else { return nil }
    return pictures(
      title: chart.title, caption: "Validation images and what the networks make of them in the end",
      of: shown[0].samples, shown[0].run, rows: rows,
      stem: "reconstructions-side-by-side-\(Text.slug(chart.name))",
      figureTitle: "\(study.name), \(chart.title): validation images and their reconstructions")
  }

  /// Validation images above their reconstructions, untrained and through the epochs, of the first seed that has some.
  func reconstructions(_ result: ExperimentResult) throws -> Document.Pictures? {
    guard let (run, samples) = try samples(of: result) else { return nil }
    // The untrained network, and the last epochs.
    let kept = samples.epochs.count > 12 ? samples.epochs.prefix(2) + samples.epochs.suffix(10) : samples.epochs[...]
    return pictures(
      title: "Reconstructions",
      caption: "Validation images and what the network of seed \(run.seed) makes of them, before training and after "
        + "epochs of it",
      of: samples, run,
      rows: [("original", try samples.originals)]
        + (try kept.map { ($0 == 0 ? "untrained" : "epoch \($0)", try samples.images(epoch: $0)) }),
      stem: "reconstructions-\(slug(result.experiment.name))",
      figureTitle: "\(study.name)/\(result.experiment.name): validation images and their reconstructions")
  }

  /// The reconstructions of the first seed that has some, unless they are too many or too large for a page.
  private func samples(of result: ExperimentResult) throws -> (run: RunResult, samples: SampleFile)? {
    guard let run = result.runs.first(where: { $0.folder.has(RunFolder.samplesName) }),
      let samples = try SampleFile(run.folder), 1...40 ~= samples.count, 1...128 ~= samples.height,
      1...128 ~= samples.width
    else { return nil }
    return (run, samples)
  }

  /// - Parameter caption: without a full stop, as the names of the classes follow.
  private func pictures(
    title: String, caption: String, of samples: SampleFile, _ run: RunResult, rows: [(String, [[Float]])],
    stem: String, figureTitle: String
  ) -> Document.Pictures {
    let names = samples.columnNames(run.classNames)
    return Document.Pictures(
      title: title,
      caption: caption + (samples.labels == nil ? "." : ", one of each class: \(names.joined(separator: ", "))."),
      rows: rows.compactMap { name, images in
        Strip(images, height: samples.height, width: samples.width, channels: samples.channels, gap: 2).map {
          Document.Pictures.Row(name: name, strip: $0)
        }
      }, columnNames: names, scale: 2,
      figure: (
        stem,
        grid(
          figureTitle, height: samples.height, width: samples.width, channels: samples.channels, columns: names,
          rows: rows.count > 7 ? Array(rows.prefix(3) + rows.suffix(4)) : rows, scale: 3)
      ))
  }
}
