import TelarNN
import TelarTraining

/// One training as data: a network, what it is trained on and how, and what is claimed of it.
public struct Experiment: Sendable {
  /// What its folder and the results call it: lower-case letters, digits, points, dashes.
  public var name: String
  /// What sets it apart, in a few words.
  public var summary: String
  /// The parts, run in order; those that are frozen are not trained, but their dropout stays active while training.
  public var architecture: Architecture
  public var loss: Loss
  public var data: DataSettings
  public var optimizer: any Optimizer
  public var schedule: LearningRateSchedule
  public var batchSize: Int
  /// The most that are trained.
  public var epochs: Int
  public var earlyStopping: EarlyStopping?
  public var pretraining: Pretraining?
  public var claims: [Claim]
  /// The text's confusion matrix, as shares of each true class.
  public var confusion: [[Double]]?

  /// How the data set is given to the network.
  public struct DataSettings: Sendable, Hashable {
    public var normalization: Normalization
    /// How many of the last training images validate, the test images then being a third set; `nil` where the test
    /// images validate.
    public var validationCount: Int?
    /// Whether data with too few images for ``validationCount`` validates on the same share of them as it is of
    /// Fashion-MNIST's; otherwise such data is refused.
    public var scalesValidation: Bool

    public init(
      normalization: Normalization = .unit, validationCount: Int? = nil, scalesValidation: Bool = false
    ) {
      self.normalization = normalization
      self.validationCount = validationCount
      self.scalesValidation = scalesValidation
    }

    /// How many of the last of `count` training images validate; `nil` where the test images validate.
    func validationCount(of count: Int) -> Int? {
      guard let validationCount, scalesValidation, validationCount >= count else { return validationCount }
      return max(1, count * validationCount / 60_000)
    }
  }

  /// Parts that begin with the values of another network's.
  public struct Pretraining: Sendable, Hashable {
    public enum Source: Sendable, Hashable {
      /// Another experiment of the study, by name.
      case experiment(String)
      /// A checkpoint's file.
      case checkpoint(String)
    }

    public var source: Source
    /// The parts that are taken.
    public var parts: [String]
    /// Epochs that the other experiment is trained for; `nil` for as many as this one, or as it has itself.
    public var epochs: Int?
    /// Where ``epochs`` is `nil`: whether the other experiment is trained for as many epochs as it has itself.
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
    earlyStopping: EarlyStopping? = nil, pretraining: Pretraining? = nil, claims: [Claim] = [],
    confusion: [[Double]]? = nil
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
    self.pretraining = pretraining
    self.claims = claims
    self.confusion = confusion
  }

  public var isClassifier: Bool { loss == .classification }
}

extension Architecture {
  /// The architecture of an autoencoder.
  static func autoencoder(_ encoder: Sequential, _ decoder: Sequential) -> Architecture {
    Architecture([Part("encoder", encoder), Part("decoder", decoder)])
  }

  /// The architecture of a classifier behind an encoder.
  static func classifier(_ encoder: Sequential, isFrozen: Bool = false, _ head: Sequential) -> Architecture {
    Architecture([Part("encoder", encoder, isFrozen: isFrozen), Part("classifier", head)])
  }
}
