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
    func count(_ judgements: [Judgement], _ status: Document.Status) -> Int { judgements.count { $0.status == status } }
    let runs = studies.map(\.study.runs.count).reduce(0, +)
    let (held, failed, open) = (count(judgements, .held), count(judgements, .notHeld), count(judgements, .open))
    let untouched = studies.map(\.study.judge.untouched).reduce(0, +)
    var document = Document(
      title: "Studies",
      summary: Document.Summary(
        sentences: [
          "\(Text.count(studies.count, "study", "studies")) with \(Text.count(runs, "run")) that ended.",
          "Of \(Text.count(judgements.count, "claim")) of the texts about them, \(held) held, \(failed) did not, and "
            + "\(open) could not be judged."
            + (untouched > 0 ? " \(untouched) more are about experiments that were not run." : ""),
        ],
        counts: [
          .init(number: held, label: "held", status: .held),
          .init(number: failed, label: "did not hold", status: .notHeld),
          .init(number: open, label: "could not be judged", status: .open),
        ] + (untouched > 0 ? [.init(number: untouched, label: "not run", status: .none)] : []),
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
                .init("did not hold", isNumeric: true), .init("not judged", isNumeric: true),
                .init("not run", isNumeric: true), .init("devices"),
              ],
              rows: studies.map { name, study in
                let devices = Set(study.runs.compactMap { $0.record.at("device", "identifier")?.string }).sorted()
                return [
                  .init(name, link: .report(folder: places[name] ?? name)), .init(study.study.title),
                  .init(
                    study.folder.isKnown
                      ? "\(study.folder.experiments.count) of \(max(study.folder.experiments.count, study.study.experiments.count))"
                      : "\(study.folder.experiments.count)"),
                  .init("\(study.runs.count)"), .init("\(study.folder.incomplete.count)"),
                  .init("\(count(study.judgements, .held))"), .init("\(count(study.judgements, .notHeld))"),
                  .init("\(count(study.judgements, .open))"), .init("\(study.judge.untouched)"),
                  .init(devices.joined(separator: ", ")),
                ]
              }))
        ])
    ]
    return document
  }
}
