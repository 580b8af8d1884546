import Foundation

/// Labelled images of one size in classes, divided into a training set and others to measure on.
///
/// ``load(_:_:environment:)`` reads one from files of any of the ``DatasetRegistry``'s formats.
public struct ImageDataset: Sendable {
  /// The file or folder that it was read from.
  public let path: String
  /// The name of the format: see ``DatasetRegistry``.
  public let format: String
  public let training: LabelledImages
  /// `nil` where the source has none.
  public let validation: LabelledImages?
  /// `nil` where the source has none; then there is a validation set.
  public let test: LabelledImages?
  public let size: ImageSize
  /// The number of classes; labels are below it.
  public let classCount: Int
  /// Names of the classes by label; `nil` where they are not known.
  public let classNames: [String]?
  /// SHA-256 of what was read, by the name of a file or split.
  public let sums: [String: String]
  /// What a user should know of how the source was read, a sentence each.
  public let notes: [String]
  /// How images of other sizes were brought to this one; `nil` where pixels are as in the files.
  public let preparation: ImagePreparation?
  /// Files that were left out because they cannot be read.
  public let unreadable: [ImageFileError]

  private let deferredStatistics: Deferred<ChannelStatistics>

  /// The most classes: labels are 16-bit integers, and a confusion matrix has the square of it.
  public static let mostClasses = 10_000

  /// Whether these are the published files of Fashion-MNIST.
  public var isFashionMNIST: Bool { sums == FashionMNIST.publishedSums }

  /// The images that a network is measured on while it trains: the validation set, else the test set.
  public var measured: LabelledImages { validation ?? test ?? training }

  /// The splits with their names, in order.
  public var splits: [(name: String, images: LabelledImages)] {
    [("train", training)] + [("val", validation), ("test", test)].compactMap { name, set in set.map { (name, $0) } }
  }

  /// - Precondition: all images have one size, labels are below `classCount`, and there is a validation or a test set.
  public init(
    path: String, format: String, training: LabelledImages, validation: LabelledImages? = nil,
    test: LabelledImages? = nil, classCount: Int, classNames: [String]? = nil, sums: [String: String],
    notes: [String] = [], preparation: ImagePreparation? = nil, unreadable: [ImageFileError] = []
  ) {
    let others = [validation, test].compactMap(\.self)
    precondition(!others.isEmpty && others.allSatisfy { $0.size == training.size }, "splits of \(path)")
    precondition(([training] + others).allSatisfy { ($0.labels.max() ?? 0) < classCount }, "labels of \(path)")
    self.path = path
    self.format = format
    self.training = training
    self.validation = validation
    self.test = test
    size = training.size
    self.classCount = classCount
    self.classNames = classNames
    self.sums = sums
    self.notes = notes
    self.preparation = preparation
    self.unreadable = unreadable
    deferredStatistics = Deferred { ChannelStatistics(of: training) }
  }

  /// Mean and deviation of each channel of the training images.
  ///
  /// - Cost: reads the images when it is first asked for.
  public var statistics: ChannelStatistics { deferredStatistics.value }

  /// What networks must know of the data.
  public var shape: DataShape { DataShape(size: size, classCount: classCount) }

  /// How a source is read.
  public struct Options: Sendable {
    /// Whether to accept files that are named as Fashion-MNIST's and are others, such as MNIST's.
    public var allowsOtherData: Bool
    /// How images of files are brought to one size and number of channels.
    public var preparation: ImagePreparation
    /// The share of each class's training images that is the validation set of a source with a single set of images.
    public var validationShare: Double
    /// Decides which images these are.
    public var splitSeed: UInt64
    /// Whether arrays of images are `[N, C, H, W]`.
    public var areChannelsFirst: Bool
    /// Whether files that cannot be read are left out; otherwise they are an error.
    public var skipsUnreadable: Bool
    /// The most bytes of pixels in memory; by default half of the machine's memory.
    public var memoryLimit: Int
    /// Called while files are decoded, from any thread, one at a time.
    public var progress: @Sendable (_ done: Int, _ count: Int) -> Void

    public init(
      allowsOtherData: Bool = false, preparation: ImagePreparation = ImagePreparation(), validationShare: Double = 0.2,
      splitSeed: UInt64 = 0, areChannelsFirst: Bool = false, skipsUnreadable: Bool = false,
      memoryLimit: Int = Self.usualMemoryLimit,
      progress: @escaping @Sendable (_ done: Int, _ count: Int) -> Void = { _, _ in }
    ) {
      self.allowsOtherData = allowsOtherData
      self.preparation = preparation
      self.validationShare = validationShare
      self.splitSeed = splitSeed
      self.areChannelsFirst = areChannelsFirst
      self.skipsUnreadable = skipsUnreadable
      self.progress = progress
      self.memoryLimit = memoryLimit
    }

    /// Half of the machine's memory.
    public static let usualMemoryLimit = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 2
  }

  /// Reads a data set.
  ///
  /// - Parameters:
  ///   - path: a file or folder, whose format is found by looking; by default the folder in `$FASHION_MNIST_DIR`, then
  ///     that of Debian's package. A path that is given is the only one tried, so that a run never uses other data than
  ///     its user intends.
  /// - Throws: ``DataError``.
  public static func load(
    _ path: String? = nil, _ options: Options = Options(),
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> ImageDataset {
    let source: DatasetSource
    if let path {
      source = DatasetSource(path: path, origin: "the folder named")
    } else if let path = environment[FashionMNIST.environmentVariable], !path.isEmpty {
      source = DatasetSource(path: path, origin: "the folder in $\(FashionMNIST.environmentVariable)")
    } else {
      source = DatasetSource(path: FashionMNIST.systemDirectory, origin: "the system's folder")
    }
    let dataset = try DatasetRegistry.format(of: source).read(source, options)
    return dataset.preparation == nil && !options.preparation.isEmpty ? dataset.prepared(options.preparation) : dataset
  }
}
