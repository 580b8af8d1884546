import TelarNN

/// Limits on a golden case, checked by shapes before anything is allocated: a file of some kilobytes can describe
/// operators and networks that take all memory, or days.
enum CaseLimit {
  /// The most bytes of a case's tensors in its file.
  static let fileBytes = 1 << 26
  /// The most elements of an array, including padding.
  static let numbers = 1 << 24
  /// The most elements behind all layers of a network, for a batch.
  static let numbersOfStep = 1 << 25
  /// The most layers run over all steps.
  static let layerRuns = 1 << 17
  /// The most operations of forward passes.
  static let operations = 0x1p38

  /// Checks the tensors of a case.
  static func check(_ tensors: some Sequence<TensorInfo>) throws {
    let bytes = tensors.reduce(0) { $0 + $1.byteCount }
    guard bytes <= fileBytes else {
      throw CaseError("its tensors have \(bytes) bytes, over the limit of \(fileBytes)")
    }
  }

  /// Checks a number of passes of samples through layers.
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
  /// Checks an operator by the corresponding layer.
  func check(_ layer: any Layer, on sample: [Int], batch: Int) throws {
    var extent = try Extent(inputShape: sample)
    try extent.pass(layer)
    try CaseLimit.check(extent, batch: batch)
  }
}
