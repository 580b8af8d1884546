import TelarIO

/// Recorded runs to compare results with: JSON lines with experiment, seed, epoch, val_loss, and optionally
/// val_accuracy.
///
/// Experiments are compared at the last epoch that all of their recorded seeds reach. The mean of the new seeds must
/// lie within [min − d, max + d] of the recorded ones, where d is the larger of 10 % of their mean (2 points for an
/// accuracy) and twice their standard deviation.
public struct ReferenceRuns: Sendable {
  private struct Row {
    var epoch: Int
    var loss: Double
    var accuracy: Double?
  }

  /// Rows by experiment and seed.
  private var rows: [String: [Int: [Row]]] = [:]
  private let study: Study
  private let path: String

  /// The longest file that is read: some 500,000 epochs.
  package static let maximumLength = 64 << 20

  /// - Throws: ``ReferenceRunsError`` for a file that is missing or too long, or an invalid line.
  public init(path: String, study: Study) throws {
    self.path = path
    self.study = study
    let bytes: [UInt8]
    do {
      bytes = try InputFile.read(path, atMost: Self.maximumLength)
    } catch {
      throw ReferenceRunsError(
        kind: error.kind == .tooLong ? .malformed : .missing, path: path, problem: error.problem)
    }
    for line in TextLines(bytes) where !line.isBlank {
      func fail(_ problem: String) -> ReferenceRunsError {
        ReferenceRunsError(
          kind: .malformed, path: path,
          problem: "line \(line.number) \(problem); a file of runs on record has one JSON object a line, with "
            + "experiment, seed, epoch, val_loss and, of classifiers, val_accuracy")
      }
      guard let text = line.text else { throw fail("is not UTF-8 text") }
      guard case .object(let members)? = try? JSON(parsing: text) else { throw fail("is no JSON object") }
      // Other lines, such as claims, have no epoch.
      guard members["epoch"] != nil else { continue }
      guard case .string(let experiment)? = members["experiment"], case .integer(let seed)? = members["seed"],
        case .integer(let epoch)? = members["epoch"], let loss = members["val_loss"]?.double
      else { throw fail("lacks experiment, seed, epoch or val_loss") }
      guard StudyOptions.epochRange.contains(epoch) else {
        throw fail(
          "has the epoch \(epoch), not \(StudyOptions.epochRange.lowerBound) to \(StudyOptions.epochRange.upperBound)")
      }
      rows[experiment, default: [:]][seed, default: []].append(
        Row(epoch: epoch, loss: loss, accuracy: members["val_accuracy"]?.double))
    }
  }

  /// Checks that there are recorded runs of the experiments.
  ///
  /// - Throws: ``UsageError`` with the names of those on record.
  public func check(_ names: [String]) throws {
    let known = study.experiments.map(\.name).filter { epochs(of: $0) != nil }
    guard !known.isEmpty else {
      let others = rows.keys.sorted().prefix(5)
      throw UsageError(
        "\(path) has no runs of \(study.name)"
          + (others.isEmpty ? "." : ": its runs are of \(others.joined(separator: ", "))\(rows.count > 5 ? " …" : "").")
      )
    }
    for name in names where !known.contains(name) {
      throw UsageError("\(path) has no runs of \(study.name)/\(name); it has \(known.joined(separator: ", ")).")
    }
  }

  /// The last epoch that all recorded seeds of an experiment reach; `nil` when there are none.
  public func epochs(of experiment: String) -> Int? {
    rows["\(study.name)/\(experiment)"]?.values.compactMap { $0.map(\.epoch).max() }.min()
  }

  /// The comparison of results with recorded runs.
  public struct Verdicts: Sendable {
    public struct Line: Sendable {
      public let experiment: String
      public let metric: Metric
      public let epoch: Int
      public let value: Double?
      public let bounds: ClosedRange<Double>

      public var isInside: Bool { value.map(bounds.contains) ?? false }
    }

    public let path: String
    public let checks: [Line]

    /// The number of experiments all of whose metrics are inside the bounds, and of the others.
    public var inside: Int { byExperiment.count { $0.allSatisfy(\.isInside) } }
    public var outside: Int { byExperiment.count - inside }

    private var byExperiment: [[Line]] {
      Dictionary(grouping: checks, by: \.experiment).sorted { $0.key < $1.key }.map(\.value)
    }

    public var summary: String { "against \(path): \(inside) inside, \(outside) outside" }

    /// One line per experiment, and a summary.
    public var table: [String] {
      let width = checks.map(\.experiment.count).max() ?? 0
      let lines = byExperiment.map { checks in
        let parts = checks.map { check in
          let value = check.value.map(check.metric.text) ?? "not run"
          let (low, high) = (check.metric.text(check.bounds.lowerBound), check.metric.text(check.bounds.upperBound))
          return "\(check.metric.rawValue) \(value) in \(low) … \(high)"
        }
        let name = checks[0].experiment
        return "\(name)\(String(repeating: " ", count: width - name.count))  epoch \(checks[0].epoch)  "
          + (checks.allSatisfy(\.isInside) ? "inside " : "outside") + "  " + parts.joined(separator: ", ")
      }
      return lines + [summary]
    }

    public var lines: [JSON] {
      checks.map { check in
        .object([
          "experiment": .string(check.experiment), "metric": .string(check.metric.rawValue),
          "epoch": .integer(check.epoch), "value": check.value.map(JSON.number) ?? .null,
          "low": .number(check.bounds.lowerBound), "high": .number(check.bounds.upperBound),
          "inside": .boolean(check.isInside),
        ])
      } + [.object(["against": .string(path), "inside": .integer(inside), "outside": .integer(outside)])]
    }
  }

  /// Compares the requested experiments that are on record.
  public func compare(with result: StudyResult) -> Verdicts {
    var checks: [Verdicts.Line] = []
    for ours in result.experiments where ours.isRequested {
      let name = "\(study.name)/\(ours.experiment.name)"
      guard let seeds = rows[name], let epoch = epochs(of: ours.experiment.name) else { continue }
      let theirs = seeds.values.compactMap { $0.last { $0.epoch == epoch } }
      func check(_ metric: Metric, _ values: [Double]) {
        let curve = ours.curve(metric)
        checks.append(
          .init(
            experiment: name, metric: metric, epoch: epoch, value: curve.count >= epoch ? curve[epoch - 1] : nil,
            bounds: Self.bounds(values, metric)))
      }
      check(.validationLoss, theirs.map(\.loss))
      let accuracies = theirs.compactMap(\.accuracy)
      if !accuracies.isEmpty { check(.validationAccuracy, accuracies) }
    }
    return Verdicts(path: path, checks: checks)
  }

  package static func bounds(_ values: [Double], _ metric: Metric) -> ClosedRange<Double> {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
    let d = max(metric.isAccuracy ? 0.02 : 0.1 * abs(mean), 2 * deviation)
    return (values.min()! - d)...(values.max()! + d)
  }
}

/// A problem with a file of recorded runs.
public struct ReferenceRunsError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable { case missing, malformed }

  public var kind: Kind
  public var path: String
  public var problem: String

  public var description: String { "\(path): \(problem)." }
}
