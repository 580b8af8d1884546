import TelarNN

/// The outcome of a comparison.
public struct Outcome: Sendable, Equatable {
  /// The largest error as a fraction of its bound; `nil` where it is not a number.
  public var worst: Double?
  /// The place of the largest error: `grad_weight[12]`.
  public var place: String?
  /// A description of a failure.
  public var error: String?

  public var isPassed: Bool { error == nil }

  public init(worst: Double? = nil, place: String? = nil, error: String? = nil) {
    self.worst = worst
    self.place = place
    self.error = error
  }

  init(_ worst: Bound.Worst) { self.init(worst: worst.fraction, place: worst.place, error: worst.detail) }

  /// A line of JSON: subject, ok, worst and, where that is null, error.
  func json(_ subject: JSON.Members) -> String {
    var members = subject
    members["ok"] = .boolean(isPassed)
    members["worst"] = worst.map { .number($0) } ?? .null
    if worst == nil { members["error"] = .string(error ?? "no number") }
    return JSON.object(members).text
  }
}

/// The outcome of a golden case.
public struct CaseResult: Sendable, Equatable {
  /// The file's name, without its folder.
  public var file: String
  public var name: String
  /// The device's identifier.
  public var device: String
  public var outcome: Outcome

  public init(file: String, name: String, device: String, _ outcome: Outcome) {
    self.file = file
    self.name = name
    self.device = device
    self.outcome = outcome
  }

  public var isPassed: Bool { outcome.isPassed }

  /// A line of JSON: file, case, device, ok, worst and, where that is null, error.
  public var json: String {
    outcome.json(["file": .string(file), "case": .string(name), "device": .string(device)])
  }

  /// A line for a case that failed.
  public var failureLine: String {
    let size = outcome.worst.map { ", \(rounded($0)) of the bound" } ?? ""
    return "FAIL \(file) \(name) on \(device): \(outcome.error ?? "failed")\(size)"
  }
}

/// The outcome of the cases of a file.
public struct FileResult: Sendable {
  public var file: String
  public var cases: [CaseResult]

  public init(file: String, cases: [CaseResult]) {
    self.file = file
    self.cases = cases
  }

  public var passed: Int { cases.count { $0.isPassed } }
  public var isPassed: Bool { passed == cases.count }

  /// `op-gemm.safetensors: 12/12 cases, worst 0.034 of the bound (gemm-007 output[3])`
  public var summary: String {
    let head = "\(file): \(passed)/\(cases.count) cases"
    let numbers = cases.compactMap { result in result.outcome.worst.map { (result, $0) } }
    guard let (worst, fraction) = numbers.max(by: { $0.1 < $1.1 }) else { return head }
    let place = worst.outcome.place.map { " \($0)" } ?? ""
    return "\(head), worst \(rounded(fraction)) of the bound (\(worst.name)\(place))"
  }
}

/// The number with three decimals.
func rounded(_ value: Double) -> String {
  if value >= 1e6 { return "\(value)" }
  let thousandths = Int((value * 1000).rounded())
  let fraction = String(thousandths % 1000)
  return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
}

/// A folder or file without readable golden cases.
public struct ConformanceError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The folder does not exist.
    case missing
    /// The folder cannot be listed or holds no golden file, or a golden file holds no case.
    case unusable
  }

  public var kind: Kind
  public var path: String
  public var problem: String

  public init(_ kind: Kind, path: String, _ problem: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path): \(problem)" }
}
