import TelarNN

/// Checks that a device computes the same bits twice.
///
/// A bound leaves room for rounding, and so may hide a wrong term of a long sum. Repetition finds errors that come and
/// go, such as those of faulty memory or of a race in a driver.
enum Repetition {
  /// Does work twice; on an OpenCL device, the contents of buffers after each launch are compared too.
  ///
  /// - Throws: ``CaseError`` when a launch leaves other numbers the second time, and the errors of `work`.
  static func twice<Result>(
    on device: any Device, _ work: () throws -> Result
  ) throws -> (first: Result, second: Result) {
    guard let device = device as? OpenCLDevice else { return (try work(), try work()) }
    defer { device.launchLog = nil }
    let logs = (LaunchLog(), LaunchLog())
    device.launchLog = logs.0
    let first = try work()
    device.launchLog = logs.1
    let second = try work()
    if let kernel = logs.0.firstDifference(from: logs.1) {
      throw CaseError("kernel \(kernel) writes other numbers when it is computed again")
    }
    return (first, second)
  }

  /// The first result with other bits; `nil` when there is none.
  static func difference(
    _ first: [(name: String, values: [Float])], _ second: [(name: String, values: [Float])]
  ) -> Bound.Worst? {
    for (once, again) in zip(first, second) {
      for (index, (value, other)) in zip(once.values, again.values).enumerated()
      where value.bitPattern != other.bitPattern {
        let place = "\(once.name)[\(index)]"
        return Bound.Worst(
          fraction: nil, place: place, detail: "\(place) is \(value) and, when it is computed again, \(other)")
      }
    }
    return nil
  }
}

extension OperatorCase {
  /// The operator's results on a device, computed twice.
  ///
  /// - Throws: ``CaseError`` when the results differ, and the errors of ``results(on:)``.
  func repeatedResults(on device: any Device) throws -> [String: HostTensor] {
    let (first, second) = try Repetition.twice(on: device) { try results(on: device) }
    let names = first.keys.sorted()
    let difference = Repetition.difference(
      names.map { ($0, first[$0]!.values) }, names.map { ($0, second[$0]?.values ?? []) })
    if let difference { throw CaseError(difference.detail ?? difference.place) }
    return first
  }
}
