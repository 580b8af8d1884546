import TelarNN

/// Whether a device computes the same bits again.
///
/// A bound has room for rounding, and so for a wrong number among many in a sum. A device that repeats itself has made no
/// such error that comes and goes, as faulty memory or a race of its driver makes.
enum Repetition {
  /// The first of the results that has other bits; `nil` when there is none.
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
  /// - Throws: ``CaseError`` when the device does not repeat itself, and what ``results(on:)`` throws.
  func repeatedResults(on device: any Device) throws -> [String: HostTensor] {
    let first = try results(on: device)
    let second = try results(on: device)
    let names = first.keys.sorted()
    let difference = Repetition.difference(
      names.map { ($0, first[$0]!.values) }, names.map { ($0, second[$0]?.values ?? []) })
    if let difference { throw CaseError(difference.detail ?? difference.place) }
    return first
  }
}
