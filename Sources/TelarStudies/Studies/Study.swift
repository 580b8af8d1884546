import TelarData

/// A study as data: its experiments, claims and assumptions. ``StudyRunner`` runs any study.
public struct Study: Sendable {
  public var name: String
  public var title: String
  public var source: String
  /// The assumptions made where the text is open. Printed and recorded with each run.
  public var assumptions: [String]
  /// Where the text contradicts itself, which no run can settle.
  public var contradictions: [String]
  public var experiments: [Experiment]
  /// The figures that compare experiments.
  public var charts: [Chart]
  /// Claims that compare experiments.
  public var comparisons: [Comparison]
  /// Whether figures show the loss measured while training beside the one in evaluation mode.
  public var showsMeasuredWhileTraining: Bool
  /// Whether reconstruction losses are drawn on a logarithmic axis.
  public var hasLogarithmicLoss: Bool
  /// The recipe that the study was read from, which its folder keeps; `nil` for a published study.
  public var recipe: RecipeFile?

  /// The file that a study was read from.
  public struct RecipeFile: Sendable {
    /// Its text, which is kept in the folder of the study.
    public var text: String
    /// Its absolute path with symbolic links resolved; `nil` for a recipe that is not a file.
    public var path: String?
    /// The shape of the data that its networks were read for.
    public var shape: DataShape

    public init(text: String, path: String? = nil, shape: DataShape = .fashionMNIST) {
      self.text = text
      self.path = path
      self.shape = shape
    }
  }

  /// A figure of several experiments.
  public struct Chart: Sendable {
    public enum Kind: Sendable {
      /// Loss, and accuracy of classifiers, by epoch.
      case curves
      /// The final loss on each set of images, over a number per experiment.
      case lossBy(String, values: [Double])
      /// The same images as the experiments' final networks reconstruct them.
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
    name: String, title: String, source: String = "", assumptions: [String] = [], contradictions: [String] = [],
    experiments: [Experiment], charts: [Chart] = [], comparisons: [Comparison] = [],
    showsMeasuredWhileTraining: Bool = false,
    hasLogarithmicLoss: Bool = true, recipe: RecipeFile? = nil
  ) {
    self.name = name
    self.title = title
    self.source = source
    self.assumptions = assumptions
    self.contradictions = contradictions
    self.experiments = experiments
    self.charts = charts
    self.comparisons = comparisons
    self.showsMeasuredWhileTraining = showsMeasuredWhileTraining
    self.hasLogarithmicLoss = hasLogarithmicLoss
    self.recipe = recipe
  }

  /// All published studies, in the order of the command's help.
  public static let all = [aldecoa, borgnino, brunello, manolucos, molina]

  /// - Throws: ``UsageError`` that lists the studies.
  public static func named(_ name: String) throws -> Study {
    if let study = all.first(where: { $0.name == name.lowercased() }) { return study }
    throw UsageError.unknown("study", name, known: all.map(\.name))
  }

  /// The text's own experiments, without those of groups.
  public var ownExperiments: [Experiment] { experiments.filter { $0.group == nil } }

  /// The groups of further experiments, in order.
  public var groups: [String] {
    experiments.compactMap(\.group).reduce(into: []) { groups, group in
      if !groups.contains(group) { groups.append(group) }
    }
  }

  /// The named experiments in the study's order, or the text's own if no name is given. A group's name stands for its
  /// experiments.
  ///
  /// - Throws: ``UsageError`` for an unknown name, with the nearest known ones.
  public func experiments(named names: [String]) throws -> [Experiment] {
    if names.isEmpty { return ownExperiments }
    var wanted: Set<String> = []
    for name in names {
      // Results call an experiment `aldecoa/case-1`.
      let short = name.hasPrefix(self.name + "/") ? String(name.dropFirst(self.name.count + 1)) : name
      let named = experiments.filter { $0.name == short.lowercased() || $0.group == short.lowercased() }
      if named.isEmpty {
        throw UsageError.unknown("experiment of \(self.name)", name, known: experiments.map(\.name) + groups)
      }
      wanted.formUnion(named.map(\.name))
    }
    return experiments.filter { wanted.contains($0.name) }
  }

  /// The experiment of a name; `nil` when there is none.
  public func experiment(_ name: String) -> Experiment? { experiments.first { $0.name == name } }
}
