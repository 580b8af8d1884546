import TelarIO
import TelarNN

/// Saving and restoring a run, bit for bit.
extension Trainer {
  private static let progressName = "trainer/progress"
  private static let gatheredName = "trainer/gathered"
  private static let historyName = "trainer/history"
  private static let secondsName = "trainer/seconds"
  private static let stoppedName = "trainer/stopped"
  private static let metricsName = "trainer/metrics"

  /// Adds the state of the run to a file: network, optimizer and progress. Waits for the device.
  ///
  /// - Throws: ``NotFiniteError`` when the loss so far is not finite.
  public func add(to writer: inout SafetensorsWriter) throws {
    try checkFinite()
    try network.add(to: &writer)
    try step.optimizerState.add(to: &writer)
    try average?.add(to: &writer)
    writer.add(Self.progressName, shape: [2], [Int64(step.step), Int64(imagesDone)])
    writer.add(Self.gatheredName, shape: [4], try metrics.snapshot())
    writer.add(Self.secondsName, shape: [], [secondsDone])
    writer.add(Self.historyName, shape: [history.count, EpochMetrics.numberCount], history.flatMap(\.numbers))
    if isStopped { writer.add(Self.stoppedName, shape: [], [Int64(1)]) }
    guard !validationMetrics.isEmpty else { return }
    writer.add(
      Self.metricsName, shape: [history.count, validationMetrics.count],
      history.flatMap { epoch in validationMetrics.map { epoch.validationMetrics[$0] ?? .nan } })
  }

  /// Restores a state that ``add(to:)`` wrote for the same network, data and settings.
  ///
  /// - Throws: `SafetensorsError` when something is missing or invalid.
  public func load(from file: SafetensorsFile) throws {
    func check(_ isSound: Bool, _ what: String) throws {
      guard isSound else { throw SafetensorsError(.mismatch, path: file.path, "\(what) makes no sense for this run") }
    }
    let progress = try file.values(Self.progressName, as: Int64.self)
    let gathered = try file.values(Self.gatheredName, as: UInt32.self)
    let seconds = try file.values(Self.secondsName, as: Double.self)
    let numbers = try file.values(Self.historyName, as: Double.self)
    let width = EpochMetrics.numberCount
    let epochs = numbers.count / width
    let count = images.training.count
    try check(gathered.count == 4, Self.gatheredName)
    try check(seconds.count == 1 && seconds[0] >= 0, Self.secondsName)
    try check(numbers.count % width == 0 && epochs <= settings.epochs, Self.historyName)
    try check(progress.count == 2 && (0..<Int64(count)).contains(progress[1]), Self.progressName)
    let done = Int(progress[1])
    try check(done % settings.stepImageCount == 0, Self.progressName)
    let steps = Int64(epochs * stepsPerEpoch + done / settings.stepImageCount)
    // A run that a callback ended may have done so within an epoch.
    let hasStopped = file.tensors[Self.stoppedName] != nil
    try check(progress[0] == steps || hasStopped && (0...steps).contains(progress[0]), Self.progressName)
    let others = try others(in: file, epochs: epochs)
    // Parts thaw when an epoch begins, so the state at an epoch's end is of the parts that were trained in it.
    try train(parts: thawed(after: done > 0 ? epochs : epochs - 1))
    try network.load(from: file)
    try step.optimizerState.load(from: file)
    try average?.load(from: file)
    try metrics.restore(gathered)
    step.step = Int(progress[0])
    isStopped = hasStopped
    (imagesDone, secondsDone) = (done, seconds[0])
    history = (0..<epochs).map { EpochMetrics(epoch: $0 + 1, numbers: numbers[($0 * width)..<(($0 + 1) * width)]) }
    for (epoch, values) in zip(history.indices, others) { history[epoch].validationMetrics = values }
    best = BestEpoch(settings)
    for metrics in history { _ = best.note(metrics) }
  }

  /// The ``EpochMetrics/validationMetrics`` of each epoch. A file without them is of a run that was begun when none were
  /// measured.
  private func others(in file: SafetensorsFile, epochs: Int) throws -> [[EvaluationMetric: Double]] {
    guard !validationMetrics.isEmpty, file.tensors[Self.metricsName] != nil else { return [] }
    let count = validationMetrics.count
    let values = try file.values(Self.metricsName, as: Double.self)
    guard values.count == epochs * count else {
      throw SafetensorsError(.mismatch, path: file.path, "\(Self.metricsName) makes no sense for this run")
    }
    return (0..<epochs).map { epoch in
      validationMetrics.enumerated().reduce(into: [:]) { metrics, column in
        let value = values[epoch * count + column.offset]
        if !value.isNaN { metrics[column.element] = value }
      }
    }
  }
}
