import TelarNN

/// What a case may take at most, found from shapes before anything is made: a golden file of some kilobytes can
/// describe operators and networks that take all memory, or days.
enum CaseLimit {
  /// Bytes of a case's tensors in its file.
  static let fileBytes = 1 << 26
  /// Numbers of an array, with its padding.
  static let numbers = 1 << 24
  /// Numbers behind all layers of a network, for a batch.
  static let numbersOfStep = 1 << 25
  /// Layers that run, one after another, in all steps.
  static let layerRuns = 1 << 17
  /// Products, sums or comparisons of forward passes.
  static let operations = 0x1p38

  /// Checks the tensors of a case.
  static func check(_ tensors: some Sequence<TensorInfo>) throws {
    let bytes = tensors.reduce(0) { $0 + $1.byteCount }
    guard bytes <= fileBytes else {
      throw CaseError("its tensors have \(bytes) bytes, over the limit of \(fileBytes)")
    }
  }

  /// Checks so many passes of samples through layers.
  static func check(_ extent: Extent, batch: Int, passes: Int = 1) throws {
    let largest = Double(batch) * Double(extent.largest)
    guard largest <= Double(numbers) else {
      throw CaseError("makes an array of \(Int(largest)) numbers, over the limit of \(numbers)")
    }
    let total = Double(batch) * Double(extent.total)
    guard total <= Double(numbersOfStep) else {
      throw CaseError("makes \(Int(total)) numbers in a step, over the limit of \(numbersOfStep)")
    }
    guard Double(batch) * Double(passes) * extent.operations <= operations else {
      throw CaseError("takes more than \(Int(operations)) operations")
    }
  }
}

extension CaseRun {
  /// Checks what the operator takes by the layer that does the same.
  func check(_ layer: any Layer, on sample: [Int], batch: Int) throws {
    var extent = try Extent(inputShape: sample)
    try extent.pass(layer)
    try CaseLimit.check(extent, batch: batch)
  }
}
