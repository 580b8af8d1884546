import TelarNN
import TelarTraining

/// A study as data: its experiments, what it claims, and how its open points are read. One engine runs them all.
public struct Study: Sendable {
  public let name: String
  public let title: String
  public let source: String
  /// What the text leaves open, with the reading chosen here. Printed and recorded with every run.
  public let readings: [String]
  public let experiments: [Experiment]
  /// Which experiments' curves stand together in a figure.
  public let charts: [Chart]
  /// Claims that compare experiments with one another.
  public let comparisons: [Comparison]

  /// Experiments whose curves are drawn together.
  public struct Chart: Sendable {
    public let name: String
    public let title: String
    public let experiments: [String]
  }

  /// Every study, by the name that the command line knows.
  public static let all = [aldecoa, brunello]

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

  /// The experiment of this name, which must be there.
  func experiment(_ name: String) -> Experiment {
    guard let experiment = experiments.first(where: { $0.name == name }) else {
      preconditionFailure("study \(self.name) has no experiment \(name)")
    }
    return experiment
  }
}

/// One experiment of a study.
public struct Experiment: Sendable {
  /// What is trained.
  public enum Model: Sendable {
    /// Encoder and decoder together, to give back what they are given.
    case autoencoder(encoder: Sequential, decoder: Sequential)
    /// An encoder and a classifier behind it.
    ///
    /// - `pretraining`: the autoencoder experiment whose encoder is taken, trained for as many epochs as this one;
    ///   `nil` for an encoder with fresh weights.
    /// - `isEncoderFrozen`: whether only the head is trained. The encoder's dropout stays active while training.
    case classifier(encoder: Sequential, head: Sequential, pretraining: String?, isEncoderFrozen: Bool)
  }

  public let name: String
  /// What sets it apart, in a few words.
  public let summary: String
  public let model: Model
  public let optimizer: any Optimizer
  public let batchSize: Int
  /// As many as the text has, or as it is read.
  public let epochs: Int
  public let claims: [Claim]
  /// The text's confusion matrix, as shares of each true class.
  public let confusion: [[Double]]?

  public init(
    _ name: String, _ summary: String, _ model: Model, optimizer: any Optimizer = Adam(),
    batchSize: Int = 100, epochs: Int, claims: [Claim] = [], confusion: [[Double]]? = nil
  ) {
    self.name = name
    self.summary = summary
    self.model = model
    self.optimizer = optimizer
    self.batchSize = batchSize
    self.epochs = epochs
    self.claims = claims
    self.confusion = confusion
  }

  public var isClassifier: Bool {
    if case .classifier = model { true } else { false }
  }

  /// The autoencoder that must be trained first, if any.
  public var pretraining: String? {
    if case .classifier(_, _, let pretraining, _) = model { pretraining } else { nil }
  }

  public var loss: Loss { isClassifier ? .classification : .reconstruction }
}

/// A request that does not make sense: a name that is not there, a number out of range.
public struct UsageError: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }

  /// A name that is not known: says which are, or the nearest when they are many.
  static func unknown(_ what: String, _ name: String, known: [String]) -> UsageError {
    let near = known.map { (name: $0, distance: distance(name.lowercased(), $0)) }
      .filter { $0.distance <= max(2, name.count / 3) }.min { $0.distance < $1.distance }
    let guess = near.map { " Did you mean \($0.name)?" } ?? ""
    return UsageError("no \(what) is named '\(name)'.\(guess) There are: \(known.joined(separator: ", ")).")
  }

  /// Levenshtein's distance: the fewest characters to insert, remove or change.
  private static func distance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let changed = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(changed, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
