import Foundation
import TelarData
import TelarNN

/// The training loop.
///
/// A step gathers its batch on the device and does not synchronize; loss and accuracy accumulate on the device and are
/// read once per epoch. Seed and settings determine every bit of the result on a given device and build, also when the
/// run is saved and resumed: see ``add(to:)`` and ``load(from:)``.
public final class Trainer {
  /// Made anew when a part thaws: ``TrainingSettings/thaw``.
  public internal(set) var network: Network
  public let settings: TrainingSettings
  /// The name of the run in errors.
  public let name: String
  /// The metrics of the completed epochs.
  public internal(set) var history: [EpochMetrics] = []

  var step: TrainingStep
  /// The network's in the beginning.
  let architecture: Architecture
  /// The parts that are frozen in it and trained now.
  var thawedParts: Set<String> = []
  package let images: Images
  let metrics: RunningMetrics
  private let augmenter: Augmenter?
  /// The moving average of the network's numbers, where the settings ask for one.
  public internal(set) var average: ParameterAverage?
  private let classWeights: ClassWeights?
  var best: BestEpoch
  /// What ``EpochMetrics/validationMetrics`` has: what the settings ask for and monitor, and
  /// ``EvaluationMetric/usual(classCount:)``, in order.
  public let validationMetrics: [EvaluationMetric]
  /// Progress of the present epoch: the images that training has used, and its seconds.
  var imagesDone = 0
  var secondsDone = 0.0
  /// When the epoch under way would have begun if it had never been paused.
  private var epochStart = ContinuousClock.now
  let stepsPerEpoch: Int
  private var launchesDone = 0
  private var stepsCounted = 0

  /// The most steps that are enqueued without synchronization. A driver that accepts work faster than it executes it
  /// would otherwise queue a whole epoch, which could not be interrupted.
  private static let stepsAhead = 64

  /// The image sets of a run, on the device. Runs may share them.
  public struct Images {
    public let training: DeviceImages
    /// The first training images, for the training curve.
    public let curve: DeviceImages
    public let validation: DeviceImages
    /// A third set that is measured once, at the end; `nil` where there are only two.
    public let test: DeviceImages?

    public init(
      training: LabelledImages, validation: LabelledImages, test: LabelledImages? = nil, curveCount: Int,
      normalization: Normalization = .unit, on device: any Device
    ) throws {
      func upload(_ images: LabelledImages) throws -> DeviceImages {
        try DeviceImages(images, normalization: normalization, on: device)
      }
      self.training = try upload(training)
      curve = try self.training.prefix(min(curveCount, training.count))
      self.validation = try upload(validation)
      self.test = try test.map(upload)
    }
  }

  /// - Parameter name: the name of the run in errors.
  public init(_ name: String, _ network: Network, _ images: Images, _ settings: TrainingSettings) throws {
    precondition(settings.batchSize > 0 && settings.epochs > 0 && settings.evaluationBatchSize > 0)
    precondition(
      settings.options.objective.map { $0.loss == settings.loss } ?? true,
      "an objective of \(settings.options.objective!) for a network that is measured by \(settings.loss.rawValue)")
    for (part, epochs) in settings.thaw {
      precondition(
        epochs >= 1 && network.parts.contains { $0.name == part && $0.isFrozen },
        "\(part), which is to thaw after \(epochs) epochs, is no frozen part of the network")
    }
    self.name = name
    self.network = network
    architecture = network.architecture
    self.images = images
    self.settings = settings
    stepsPerEpoch = (images.training.count + settings.stepImageCount - 1) / settings.stepImageCount
    let options = settings.options
    step = try Self.step(of: network, settings)
    metrics = try RunningMetrics(on: network.device)
    augmenter = try options.augmentation.map {
      try Augmenter($0, of: images.training, seed: settings.seed, on: network.device)
    }
    classWeights = try options.objective.flatMap { objective in
      var counts = [Int](repeating: 0, count: network.outputShape?.last ?? 0)
      for label in try images.training.readLabels() where Int(label) < counts.count { counts[Int(label)] += 1 }
      return try objective.classWeights(counts: counts).map {
        try ClassWeights($0.map { Float($0) }, on: network.device)
      }
    }
    average = try options.averageDecay.map { try ParameterAverage(of: network, decay: $0) }
    best = BestEpoch(settings)
    validationMetrics = Self.metrics(of: network, settings)
  }

  private static func metrics(of network: Network, _ settings: TrainingSettings) -> [EvaluationMetric] {
    var metrics = Set(settings.metrics)
    if case .metric(let metric) = settings.monitor { metrics.insert(metric) }
    let isCounted = metrics.contains { if case .topAccuracy = $0 { true } else { false } }
    if settings.loss == .classification, !isCounted, let shape = network.outputShape, shape.count == 1 {
      metrics.formUnion(EvaluationMetric.usual(classCount: shape[0]))
    }
    if settings.options.averageDecay != nil {
      metrics.insert(.averageLoss)
      if settings.loss == .classification { metrics.insert(.averageAccuracy) }
    }
    return metrics.sorted()
  }

