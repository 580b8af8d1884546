import Foundation
import TelarIO
import TelarTraining

/// Makes the report of a study, an experiment or a run. Its sections are in files of their own.
struct StudyDocument {
  let folder: StudyFolder
  /// Whether the report covers a whole study.
  let isWholeStudy: Bool
  let judge: Judge
  let claims: [Judgement]
  let comparisons: [Judgement]
  /// The experiments' names in anchors and file names.
  let slugs: [String: String]

  init(_ folder: StudyFolder, isWholeStudy: Bool) {
    self.folder = folder
    self.isWholeStudy = isWholeStudy
    judge = Judge(folder.study, folder.experiments, attempted: folder.attempted)
    claims = judge.claims
    comparisons = isWholeStudy ? judge.comparisons : []
    slugs = Text.slugs(of: folder.attempted.sorted())
  }

  var study: Study { folder.study }
  /// The runs that ended, each once, also where experiments of the same settings share them.
  var runs: [RunResult] {
    var seen: Set<String> = []
    return folder.experiments.flatMap(\.runs).filter { seen.insert($0.folder.path).inserted }
  }
  var judgements: [Judgement] { claims + comparisons }

  /// The report. Reads reconstructions and checkpoints from the runs' folders.
  func document() -> Document {
    var problems = folder.problems
    let sideBySide = sideBySideSection(&problems)
    let shown = experimentSections(&problems)
    var document = Document(title: title, subtitle: subtitle, summary: summary(problems))
    document.sections = [
      discussionSection, claimSection, comparisonSection, resultSection, curveSection, sideBySide, confusionSection,
      costSection, shown,
      settingSection, assumptionSection, contradictionSection, machineSection,
    ].compactMap(\.self)
    document.tables = tables
    return document
  }

  private var title: String {
    if isWholeStudy { return study.title.isEmpty ? study.name : "\(study.name): \(study.title)" }
    let names = Array(Set(folder.experiments.map(\.experiment.name) + folder.incomplete.map(\.experiment))).sorted()
    let seeds = Set(runs.map(\.seed) + folder.incomplete.map(\.seed)).sorted()
    return "\(study.name)/\(names.joined(separator: ", ")), "
      + (seeds.count == 1 ? "seed \(seeds[0])" : Text.count(seeds.count, "seed"))
  }

  private var subtitle: [String] {
    let summaries = isWholeStudy ? [] : folder.experiments.map(\.experiment.summary) + [study.title]
    return (summaries + [study.source]).filter { !$0.isEmpty }
  }

  // MARK: The top

  private func summary(_ problems: [String]) -> Document.Summary {
    let runCount = runs.count
    let seeds = Set(runs.map(\.seed)).count
    var sentences: [String] = []
    if runCount > 0 {
      sentences.append(
        "\(Text.count(runCount, "run")) of \(Text.count(folder.experiments.count, "experiment")) ended, "
          + "with \(Text.count(seeds, "seed")).")
    } else {
      sentences.append("No run has come to a result.")
    }
    var counts: [Document.Summary.Count] = []
    let untouched = isWholeStudy ? judge.untouched : 0
    if !judgements.isEmpty || untouched > 0 {
      let tally = VerdictTally(judgements, untouched: untouched)
      sentences.append("Of \(Text.count(judgements.count, "claim")) of the text about them, \(tally.sentence)")
      let more = judgements.compactMap(\.moreSeeds)
      if let least = more.min(), let most = more.max() {
        let range = least == most ? "" : "\(least) to "
        sentences.append("What cannot be told apart would take about \(range)\(Text.count(most, "more seed")).")
      }
      counts = tally.counts
    } else if study.experiments.contains(where: { !$0.claims.isEmpty }) {
      sentences.append("The text claims nothing of \(isWholeStudy ? "these experiments" : "this experiment").")
    } else {
      sentences.append("There is no text whose claims these runs could be held against.")
    }
    return Document.Summary(sentences: sentences, counts: counts, remarks: remarks + problems)
  }

  private var remarks: [String] {
    var remarks: [String] = []
    let limit = 20
    remarks += folder.incomplete.prefix(limit).map { "\($0.name) \($0.stateText)" }
    if folder.incomplete.count > limit {
      remarks.append("\(folder.incomplete.count - limit) more runs came to no result; the experiments below name them.")
    }
    let missing = judge.missing
    if isWholeStudy, !missing.isEmpty { remarks.append("Not run: \(missing.joined(separator: ", ")).") }
    if study.recipe == nil, runs.contains(where: { $0.record.at("data", "is_fashion_mnist")?.boolean == false }) {
      remarks.append(
        "The images are not those of Fashion-MNIST, of which the text speaks, so its claims are not judged.")
    }
    return remarks + folder.result.notes
  }

  // MARK: What several sections use

  func slug(_ experiment: String) -> String { slugs[experiment] ?? Text.slug(experiment) }

  func anchor(_ experiment: String) -> String { "experiment-" + slug(experiment) }

  func cell(_ experiment: String) -> Document.Cell { .init(experiment, link: .anchor(anchor(experiment))) }

  /// `of one seed`, `means of 3 seeds ± standard deviation`
  func seedPhrase(_ results: [ExperimentResult]) -> String {
    let counts = Set(results.map(\.runs.count)).sorted()
    guard let least = counts.first, let most = counts.last, most > 1 else { return "of one seed" }
    return "means of \(least == most ? "\(most)" : "\(least) to \(most)") seeds ± standard deviation"
  }
}
