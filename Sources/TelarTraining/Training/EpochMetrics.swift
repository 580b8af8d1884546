import TelarIO

/// The metrics of one training epoch.
public struct EpochMetrics: Sendable, Equatable {
  /// From 1.
  public var epoch: Int
  /// The mean over the epoch's batches while training: with dropout, under changing weights.
  public var trainingLoss: Double
  /// The loss on the first training images after the epoch, in evaluation mode.
  public var curveLoss: Double
  /// The loss on the validation images after the epoch, in evaluation mode.
  public var validationLoss: Double
  /// Shares of correctly classified images; `nil` for reconstruction.
  public var trainingAccuracy: Double?
  public var curveAccuracy: Double?
  public var validationAccuracy: Double?
  /// Further metrics of the validation images, those that the run's settings ask for.
  public var validationMetrics: [EvaluationMetric: Double]
  /// The learning rate of the epoch's last step.
  public var learningRate: Double
  /// Wall time of the epoch's training, without evaluation.
  public var seconds: Double
  public var imagesPerSecond: Double

  public init(
    epoch: Int, trainingLoss: Double, curveLoss: Double, validationLoss: Double, trainingAccuracy: Double? = nil,
    curveAccuracy: Double? = nil, validationAccuracy: Double? = nil,
    validationMetrics: [EvaluationMetric: Double] = [:], learningRate: Double, seconds: Double, imagesPerSecond: Double
  ) {
    self.epoch = epoch
    self.trainingLoss = trainingLoss
    self.curveLoss = curveLoss
    self.validationLoss = validationLoss
    self.trainingAccuracy = trainingAccuracy
    self.curveAccuracy = curveAccuracy
    self.validationAccuracy = validationAccuracy
    self.validationMetrics = validationMetrics
    self.learningRate = learningRate
    self.seconds = seconds
    self.imagesPerSecond = imagesPerSecond
  }

  /// The metrics as an object, in the order of ``csvHeader``, without accuracies that are `nil`. A further metric is
  /// `val_` and its name: `val_macro_f1`.
  ///
  /// Numbers are written with as many digits as it takes to read the same bits back.
  public var json: JSON.Members {
    var members: JSON.Members = [
      "epoch": .integer(epoch), "train_loss": .number(trainingLoss), "curve_loss": .number(curveLoss),
      "val_loss": .number(validationLoss),
    ]
    members["train_accuracy"] = trainingAccuracy.map(JSON.number)
    members["curve_accuracy"] = curveAccuracy.map(JSON.number)
    members["val_accuracy"] = validationAccuracy.map(JSON.number)
    members["learning_rate"] = .number(learningRate)
    members["seconds"] = .number(seconds)
    members["images_per_s"] = .number(imagesPerSecond)
    for (metric, value) in validationMetrics.sorted(by: { $0.key < $1.key }) {
      members[Self.prefix + metric.name] = .number(value)
    }
    return members
  }

  /// What stands before the names of further metrics.
  package static let prefix = "val_"

  /// The first line of a table of epochs with the same further metrics.
  public var csvHeader: String { csvNames.joined(separator: ",") + "\n" }

  private var csvNames: [String] {
    [
      "epoch", "train_loss", "curve_loss", "val_loss", "train_accuracy", "curve_accuracy", "val_accuracy",
      "learning_rate", "seconds", "images_per_s",
    ] + validationMetrics.keys.sorted().map { Self.prefix + $0.name }
  }

  public var csvLine: String {
    let values = json
    return csvNames.map { values[$0]?.text ?? "" }.joined(separator: ",") + "\n"
  }
}

extension EpochMetrics {
  /// The number of elements of ``numbers``.
  static let numberCount = 9

  /// All metrics except the epoch's number and ``validationMetrics``, bit for bit; NaN stands for `nil`.
  var numbers: [Double] {
    [
      trainingLoss, curveLoss, validationLoss, trainingAccuracy ?? .nan, curveAccuracy ?? .nan,
      validationAccuracy ?? .nan, learningRate, seconds, imagesPerSecond,
    ]
  }

  /// - Precondition: `numbers` has ``numberCount`` elements.
  init(epoch: Int, numbers: ArraySlice<Double>) {
    let numbers = Array(numbers)
    func known(_ value: Double) -> Double? { value.isNaN ? nil : value }
    self.init(
      epoch: epoch, trainingLoss: numbers[0], curveLoss: numbers[1], validationLoss: numbers[2],
      trainingAccuracy: known(numbers[3]), curveAccuracy: known(numbers[4]), validationAccuracy: known(numbers[5]),
      learningRate: numbers[6], seconds: numbers[7], imagesPerSecond: numbers[8])
  }

  /// The metrics in a line of `metrics.jsonl`; `nil` for any other value.
  public init?(json: JSON) {
    guard case .object(let members) = json, case .integer(let epoch)? = members["epoch"], epoch > 0,
      let trainingLoss = members["train_loss"]?.double, let curveLoss = members["curve_loss"]?.double,
      let validationLoss = members["val_loss"]?.double, let seconds = members["seconds"]?.double,
      let learningRate = members["learning_rate"]?.double, let imagesPerSecond = members["images_per_s"]?.double
    else { return nil }
    self.init(
      epoch: epoch, trainingLoss: trainingLoss, curveLoss: curveLoss, validationLoss: validationLoss,
      trainingAccuracy: members["train_accuracy"]?.double, curveAccuracy: members["curve_accuracy"]?.double,
      validationAccuracy: members["val_accuracy"]?.double, validationMetrics: Self.metrics(in: members),
      learningRate: learningRate, seconds: seconds, imagesPerSecond: imagesPerSecond)
  }

  /// The further metrics in an object.
  ///
  /// - Parameter prefix: what stands before their names.
  package static func metrics(in members: JSON.Members, prefix: String = prefix) -> [EvaluationMetric: Double] {
    members.reduce(into: [:]) { metrics, member in
      guard member.key.hasPrefix(prefix), let value = member.value.double,
        let metric = EvaluationMetric(name: String(member.key.dropFirst(prefix.count)))
      else { return }
      metrics[metric] = value
    }
  }
}
