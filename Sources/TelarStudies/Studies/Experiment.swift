import TelarIO
import TelarNN
import TelarTraining

/// The description of one training: network, data, settings and the text's claims.
public struct Experiment: Sendable {
  /// The name of its folder and in results: lower-case letters, digits, points, dashes.
  public var name: String
  /// A summary in a few words of how it differs from the others.
  public var summary: String
  /// The parts, run in order. Frozen parts are not trained, but their dropout is active in training.
  public var architecture: Architecture
  public var loss: Loss
  public var data: DataSettings
  public var optimizer: any Optimizer
  public var schedule: LearningRateSchedule
  public var batchSize: Int
  /// The most epochs of training.
  public var epochs: Int
  public var earlyStopping: EarlyStopping?
  /// What decides which epoch is the best.
  public var monitor = Monitor.loss
  /// What is measured on the validation images besides loss and accuracy.
  public var metrics: [EvaluationMetric] = []
  /// What is off unless asked for.
  public var options: TrainingOptions
  public var pretraining: Pretraining?
  /// Frozen parts that are trained after some epochs: how many, by part.
  public var thaw: OrderedMembers<Int> = [:]
  public var claims: [Claim]
  /// The text's confusion matrix, as shares of each true class.
  public var confusion: [[Double]]?
  /// The group of an experiment that is not the text's own, such as `open`, which tries another reading; it runs only
  /// when it or its group is named.
  public var group: String?

  /// How the data set is divided and normalized.
  public struct DataSettings: Sendable, Hashable {
    /// Not used with ``computesNormalization``.
    public var normalization: Normalization
    /// Whether mean and deviation of each channel are computed from the training images.
    public var computesNormalization: Bool
    /// The number of training images, from the end, that are the validation set, the test images then being a third
    /// set; `nil` to validate on the test images.
    public var validationCount: Int?
    /// Whether data with too few images for ``validationCount`` validates on the same share of its images as of
    /// Fashion-MNIST's; otherwise such data is refused.
    public var scalesValidation: Bool

    public init(
      normalization: Normalization = .unit, computesNormalization: Bool = false, validationCount: Int? = nil,
      scalesValidation: Bool = false
    ) {
      self.normalization = normalization
      self.computesNormalization = computesNormalization
      self.validationCount = validationCount
      self.scalesValidation = scalesValidation
    }

    /// The size of the validation set taken from `count` training images; `nil` to validate on the test images.
    func validationCount(of count: Int) -> Int? {
      guard let validationCount, scalesValidation, validationCount >= count else { return validationCount }
      return max(1, count * validationCount / 60_000)
    }
  }

  /// Parts whose initial weights come from another network.
  public struct Pretraining: Sendable, Hashable {
    public enum Source: Sendable, Hashable {
      /// Another experiment of the study, by name.
      case experiment(String)
      /// A checkpoint file.
      case checkpoint(String)
    }

    public var source: Source
    /// The parts that are copied.
    public var parts: [String]
    /// The epochs that the other experiment is trained for; `nil` for as many as this one, or its own number.
    public var epochs: Int?
    /// With ``epochs`` `nil`: whether the other experiment is trained for its own number of epochs.
    public var keepsEpochs: Bool

    public init(_ source: Source, parts: [String] = ["encoder"], epochs: Int? = nil, keepsEpochs: Bool = false) {
      self.source = source
      self.parts = parts
      self.epochs = epochs
      self.keepsEpochs = keepsEpochs
    }

    /// The experiment that must be trained first, if any.
    public var experiment: String? {
      if case .experiment(let name) = source { name } else { nil }
    }
  }

  public init(
    _ name: String, _ summary: String, _ architecture: Architecture, loss: Loss, data: DataSettings = DataSettings(),
    optimizer: any Optimizer = Adam(), schedule: LearningRateSchedule = .constant, batchSize: Int = 100, epochs: Int,
    earlyStopping: EarlyStopping? = nil, options: TrainingOptions = TrainingOptions(), pretraining: Pretraining? = nil,
    claims: [Claim] = [], confusion: [[Double]]? = nil, group: String? = nil
  ) {
    self.name = name
    self.summary = summary
    self.architecture = architecture
    self.loss = loss
    self.data = data
    self.optimizer = optimizer
    self.schedule = schedule
    self.batchSize = batchSize
    self.epochs = epochs
    self.earlyStopping = earlyStopping
    self.options = options
    self.pretraining = pretraining
    self.claims = claims
    self.confusion = confusion
    self.group = group
  }

  public var isClassifier: Bool { loss == .classification }
}

extension Architecture {
  /// An autoencoder's architecture.
  static func autoencoder(_ encoder: Sequential, _ decoder: Sequential) -> Architecture {
    Architecture([Part("encoder", encoder), Part("decoder", decoder)])
  }

  /// The architecture of a classifier: an encoder and a head.
  static func classifier(_ encoder: Sequential, isFrozen: Bool = false, _ head: Sequential) -> Architecture {
    Architecture([Part("encoder", encoder, isFrozen: isFrozen), Part("classifier", head)])
  }
}
