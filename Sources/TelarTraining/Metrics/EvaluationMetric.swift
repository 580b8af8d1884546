/// A number that an evaluation computes from a network's outputs, beside loss and accuracy.
///
/// Names in recipes and records: `top5_accuracy`, with any number, `balanced_accuracy`, `macro_precision`,
/// `macro_recall`, `macro_f1` of classifiers; `psnr`, `ssim` of autoencoders; `ema_loss` and, of classifiers, `ema_accuracy` of
/// runs with a moving average, of which they are measured without being asked for.
public enum EvaluationMetric: Hashable, Sendable {
  /// The share of images whose class is among those of the k largest logits.
  case topAccuracy(Int)
  /// ``ClassScores/balancedAccuracy``.
  case balancedAccuracy
  /// ``ClassScores/macroPrecision``.
  case macroPrecision
  /// ``ClassScores/macroRecall``.
  case macroRecall
  /// ``ClassScores/macroF1``.
  case macroF1
  /// The loss and the accuracy of the moving average of the network's numbers.
  case averageLoss, averageAccuracy
  /// The mean over the images of ``ImageQuality/peakSignalToNoiseRatio(_:_:)``, in dB.
  case psnr
  /// The mean over the images of ``ImageQuality/structuralSimilarity(_:_:size:)``.
  case ssim

  /// The names, with `top5_accuracy` for all of its kind.
  public static var names: [String] { ([.topAccuracy(5)] + others).map(\.name).sorted() }

  private static let others: [EvaluationMetric] = [
    .balancedAccuracy, .macroPrecision, .macroRecall, .macroF1, .psnr, .ssim, .averageLoss, .averageAccuracy,
  ]

  /// The metric with a name, ignoring case; `nil` for any other text.
  public init?(name: String) {
    let name = name.lowercased()
    if let found = Self.others.first(where: { $0.name == name }) {
      self = found
    } else {
      guard let match = name.wholeMatch(of: /top([1-9][0-9]{0,3})_accuracy/), let count = Int(match.1) else {
        return nil
      }
      self = .topAccuracy(count)
    }
  }

  /// The name in recipes and records.
  public var name: String {
    switch self {
    case .topAccuracy(let count): "top\(count)_accuracy"
    case .balancedAccuracy: "balanced_accuracy"
    case .macroPrecision: "macro_precision"
    case .macroRecall: "macro_recall"
    case .macroF1: "macro_f1"
    case .averageLoss: "ema_loss"
    case .averageAccuracy: "ema_accuracy"
    case .psnr: "psnr"
    case .ssim: "ssim"
    }
  }

  /// The name in tables: `macro F1`.
  public var title: String {
    switch self {
    case .topAccuracy(let count): "top-\(count) accuracy"
    case .balancedAccuracy: "balanced accuracy"
    case .macroPrecision: "macro precision"
    case .macroRecall: "macro recall"
    case .macroF1: "macro F1"
    case .averageLoss: "loss of the average"
    case .averageAccuracy: "accuracy of the average"
    case .psnr: "PSNR"
    case .ssim: "SSIM"
    }
  }

  /// Whether it is of a classifier's outputs.
  public var isOfClassifiers: Bool { self != .psnr && self != .ssim }

  /// Whether it is of an autoencoder's outputs.
  public var isOfAutoencoders: Bool { [.psnr, .ssim, .averageLoss].contains(self) }

  /// Whether it is of the moving average of a network's numbers.
  public var isOfAverage: Bool { self == .averageLoss || self == .averageAccuracy }

  /// Whether the best value is the highest.
  public var isHigherBetter: Bool { self != .averageLoss }

  /// The least height and width of images that it is defined for.
  public var leastImageSide: Int { self == .ssim ? ImageQuality.windowSize : 1 }

  /// The metrics that are measured of a network without being asked for: the top-5 accuracy of more than 10 classes.
  public static func usual(classCount: Int) -> [EvaluationMetric] { classCount > 10 ? [.topAccuracy(5)] : [] }
}

extension EvaluationMetric: Comparable {
  /// The order in files and tables.
  public static func < (a: Self, b: Self) -> Bool { a.place < b.place }

  private var place: (Int, Int) {
    if case .topAccuracy(let count) = self { return (0, count) }
    return (1 + Self.others.firstIndex(of: self)!, 0)
  }
}

/// The validation metric that decides which epoch of a run is the best.
///
/// Names in recipes and records are `loss`, `accuracy`, or those of an ``EvaluationMetric``.
public enum Monitor: Hashable, Sendable {
  case loss
  case accuracy
  case metric(EvaluationMetric)

  /// The metric with a name, ignoring case and a `val_` in front; `nil` for any other text.
  public init?(name: String) {
    let name = name.lowercased()
    let bare = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
    switch bare {
    case "loss": self = .loss
    case "accuracy": self = .accuracy
    default:
      guard let metric = EvaluationMetric(name: bare) else { return nil }
      self = .metric(metric)
    }
  }

  /// The name in recipes and records.
  public var name: String {
    switch self {
    case .loss: "loss"
    case .accuracy: "accuracy"
    case .metric(let metric): metric.name
    }
  }

  /// The name in tables: `validation macro F1`.
  public var title: String {
    switch self {
    case .loss: "validation loss"
    case .accuracy: "validation accuracy"
    case .metric(let metric): "validation \(metric.title)"
    }
  }

  /// Whether the best value is the highest.
  public var isHigherBetter: Bool {
    switch self {
    case .loss: false
    case .accuracy: true
    case .metric(let metric): metric.isHigherBetter
    }
  }

  /// The metric of an epoch; `nil` where it was not measured.
  public func value(of epoch: EpochMetrics) -> Double? {
    switch self {
    case .loss: epoch.validationLoss
    case .accuracy: epoch.validationAccuracy
    case .metric(let metric): epoch.validationMetrics[metric]
    }
  }
}