  /// Whether all epochs are completed, or early stopping or a callback has ended the run.
  public var isFinished: Bool { isStopped || history.count >= settings.epochs || hasStoppedEarly }

  /// Whether a callback has ended the run.
  public internal(set) var isStopped = false

  /// Whether early stopping has ended the run.
  public var hasStoppedEarly: Bool {
    guard let stopping = settings.earlyStopping, imagesDone == 0 else { return false }
    return history.count - best.epoch >= stopping.patience && !history.isEmpty
  }

  /// The epoch with the best value so far of what is monitored, from 1; 0 before the first.
  public var bestEpoch: Int { best.epoch }

  /// The mean number of kernel launches per training step, of the steps that this trainer took; 0 before the first.
  public var launchesPerStep: Double { stepsCounted == 0 ? 0 : Double(launchesDone) / Double(stepsCounted) }

  /// Trains to the end.
  ///
  /// - Parameters:
  ///   - callbacks: told of the run's beginning, its steps and epochs, and its end.
  ///   - pause: as for ``runEpoch(_:pause:)``.
  /// - Throws: ``NotFiniteError``, ``TrainingPaused``, what a callback throws.
  public func train(_ callbacks: [any TrainingCallback] = [], pause: () -> Bool = { false }) throws {
    try callbacks.forEach { try $0.runBegan(self, isResumed: step.step > 0) }
    while !isFinished { try runEpoch(callbacks, pause: pause) }
    try callbacks.forEach { try $0.runEnded(self) }
  }

  /// Trains for one epoch, or the rest of it, and evaluates.
  ///
  /// - Parameters:
  ///   - callbacks: told of steps and the epoch's end.
  ///   - pause: called before every step; if it returns true, ``TrainingPaused`` is thrown, and another call continues,
  ///     in this process or, after saving, in another one.
  /// - Throws: ``NotFiniteError``, ``TrainingPaused``, what a callback throws.
  @discardableResult
  public func runEpoch(_ callbacks: [any TrainingCallback] = [], pause: () -> Bool = { false }) throws -> EpochMetrics {
    let epoch = history.count + 1
    isStopped = false
    try beginEpoch()
    let observers = callbacks.filter(\.observesSteps)
    let secondsBefore = secondsDone
    let start = ContinuousClock.now
    epochStart = start - .seconds(secondsBefore)
    while imagesDone < images.training.count, !isStopped {
      if pause() { throw TrainingPaused() }
      let losses = try takeStep()
      if step.step % Self.stepsAhead == 0 { try network.device.synchronize() }
      secondsDone = secondsBefore + start.duration(to: .now).seconds
      if observers.isEmpty { continue }
      let taken = Step(epoch: epoch, number: stepsDone, stepsPerEpoch: stepsPerEpoch, losses: losses)
      for observer in observers where try observer.stepEnded(taken, of: self) == .stop { isStopped = true }
    }
    let trained = try metrics.values()
    secondsDone = secondsBefore + start.duration(to: .now).seconds
    try checkFinite(trained.loss, epoch)
    let result = try endEpoch(epoch, trained)
    for callback in callbacks where try callback.epochEnded(result, of: self) == .stop { isStopped = true }
    return result
  }

  /// The steps of the present epoch.
  private var stepsDone: Int { (imagesDone + settings.stepImageCount - 1) / settings.stepImageCount }

  /// The progress of the epoch under way.
  ///
  /// - Cost: waits for the device.
  /// - Throws: ``NotFiniteError`` when the loss so far is not finite.
  public func progress() throws -> Progress {
    let epoch = history.count + 1
    let values = try metrics.values()
    try checkFinite(values.loss, epoch)
    let seconds = epochStart.duration(to: .now).seconds
    return Progress(
      epoch: epoch, imagesDone: values.examples, imageCount: images.training.count, step: stepsDone,
      stepsPerEpoch: stepsPerEpoch, loss: values.loss, imagesPerSecond: Double(values.examples) / seconds)
  }

  /// Thaws parts, sets the epoch's learning rates, shuffles the images, and resets the metrics at the start of an epoch.
  func beginEpoch() throws {
    try train(parts: thawed(after: history.count))
    let (settings, stepsPerEpoch) = (settings, stepsPerEpoch)
    let base = settings.schedule.base(settings.optimizer.learningRate, after: history.map(\.validationLoss))
    step.schedule = { step in
      settings.schedule.rate(base, step: step, stepsPerEpoch: stepsPerEpoch, epochs: settings.epochs)
    }
    try arrangeImages(epoch: history.count + 1)
    if imagesDone == 0 { try metrics.reset() }
  }

  /// Shuffles and augments the training images as in an epoch, from 1.
  func arrangeImages(epoch: Int) throws {
    let set = images.training
    try set.arrange(Permutation(count: set.count, seed: settings.seed, epoch: epoch))
    try augmenter?.begin(epoch: epoch)
  }

  /// The losses of a step's batches, with their shares of its images, in memory that the next step overwrites.
  typealias BatchLosses = [(loss: Tensor, share: Double)]

