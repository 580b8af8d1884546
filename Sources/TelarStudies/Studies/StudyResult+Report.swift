import TelarIO

extension StudyResult {
  /// Judges the claims about the requested experiments.
  var judge: Judge {
    let requested = experiments.filter(\.isRequested)
    return Judge(study, requested, attempted: Set(requested.map(\.experiment.name)))
  }

  // MARK: Notes

  /// Differences between the runs and the text.
  package var notes: [String] {
    var notes: [String] = []
    for result in experiments {
      guard let twin = study.twin(of: result.experiment),
        experiments.contains(where: { $0.experiment.name == twin.name })
      else { continue }
      notes.append("\(result.experiment.name) has the settings of \(twin.name) and was not trained again.")
    }
    let early = experiments.filter { $0.isRequested && $0.runs.contains(where: \.hasStoppedEarly) }
    if !early.isEmpty {
      notes.append(
        "Stopped early, with the best epoch's weights: "
          + early.map { result in
            let epochs = result.runs.map { "\($0.history.count) (best \($0.epoch))" }
            return "\(result.experiment.name) after \(epochs.joined(separator: ", "))"
          }.joined(separator: "; ") + ".")
    }
    let short = experiments.filter {
      $0.isRequested && $0.epochs != $0.experiment.epochs && !$0.runs.contains(where: \.hasStoppedEarly)
    }
    if let example = short.first {
      let texts = Set(short.map(\.experiment.epochs)).sorted().map(String.init).joined(separator: " or ")
      let ours = Set(short.map(\.epochs)).sorted().map(String.init).joined(separator: " or ")
      let what = study.recipe == nil ? "The claims are for" : "The recipe has"
      notes.append(
        "\(what) \(texts) epochs; \(example.epochs == 1 && ours == "1" ? "this run had 1" : "these runs had \(ours)")."
      )
    }
    func numbers(_ group: String, _ key: String, unlike usual: (Experiment) -> Int?) -> [Int] {
      let found = experiments.filter(\.isRequested).flatMap { result in
        result.runs.compactMap { $0.recorded(group, key) }.filter { $0 != usual(result.experiment) }
      }
      return Set(found).sorted()
    }
    for size in numbers("settings", "batch_size", unlike: \.batchSize) {
      notes.append("Batches had \(size) images (--batch-size).")
    }
    for count in numbers("data", "subset", unlike: { _ in nil }) {
      notes.append("Trained on the first \(grouped(count)) images only (--subset).")
    }
    for count in numbers("data", "validation_images", unlike: \.data.validationCount)
    where experiments.contains(where: { $0.experiment.data.scalesValidation }) {
      notes.append(
        "Validated on the last \(grouped(count)) training images, as there are too few for the study's split.")
    }
    for count in numbers("settings", "curve_images", unlike: { _ in 10_000 }) {
      notes.append("Training curves are measured on \(grouped(count)) images (--curve-images).")
    }
    return notes
  }

  // MARK: For programs

  /// One object per claim and comparison.
  public var lines: [JSON] {
    let judge = judge
    let claims = judge.claims.map { judgement -> JSON in
      let result = experiments.first { $0.isRequested && $0.experiment.name == judgement.experiment }!
      let row = judgement.rows.first
      var members: JSON.Members = [
        "experiment": .string("\(study.name)/\(result.experiment.name)"),
        "claim": .string("\(judgement.metric.rawValue) \(judgement.claim)"),
        "value": row.map { .number($0.sample.mean) } ?? .null,
      ]
      members["deviation"] = row.flatMap { $0.sample.count > 1 ? .number($0.sample.deviation) : nil }
      members["interval"] = row?.interval.map(Self.json)
      members["test_images"] = row?.binomial.map(JSON.number)
      for (key, value) in Self.verdict(of: judgement) { members[key] = value }
      members["epochs"] = .integer(result.epochs)
      members["claimed_epochs"] = .integer(result.experiment.epochs)
      members["seeds"] = .integer(result.runs.count)
      return .object(members)
    }
    let comparisons = judge.comparisons.map { judgement -> JSON in
      var members: JSON.Members = [
        "experiments": .array(judgement.rows.map { .string("\(study.name)/\($0.experiment)") }),
        "claim": .string(judgement.claim), "values": .array(judgement.rows.map { .number($0.sample.mean) }),
      ]
      for (key, value) in Self.verdict(of: judgement) { members[key] = value }
      if let difference = judgement.difference {
        members["between"] = .array([.string(difference.less), .string(difference.larger)])
        members["difference"] = .number(difference.sample.mean)
        members["interval"] = Self.json(difference.interval)
        members["effect_size"] = difference.sample.hedgesG.map(JSON.number)
        members["exact_p"] = difference.exactPValue.map(JSON.number)
      }
      members["p"] = judgement.pValue.map(JSON.number)
      members["p_holm"] = judgement.adjustedPValue.map(JSON.number)
      // The number of seeds of the experiment with the fewest.
      members["seeds"] = .integer(judgement.rows.map(\.sample.count).min() ?? 0)
      return .object(members)
    }
    return claims + comparisons
      + others.map { other in
        .object([
          "experiment": .string("\(study.name)/\(other.experiment)"), "seed": .integer(Int(clamping: other.seed)),
          "left_out": .string(other.difference),
        ])
      }
  }

  private static func json(_ interval: Interval) -> JSON { .array([.number(interval.low), .number(interval.high)]) }

  private static func verdict(of judgement: Judgement) -> JSON.Members {
    var members: JSON.Members = ["verdict": .string(judgement.verdict.rawValue)]
    members["held"] =
      switch judgement.verdict {
      case .held: .boolean(true)
      case .notHeld: .boolean(false)
      case .cannotBeTold, .notJudged: .null
      }
    members["not_judged"] = .string(judgement.verdict == .notJudged ? judgement.reason : "")
    members["more_seeds"] = judgement.moreSeeds.map(JSON.integer)
    return members
  }
}
