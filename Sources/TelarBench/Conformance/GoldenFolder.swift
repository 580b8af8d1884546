import Foundation
import TelarNN

/// A folder of golden files, `op-*.safetensors` and `net-*.safetensors`; other files are ignored.
///
/// `Tools/golden/generate.py` makes such files with PyTorch and describes the format.
public struct GoldenFolder {
  private let files: [GoldenFile]

  /// Opens all golden files and checks their headers.
  ///
  /// - Throws: ``ConformanceError`` for a folder that is missing or holds no golden file, and for a golden file that
  ///   cannot be read.
  public init(_ path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ConformanceError(.missing, path: path, "there is no such folder")
    }
    guard isFolder.boolValue, let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw ConformanceError(.unusable, path: path, "is no folder that can be listed")
    }
    let golden = names.filter { ($0.hasPrefix("op-") || $0.hasPrefix("net-")) && $0.hasSuffix(".safetensors") }
    guard !golden.isEmpty else {
      throw ConformanceError(
        .unusable, path: path, "holds no golden file (op-*.safetensors or net-*.safetensors)")
    }
    files = try golden.sorted().map { name in
      do {
        return try GoldenFile(name: name, SafetensorsFile("\(path)/\(name)"))
      } catch let error as SafetensorsError {
        throw ConformanceError(.unusable, path: error.path, error.problem)
      }
    }
  }

  /// Runs all cases on a device.
  ///
  /// - Parameter report: called with the results of each file when it is done.
  /// - Returns: whether all cases passed.
  /// - Throws: ``ConformanceError`` when a file can no longer be read.
  public func run(on device: any Device, _ report: (FileResult) throws -> Void) throws -> Bool {
    var allPassed = true
    for file in files {
      let result = try file.run(on: device)
      allPassed = allPassed && result.isPassed
      try report(result)
    }
    return allPassed
  }
}

/// An open golden file.
struct GoldenFile {
  let name: String
  let file: SafetensorsFile
  /// The names of the tensors of each case.
  private let tensors: [String: [String]]
  private static let mostSlashes = 16

  init(name: String, _ file: SafetensorsFile) throws {
    self.name = name
    self.file = file
    guard !file.metadata.isEmpty else {
      throw ConformanceError(.unusable, path: file.path, "holds no case: its metadata is empty")
    }
    // A tensor's name is CASE/NAME; a case's name may contain slashes.
    var tensors: [String: [String]] = [:]
    for (key, _) in file.tensors {
      for slash in key.indices.lazy.filter({ key[$0] == "/" }).prefix(Self.mostSlashes) {
        let caseName = String(key[..<slash])
        if file.metadata[caseName] != nil { tensors[caseName, default: []].append(key) }
      }
    }
    self.tensors = tensors
  }

  func run(on device: any Device) throws -> FileResult {
    if name.hasPrefix("net-") {
      let caseName = String(name.dropFirst(4).dropLast(".safetensors".count))
      return FileResult(
        file: name, cases: [try result(caseName, on: device) { try NetworkCase(file).run(on: device) }])
    }
    return FileResult(
      file: name,
      cases: try file.metadata.map { caseName, text in
        try result(caseName, on: device) { try goldenCase(caseName, text).check(on: device) }
      })
  }

  /// The result of a case. Any error within it is a failure of the case, except a file that cannot be read, which ends
  /// the run.
  private func result(_ caseName: String, on device: any Device, _ body: () throws -> Bound.Worst) throws -> CaseResult
  {
    let outcome: Outcome
    do {
      outcome = Outcome(try body())
    } catch let error as SafetensorsError where error.kind == .unreadable {
      throw ConformanceError(.unusable, path: error.path, error.problem)
    } catch {
      outcome = Outcome(error: "\(error)")
    }
    return CaseResult(file: name, name: caseName, device: device.properties.identifier, outcome)
  }

  /// The case of an entry in the metadata.
  private func goldenCase(_ caseName: String, _ text: String) throws -> OperatorCase {
    let json: JSON
    do {
      json = try JSON(parsing: text)
    } catch {
      throw CaseError("its metadata is broken: \(error)")
    }
    guard case .object(let members) = json, case .string(let op)? = members["op"],
      case .object(let attributes)? = members["attributes"]
    else { throw CaseError("its metadata lacks the op or the attributes") }
    var isExact = false
    if let exact = members["exact"] {
      guard case .boolean(let value) = exact else { throw CaseError("exact must be true or false, not \(exact.text)") }
      isExact = value
    }
    let keys = tensors[caseName] ?? []
    try CaseLimit.check(keys.compactMap { file.tensors[$0] })
    var values: [String: HostTensor] = [:]
    for key in keys {
      values[String(key.dropFirst(caseName.count + 1))] = HostTensor(try file.info(key).shape, try file.floats(key))
    }
    return OperatorCase(name: caseName, op: op, attributes: attributes, isExact: isExact, tensors: values)
  }
}

extension OperatorCase {
  /// The names of results.
  private static let resultNames = [
    "output", "grad_input", "grad_weight", "grad_bias", "new_running_mean", "new_running_var",
  ]

  /// Runs the case twice and compares all results.
  func check(on device: any Device) throws -> Bound.Worst {
    guard Operators.ofGolden(op) != nil else { throw CaseError("unknown operator \(JSON.quoted(op, limit: 40))") }
    let expected = Self.resultNames.filter { tensors[$0] != nil }
    guard !expected.isEmpty else { throw CaseError("holds no result to compare") }
    let results = try repeatedResults(on: device)
    var worst = Bound.Worst(fraction: 0, place: expected[0], detail: nil)
    for name in expected {
      guard let result = results[name] else {
        throw CaseError("\(op) gives no \(name) from the tensors that the case holds")
      }
      let reference = tensors[name]!
      guard result.shape == reference.shape || result.values.count == 1 && reference.values.count == 1 else {
        throw CaseError("\(name) has shape \(result.shape) and should have \(reference.shape)")
      }
      let found = try bound(of: name).worst(name, result.values, reference.values)
      guard let fraction = found.fraction else { return found }
      if fraction > worst.fraction! { worst = found }
    }
    return worst
  }

  /// The first bound that applies to a result.
  private func bound(of name: String) throws -> Bound {
    if isExact { return .exact }
    if let magnitude = tensors["magnitude.\(name)"] {
      guard let terms = attributes["terms.\(name)"]?.double, terms > 0 else {
        throw CaseError("magnitude.\(name) has no attribute terms.\(name) that is a positive number")
      }
      guard magnitude.shape == tensors[name]!.shape else {
        throw CaseError("magnitude.\(name) has shape \(magnitude.shape), not that of \(name)")
      }
      return .sum(terms: terms, magnitude: magnitude.values)
    }
    if let tolerance = attributes["tolerance"] {
      guard case .object(let members) = tolerance else { throw CaseError("tolerance must be an object") }
      func number(_ key: String) throws -> Double {
        guard let value = members[key]?.double, value >= 0 else {
          throw CaseError("tolerance lacks \(key), a number that is not negative")
        }
        return value
      }
      if name.hasPrefix("grad_") {
        let bound = try number("grad")
        return .within(absolute: bound, relative: bound)
      }
      return .within(absolute: try number("absolute"), relative: try number("relative"))
    }
    return .within(absolute: 1e-6, relative: 4e-6)
  }
}