  /// Trains on the next batch, or on so many as a step takes.
  func takeStep() throws -> BatchLosses {
    if settings.options.accumulation > 1 { return try takeStep { _, _, _ in } }
    return try countStep { counts in
      let count = counts[0]
      network.device.stepValues.setBatch(imagesDone)
      return [(try step(repeating: count) { mode in try loss(of: batch(at: imagesDone, count), mode) }, 1)]
    }
  }

  /// The same, calling `inspect` with the loss and each batch before the weights change, for diagnosis.
  @discardableResult
  func takeStep(inspect: (Tensor, DeviceImages.Batch, Mode) throws -> Void) throws -> BatchLosses {
    try countStep { counts in
      var losses: BatchLosses = []
      var offset = imagesDone
      let all = Double(counts.reduce(0, +))
      try step(accumulating: counts.map { Double($0) / all }) { index, mode in
        let batch = try batch(at: offset, counts[index])
        offset += counts[index]
        let loss = try loss(of: batch, mode)
        try inspect(loss, batch, mode)
        losses.append((loss, Double(counts[index]) / all))
        return loss
      }
      return losses
    }
  }

  /// Images of the epoch's order, augmented if the settings say so.
  private func batch(at offset: Int, _ count: Int) throws -> DeviceImages.Batch {
    guard let augmenter else { return try images.training.batch(at: offset, count: count) }
    return try images.training.batch(at: offset, count: count, by: augmenter)
  }

  private func loss(of batch: DeviceImages.Batch, _ mode: Mode) throws -> Tensor {
    let output = try network(batch.inputs, mode)
    if let objective = settings.options.objective {
      return try objective(
        output, images: batch.images, labels: batch.labels, weights: classWeights, metrics: metrics)
    }
    return try settings.loss(output, images: batch.images, labels: batch.labels, metrics: metrics)
  }

  /// Takes a step of batches of so many images.
  private func countStep(_ take: (_ batchCounts: [Int]) throws -> BatchLosses) throws -> BatchLosses {
    // The last batch may be smaller; the epoch's loss weights it by its images.
    let end = min(imagesDone + settings.stepImageCount, images.training.count)
    let counts = stride(from: imagesDone, to: end, by: settings.batchSize).map { min(settings.batchSize, end - $0) }
    let launches = network.device.counters.launches
    let losses = try take(counts)
    try average?.update(step: step.step - 1)
    imagesDone = end
    launchesDone += network.device.counters.launches - launches
    stepsCounted += 1
    return losses
  }

  private func endEpoch(_ epoch: Int, _ trained: RunningMetrics.Values) throws -> EpochMetrics {
    let curve = try measure(images.curve)
    try checkFinite(curve.loss, epoch)
    var (validation, others) = try measureAll(images.validation)
    if let average {
      let averaged = try average.exchanging { try measure(images.validation) }
      others[.averageLoss] = averaged.loss
      if settings.loss == .classification { others[.averageAccuracy] = averaged.accuracy }
    }
    try checkFinite(validation.loss, epoch)
    let isClassification = settings.loss == .classification
    let result = EpochMetrics(
      epoch: epoch, trainingLoss: trained.loss, curveLoss: curve.loss, validationLoss: validation.loss,
      trainingAccuracy: isClassification ? trained.accuracy : nil,
      curveAccuracy: isClassification ? curve.accuracy : nil,
      validationAccuracy: isClassification ? validation.accuracy : nil, validationMetrics: others,
      learningRate: step.schedule?(step.step - 1) ?? settings.optimizer.learningRate,
      seconds: secondsDone, imagesPerSecond: Double(imagesDone) / max(secondsDone, 1e-9))
    history.append(result)
    (imagesDone, secondsDone) = (0, 0)
    _ = best.note(result)
    return result
  }

  /// Loss and accuracy of an image set in evaluation mode.
  public func measure(_ set: DeviceImages) throws -> RunningMetrics.Values {
    try network.evaluate(on: set, loss: settings.loss, batchSize: settings.evaluationBatchSize)
  }

  /// The same, and ``validationMetrics``.
  public func measureAll(_ set: DeviceImages) throws -> (
    values: RunningMetrics.Values, metrics: [EvaluationMetric: Double]
  ) {
    let metrics = validationMetrics.filter { !$0.isOfAverage }
    if metrics.isEmpty { return (try measure(set), [:]) }
    return try network.evaluate(
      on: set, loss: settings.loss, batchSize: settings.evaluationBatchSize, metrics: metrics)
  }

  /// Throws if the present epoch's loss so far is not finite. Waits for the device.
  func checkFinite() throws {
    if imagesDone > 0 { try checkFinite(metrics.values().loss, history.count + 1) }
  }

  private func checkFinite(_ loss: Double, _ epoch: Int) throws {
    guard loss.isFinite else { throw NotFiniteError(run: name, epoch: epoch) }
  }
}

/// Training paused between two steps, as requested.
public struct TrainingPaused: Error, Equatable, CustomStringConvertible {
  public init() {}

  public var description: String { "paused" }
}

extension Duration {
  /// The duration in seconds.
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
