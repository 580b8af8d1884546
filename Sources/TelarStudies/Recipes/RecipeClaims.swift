import TelarIO
import TelarTraining

/// The claims of a recipe: of one experiment, and comparisons of several. They are judged as a text's are.
enum RecipeClaims {
  private static let metrics: [(name: String, metric: Metric)] = [
    ("val_accuracy", .validationAccuracy), ("train_accuracy", .trainingAccuracy), ("val_loss", .validationLoss),
    ("train_loss", .trainingLoss), ("test_loss", .testLoss),
  ]

  private static let shapes: [(name: String, expectation: Claim.Expectation)] = [
    ("falls steadily", .fallsSteadily), ("oscillates", .oscillates), ("rises", .rises),
    ("rises again", .risesAgain(by: Curve.overfittingShare)),
    ("does not rise again", .doesNotRiseAgain(within: Curve.overfittingShare)),
  ]

  /// `{ metric = "val_accuracy", above = 0.9 }`, or with `below`, `about`, or `shape`, and `in_epoch` beside `above`.
  static func claims(_ node: TOMLNode) throws(RecipeError) -> [Claim] {
    var claims: [Claim] = []
    for element in try node.array() {
      var reader = try TableReader(element)
      let metric = try metric(reader.require("metric"))
      let values = ["above", "below", "about", "shape"].compactMap { name in reader.take(name).map { (name, $0) } }
      let epoch = reader.take("in_epoch")
      try reader.end()
      guard values.count == 1, let (kind, value) = values.first else {
        throw element.error("must have one of above, below, about and shape")
      }
      if let epoch, kind != "above" { throw epoch.error("goes with above only") }
      switch kind {
      case "shape":
        guard let shape = shapes.first(where: { .string($0.name) == value.json }) else {
          throw value.error(noneOf: shapes.map(\.name))
        }
        if metric == .testLoss { throw value.error("the test loss has no curve") }
        if metric == .validation(.psnr) { throw value.error("is for losses and shares, which PSNR is not") }
        claims.append(Claim(metric, shape.expectation))
      default:
        let bound = try value.number("a number, for an accuracy a share from 0 to 1") {
          metric.isAccuracy ? (0...1).contains($0) : abs($0) <= 1e30
        }
        if let epoch {
          claims.append(Claim(metric, .aboveInEpoch(try epoch.integer(StudyOptions.epochRange), bound)))
        } else {
          claims.append(Claim(metric, kind == "above" ? .above(bound) : kind == "below" ? .below(bound) : .near(bound)))
        }
      }
    }
    return claims
  }

  /// `[[comparisons]]` with `claim`, `metric`, `experiments` and `order`: `"increasing"`, `"last is largest"`,
  /// `"first is least"`, or `alike_within`, a share.
  static func comparisons(_ node: TOMLNode, of experiments: [Experiment]) throws(RecipeError) -> [Comparison] {
    var comparisons: [Comparison] = []
    let orders: [(name: String, expectation: Comparison.Expectation)] = [
      ("increasing", .increasing), ("last is largest", .lastIsLargest), ("first is least", .firstIsLeast),
    ]
    for element in try node.array() {
      var reader = try TableReader(element)
      let metric = try metric(reader.require("metric"))
      let list = try reader.require("experiments")
      var names: [String] = []
      for member in try list.array() {
        let name = try member.string()
        let known = experiments.map(\.name)
        guard known.contains(name) else { throw member.unknown("experiment", name, among: known) }
        guard !names.contains(name) else { throw member.error("\(name) stands there twice") }
        names.append(name)
      }
      if names.count < 2 { throw list.error("must name at least two experiments") }
      let expectation: Comparison.Expectation
      switch (reader.take("order"), reader.take("alike_within")) {
      case (let order?, nil):
        guard let found = orders.first(where: { .string($0.name) == order.json }) else {
          throw order.error(noneOf: orders.map(\.name))
        }
        expectation = found.expectation
      case (nil, let share?):
        expectation = .alike(within: try share.number("a share above 0, at most 1") { $0 > 0 && $0 <= 1 })
      default: throw element.error("must have either order or alike_within")
      }
      let text = try reader.take("claim")?.line(limit: 200) ?? "\(names.joined(separator: ", ")): \(shown(expectation))"
      try reader.end()
      for experiment in experiments where names.contains(experiment.name) {
        try RecipeMetrics.check([metric], of: experiment, element)
      }
      comparisons.append(Comparison(text, metric, names, expectation))
    }
    return comparisons
  }

  private static func shown(_ expectation: Comparison.Expectation) -> String {
    switch expectation {
    case .alike(let share): "alike within \(shortest((share * 1e6).rounded() / 1e4)) %"
    case .lastIsLargest: "the last is the largest"
    case .firstIsLeast: "the first is the least"
    default: "each larger than the one before"
    }
  }

  private static func metric(_ node: TOMLNode) throws(RecipeError) -> Metric {
    if let found = metrics.first(where: { .string($0.name) == node.json }) { return found.metric }
    if case .string(let name) = node.value, name.hasPrefix("val_") {
      if let metric = EvaluationMetric(name: String(name.dropFirst(4))) { return .validation(metric) }
    }
    throw node.error(noneOf: metrics.map(\.name))
  }
}
