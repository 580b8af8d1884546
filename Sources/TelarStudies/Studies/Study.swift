/// A study as data: its experiments, what it claims, and how its open points are read. One engine runs them all.
public struct Study: Sendable {
  public var name: String
  public var title: String
  public var source: String
  /// What the text leaves open, with the reading chosen here. Printed and recorded with every run.
  public var readings: [String]
  public var experiments: [Experiment]
  /// Which experiments' results stand together in a figure.
  public var charts: [Chart]
  /// Claims that compare experiments with one another.
  public var comparisons: [Comparison]
  /// Whether figures show the loss measured while training beside the one in evaluation mode.
  public var showsMeasuredWhileTraining: Bool
  /// Whether losses of reconstructions are drawn on a logarithmic axis.
  public var hasLogarithmicLoss: Bool
  /// The recipe that the study was read from, which its folder keeps; `nil` for a published one.
  public var recipe: RecipeFile?

  /// The file that a study was read from.
  public struct RecipeFile: Sendable {
    /// What is kept of it: its text, which can be read again wherever it lies.
    public var text: String
    /// Its absolute path without links; `nil` where only a text was read.
    public var path: String?

    public init(text: String, path: String? = nil) {
      self.text = text
      self.path = path
    }
  }

  /// A figure of several experiments.
  public struct Chart: Sendable {
    public enum Kind: Sendable {
      /// Loss, and accuracy where there is one, over the epochs.
      case curves
      /// The loss at the end on each set of images, over a number that each experiment has.
      case lossBy(String, values: [Double])
      /// The same images under each other as the experiments' networks reconstruct them in the end.
      case reconstructions
    }

    public var name: String
    public var title: String
    public var experiments: [String]
    public var kind: Kind

    public init(_ name: String, _ title: String, _ experiments: [String], _ kind: Kind = .curves) {
      self.name = name
      self.title = title
      self.experiments = experiments
      self.kind = kind
    }
  }

  public init(
    name: String, title: String, source: String = "", readings: [String] = [], experiments: [Experiment],
    charts: [Chart] = [], comparisons: [Comparison] = [], showsMeasuredWhileTraining: Bool = false,
    hasLogarithmicLoss: Bool = true, recipe: RecipeFile? = nil
  ) {
    self.name = name
    self.title = title
    self.source = source
    self.readings = readings
    self.experiments = experiments
    self.charts = charts
    self.comparisons = comparisons
    self.showsMeasuredWhileTraining = showsMeasuredWhileTraining
    self.hasLogarithmicLoss = hasLogarithmicLoss
    self.recipe = recipe
  }

  /// Every published study, by the name that the command line knows.
  public static let all = [aldecoa, borgnino, brunello, manolucos, molina]

  /// - Throws: ``UsageError`` naming the studies that there are.
  public static func named(_ name: String) throws -> Study {
    if let study = all.first(where: { $0.name == name.lowercased() }) { return study }
    throw UsageError.unknown("study", name, known: all.map(\.name))
  }

  /// The experiments of the given names in the study's order, or all of them when none is given.
  ///
  /// - Throws: ``UsageError`` for a name that is not there, with the nearest that are.
  public func experiments(named names: [String]) throws -> [Experiment] {
    if names.isEmpty { return experiments }
    var wanted: Set<String> = []
    for name in names {
      // `aldecoa/case-1` is how results name it.
      let short = name.hasPrefix(self.name + "/") ? String(name.dropFirst(self.name.count + 1)) : name
      guard let experiment = experiments.first(where: { $0.name == short.lowercased() }) else {
        throw UsageError.unknown("experiment of \(self.name)", name, known: experiments.map(\.name))
      }
      wanted.insert(experiment.name)
    }
    return experiments.filter { wanted.contains($0.name) }
  }

  /// The experiment of this name; `nil` when there is none.
  public func experiment(_ name: String) -> Experiment? { experiments.first { $0.name == name } }
}
