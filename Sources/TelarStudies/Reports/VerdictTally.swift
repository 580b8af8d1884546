/// How many claims came to each verdict.
struct VerdictTally {
  private let numbers: [Verdict: Int]
  /// Claims about experiments that were not run.
  private let untouched: Int

  init(_ judgements: [Judgement], untouched: Int) {
    numbers = Dictionary(grouping: judgements, by: \.verdict).mapValues(\.count)
    self.untouched = untouched
  }

  subscript(_ verdict: Verdict) -> Int { numbers[verdict] ?? 0 }

  /// `2 held, 1 did not, 1 cannot be told apart, and 0 could not be judged.`
  var sentence: String {
    "\(self[.held]) held, \(self[.notHeld]) did not, \(self[.cannotBeTold]) cannot be told apart, and "
      + "\(self[.notJudged]) could not be judged."
      + (untouched > 0 ? " \(untouched) more are about experiments that were not run." : "")
  }

  var counts: [Document.Summary.Count] {
    let labels: [(Verdict, String)] = [
      (.held, "held"), (.notHeld, "did not hold"), (.cannotBeTold, "cannot be told apart"),
      (.notJudged, "could not be judged"),
    ]
    return labels.map { .init(number: self[$0], label: $1, status: .init($0)) }
      + (untouched > 0 ? [.init(number: untouched, label: "not run", status: .none)] : [])
  }
}
