/// A parameter in the form that a kernel reads, kept for as long as its values stay what they are.
package struct PreparedWeight {
  /// Which form it is.
  package struct Key: Hashable {
    enum Kind: Hashable {
      case taps, transposedTaps, winograd, transposedWinograd
    }

    var kind: Kind
    /// Columns of the register tile that it is packed for.
    var columns: Int
    var groups: Int
  }

  fileprivate let versions: [Int]
  fileprivate let form: Tensor
}

extension Tensor {
  /// The form of the weight that `make` enqueues, or the one that it made before: in evaluation, where nothing was
  /// written to a parameter since. A step of training changes the parameters, and makes its forms anew.
  ///
  /// - Parameter bias: what the form holds besides the weight.
  func prepared(_ key: PreparedWeight.Key, with bias: Tensor?, _ make: () throws -> Tensor) rethrows -> Tensor {
    guard isParameter, !Tape.isTraining, bias?.isParameter ?? true else { return try make() }
    let versions = [buffer.version, bias?.buffer.version ?? 0]
    if let kept = preparedForms[key], kept.versions == versions { return kept.form }
    let form = try make()
    preparedForms[key] = PreparedWeight(versions: versions, form: form)
    return form
  }
}
