/// Makes the index over several studies: one line each, with a link to its report.
struct IndexDocument {
  /// The name of each study's folder, and its report.
  let studies: [(folder: String, study: StudyDocument)]
  /// The folder of each study's report beside the index, by the name of the study's folder.
  let places: [String: String]

  init(_ studies: [(folder: String, study: StudyDocument)]) {
    self.studies = studies
    places = Text.slugs(of: studies.map(\.folder))
  }

  var document: Document {
    let judgements = studies.flatMap(\.study.judgements)
    let runs = studies.map(\.study.runs.count).reduce(0, +)
    let untouched = studies.map(\.study.judge.untouched).reduce(0, +)
    let tally = VerdictTally(judgements, untouched: untouched)
    var document = Document(
      title: "Studies",
      summary: Document.Summary(
        sentences: [
          "\(Text.count(studies.count, "study", "studies")) with \(Text.count(runs, "run")) that ended.",
          "Of \(Text.count(judgements.count, "claim")) of the texts about them, \(tally.sentence)",
        ],
        counts: tally.counts,
        remarks: studies.flatMap { name, study in
          study.folder.incomplete.isEmpty
            ? [] : ["\(name): \(Text.count(study.folder.incomplete.count, "run")) without a result."]
        }))
    document.sections = [
      Document.Section(
        id: "studies", title: "All studies",
        blocks: [
          .table(
            Document.Table(
              caption:
                "Studies by folder, with what became of the text's claims. Each name leads to the study's report.",
              columns: [
                .init("study"), .init("what"), .init("experiments run", isNumeric: true),
                .init("runs", isNumeric: true),
                .init("without a result", isNumeric: true), .init("held", isNumeric: true),
                .init("did not hold", isNumeric: true), .init("cannot be told apart", isNumeric: true),
                .init("not judged", isNumeric: true),
                .init("not run", isNumeric: true), .init("devices"),
              ],
              rows: studies.map { name, study in
                let devices = Set(study.runs.compactMap { $0.record.at("device", "identifier")?.string }).sorted()
                return [
                  .init(name, link: .report(folder: places[name] ?? name)), .init(study.study.title),
                  .init(
                    study.folder.isKnown
                      ? "\(study.folder.experiments.count) of \(max(study.folder.experiments.count, study.study.ownExperiments.count))"
                      : "\(study.folder.experiments.count)"),
                  .init("\(study.runs.count)"), .init("\(study.folder.incomplete.count)"),
                ] + Verdict.allCases.map { .init("\(VerdictTally(study.judgements, untouched: 0)[$0])") } + [
                  .init("\(study.judge.untouched)"),
                  .init(devices.joined(separator: ", ")),
                ]
              }))
        ])
    ]
    if let section = experimentSection { document.sections.append(section) }
    return document
  }

  /// The final values of all experiments of all studies and recipes.
  private var experimentSection: Document.Section? {
    let all = studies.flatMap { name, study in study.folder.experiments.map { (folder: name, result: $0) } }
    let metrics = Metric.shown(of: all.map(\.result)).filter { metric in
      all.contains { !$0.result.values(metric).isEmpty }
    }
    guard !all.isEmpty else { return nil }
    return Document.Section(
      id: "experiments", title: "All experiments",
      blocks: [
        .table(
          Document.Table(
            caption:
              "The networks that the runs ended with, of all studies and recipes: mean ± standard deviation over the "
              + "seeds. Losses of different data or pixel ranges are not comparable.",
            columns: [.init("experiment"), .init("study"), .init("seeds", isNumeric: true)]
              + metrics.map { .init($0.title, isNumeric: true) },
            rows: all.map { folder, result in
              [
                .init(result.experiment.name), .init(folder, link: .report(folder: places[folder] ?? folder)),
                .init(String(result.runs.count)),
              ] + metrics.map { .init(Spread(result.values($0))?.text($0) ?? "") }
            }))
      ])
  }
}
