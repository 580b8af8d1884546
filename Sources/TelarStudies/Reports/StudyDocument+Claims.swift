extension StudyDocument {
  var claimSection: Document.Section? {
    guard !claims.isEmpty else { return nil }
    return Document.Section(
      id: "claims", title: "Claims",
      blocks: [
        .paragraph(
          "What the text claims of single experiments, beside what came of them. A verdict rests on the 95 % interval of "
            + "the mean over the seeds: where it reaches over a bound, the claim cannot be told apart from its opposite. "
            + "“About” allows 2 points for an accuracy and 10 % for a loss, by two one-sided tests. The test images' own "
            + "uncertainty, the same for all seeds, stands beside it."),
        .paragraph(
          "Curves are judged by numbers of their shape: a curve "
            + "falls steadily when its typical swing is less than 5 % of its height and it ends less than 2 % above its "
            + "least level, and oscillates when its typical swing is more than 5 %. Nothing is said of the shape of a curve "
            + "that early stopping cut, which goes up in its last epochs in any case, nor of runs that are shorter than "
            + "the text's, or have other settings, or a single seed."),
        .table(
          Document.Table(
            caption:
              "Claims of the text and results, \(seedPhrase(folder.experiments)), with the 95 % interval of the mean. "
              + "The difference is the result less the claimed value.",
            columns: [
              .init("experiment"), .init("claimed"), .init("verdict"), .init("here", isNumeric: true),
              .init("95 % interval", isNumeric: true), .init("test images", isNumeric: true),
              .init("difference", isNumeric: true), .init("seeds that meet it", isNumeric: true),
            ],
            rows: claims.map { claim in
              [
                cell(claim.experiment ?? ""), .init("\(claim.metric.title) \(claim.claim)"),
                .init(claim.verdictText, status: .init(claim.verdict)),
                .init(lines: claim.rows.map(\.described)), .init(lines: claim.rows.map(\.intervalText)),
                .init(claim.rows.first?.binomial.map { "± \(Text.decimal($0 * 100, 2)) points" } ?? ""),
                .init(claim.claimDifference), .init(claim.seedText),
              ]
            })),
      ])
  }

  var comparisonSection: Document.Section? {
    guard !comparisons.isEmpty else { return nil }
    return Document.Section(
      id: "comparisons", title: "Comparisons",
      blocks: [
        .paragraph(
          "What the text claims of experiments against one another. Seeds are pairs: the same seed has the same order of "
            + "images and, where the shapes allow, the same start in each experiment, so differences are taken seed by "
            + "seed. Of a claim with several steps the weakest is shown. A verdict needs the difference's 95 % interval and "
            + "Student's test after Holm's correction over these comparisons; the exact p is of the sign-flip permutation "
            + "test, which six seeds bring below 0.05. The effect size is Hedges' g of the differences."),
        .table(
          Document.Table(
            caption: "Claims that compare experiments, by values \(seedPhrase(folder.experiments)).",
            columns: [
              .init("claimed"), .init("verdict"), .init("metric"), .init("here"), .init("difference"),
              .init("95 % interval"),
              .init("effect", isNumeric: true), .init("exact p", isNumeric: true),
              .init("p after Holm", isNumeric: true),
            ],
            rows: comparisons.map { claim in
              [
                .init(claim.claim), .init(claim.verdictText, status: .init(claim.verdict)), .init(claim.metricText),
                .init(lines: claim.rows.map { "\($0.experiment) \($0.described)" }), .init(claim.differenceText),
                .init(claim.differenceInterval),
                .init(claim.difference?.sample.hedgesG.map { Text.decimal($0, 1) } ?? ""),
                .init(claim.difference?.exactPValue.map(Text.probability) ?? ""),
                .init(claim.adjustedPValue.map(Text.probability) ?? ""),
              ]
            })),
      ])
  }

  /// What the text says and says otherwise elsewhere.
  var contradictionSection: Document.Section? {
    guard !study.contradictions.isEmpty else { return nil }
    return Document.Section(
      id: "contradictions", title: "Where the text contradicts itself",
      blocks: [
        .paragraph("No run can settle these; what is judged above says which reading it takes."),
        .list(study.contradictions),
      ])
  }
}
