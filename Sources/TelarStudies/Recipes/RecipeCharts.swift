import TelarIO

/// The figures of a recipe that compare its experiments.
enum RecipeCharts {
  /// The most curves in a figure that can be told apart.
  private static let mostCurves = 12

  /// The charts that a recipe defines.
  static func read(_ node: TOMLNode, of experiments: [Experiment]) throws(RecipeError) -> [Study.Chart] {
    var charts: [Study.Chart] = []
    for element in try node.array() {
      var reader = try TableReader(element)
      let nameNode = try reader.require("name")
      let name = try Name.folder(nameNode.line(), nameNode)
      guard !charts.contains(where: { $0.name == name }) else { throw nameNode.error("two charts are named \(name)") }
      let title = try reader.take("title")?.line() ?? name
      let list = try reader.require("experiments")
      var shown: [String] = []
      for member in try list.array() {
        let experiment = try member.string()
        let known = experiments.map(\.name)
        guard known.contains(experiment) else { throw member.unknown("experiment", experiment, among: known) }
        guard !shown.contains(experiment) else { throw member.error("\(experiment) stands there twice") }
        shown.append(experiment)
      }
      if shown.count < 2 { throw list.error("must name at least two experiments") }
      guard Set(experiments.filter { shown.contains($0.name) }.map(\.loss)).count == 1 else {
        throw list.error("the experiments have different losses, which are not comparable")
      }
      let areClassifiers = experiments.contains { shown.contains($0.name) && $0.isClassifier }
      charts.append(
        Study.Chart(name, title, shown, try kind(&reader, count: shown.count, areClassifiers: areClassifiers)))
      try reader.end()
    }
    return charts
  }

  private static func kind(
    _ reader: inout TableReader, count: Int, areClassifiers: Bool
  ) throws(RecipeError) -> Study.Chart.Kind {
    if let node = reader.take("reconstructions"), try node.boolean() {
      if areClassifiers { throw node.error("is for autoencoders; these experiments classify") }
      return .reconstructions
    }
    guard let label = reader.take("by") else { return .curves }
    let node = try reader.require("values")
    var values: [Double] = []
    for value in try node.array() { values.append(try value.number("a number") { abs($0) <= 1e30 }) }
    guard values.count == count else {
      throw node.error("must have a number for each of the \(count) experiments, not \(values.count)")
    }
    return .lossBy(try label.line(limit: 100), values: values)
  }

  /// The default charts: one for all experiments of each loss, one for each grid.
  static func usual(for experiments: [Experiment], _ families: [RecipeReader.Family]) -> [Study.Chart] {
    var charts: [Study.Chart] = []
    for (isClassifier, name) in [(false, "autoencoders"), (true, "classifiers")] {
      let names = experiments.filter { $0.isClassifier == isClassifier }.map(\.name)
      if 2...mostCurves ~= names.count { charts.append(Study.Chart(name, name, names)) }
    }
    for family in families where 2...mostCurves ~= family.experiments.count {
      guard !charts.contains(where: { $0.experiments == family.experiments || $0.name == family.name }) else {
        continue
      }
      charts.append(Study.Chart(family.name, family.name, family.experiments))
    }
    return charts
  }
}
