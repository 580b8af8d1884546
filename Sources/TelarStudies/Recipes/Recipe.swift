import Foundation
import TelarData
import TelarIO
import TelarTraining

/// A user's own comparison: networks, data, training settings and variations.
///
/// `Recipes.md` of the documentation describes the format. Reading a recipe checks everything in it except the files that
/// it names, which ``checkCheckpoints(of:)`` checks.
public struct Recipe: Sendable {
  /// The path, for error messages.
  public let path: String
  public let text: String
  /// The experiments as a study, for ``StudyRunner``.
  public let study: Study
  /// The experiments that run by default: all except those that only serve others.
  public let usualExperiments: [Experiment]
  public let data: DataSource
  /// The number of seeds of each experiment, from 0; `nil` where the recipe does not set it.
  public let seedCount: Int?
  /// The number of training images, from the start, on which the training curve is measured; `nil` where the recipe
  /// does not set it.
  public let curveImageCount: Int?

  private let drafts: [RecipeReader.Draft]

  /// The images that a recipe asks for; the command decides what is `nil`.
  public struct DataSource: Sendable, Equatable {
    /// The file or folder.
    public var path: String?
    /// Whether to accept files that are named as Fashion-MNIST's and are others.
    public var allowsOtherData: Bool
    /// How images are brought to one size and number of channels.
    public var preparation = ImagePreparation()
    /// Whether arrays of images are `[N, C, H, W]`.
    public var areChannelsFirst = false
    /// The share of each class that validates, of a set without splits, and what decides which images these are; `nil`
    /// for the usual ones.
    public var validationShare: Double?
    public var splitSeed: Int?
    /// The number of training images to use, from the start; `nil` for all.
    public var subset: Int?

    public init(path: String? = nil, allowsOtherData: Bool = false, subset: Int? = nil) {
      self.path = path
      self.allowsOtherData = allowsOtherData
      self.subset = subset
    }

    /// How the data set is read.
    public var options: ImageDataset.Options {
      var options = ImageDataset.Options(allowsOtherData: allowsOtherData, preparation: preparation)
      options.areChannelsFirst = areChannelsFirst
      options.validationShare = validationShare ?? options.validationShare
      options.splitSeed = splitSeed.map(UInt64.init) ?? options.splitSeed
      return options
    }
  }

  /// The longest recipe, in bytes.
  public static let maximumLength = 1 << 20

  /// Reads a file.
  ///
  /// - Parameter shape: that of the data, which networks are checked for, and which `$height`, `$width`, `$channels` and
  ///   `$classes` stand for.
  /// - Throws: ``RecipeError``.
  public init(path: String, for shape: DataShape = .fashionMNIST) throws(RecipeError) {
    try self.init(text: Self.text(of: path), path: path, for: shape, isFile: true)
  }

  /// Reads only the recipe's choice of data, which decides the shape that the rest is read for.
  ///
  /// - Throws: ``RecipeError``.
  public static func dataSource(path: String) throws(RecipeError) -> DataSource {
    do {
      var reader = try TableReader(TOMLNode(parsing: text(of: path)))
      let base = try RecipePaths(reader.take(RecipePaths.key), of: path)
      return try dataSource(reader.take("data"), base.absolute)
    } catch {
      var error = error
      error.path = path
      throw error
    }
  }

  private static func text(of path: String) throws(RecipeError) -> String {
    let bytes: [UInt8]
    do {
      bytes = try InputFile.read(path, atMost: Self.maximumLength)
    } catch {
      switch error.kind {
      case .missing: throw RecipeError(kind: .missing, path: path, "there is no such recipe")
      case .unreadable: throw RecipeError(kind: .missing, path: path, error.problem + "; a recipe is a TOML file")
      case .tooLong: throw Self.tooLong(path)
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw RecipeError(path: path, "is no UTF-8 text; a recipe is a TOML file")
    }
    return text
  }

  /// Parses a recipe.
  ///
  /// - Parameters:
  ///   - path: the path of the file, for errors; relative paths in the text are relative to its folder.
  ///   - shape: that of the data, as for ``init(path:for:)``.
  /// - Throws: ``RecipeError``.
  public init(text: String, path: String = "recipe.toml", for shape: DataShape = .fashionMNIST) throws(RecipeError) {
    try self.init(text: text, path: path, for: shape, isFile: false)
  }

  private init(text: String, path: String, for shape: DataShape, isFile: Bool) throws(RecipeError) {
    guard text.utf8.count <= Self.maximumLength else { throw Self.tooLong(path) }
    do {
      try self.init(TOMLNode(parsing: text), text: text, path: path, for: shape, isFile: isFile)
    } catch {
      var error = error
      error.path = path
      throw error
    }
  }

  private static func tooLong(_ path: String) -> RecipeError {
    RecipeError(path: path, "is longer than \(maximumLength) bytes, which no recipe needs to be")
  }

  private init(_ root: TOMLNode, text: String, path: String, for shape: DataShape, isFile: Bool) throws(RecipeError) {
    self.path = path
    self.text = text
    var reader = try TableReader(root)
    let base = try RecipePaths(reader.take(RecipePaths.key), of: path)
    let absolutePath = base.absolute
    let nameNode = try reader.require("name")
    let name = try Name.folder(nameNode.line(), nameNode)
    if Study.all.contains(where: { $0.name == name }) {
      throw nameNode.error("\(name) is the name of a study that telar has; results would go to the same folder")
    }
    let title = try reader.take("title")?.line()
    let source = try reader.take("source")?.line() ?? ""
    var notes: [String] = []
    for note in try reader.take("notes")?.array() ?? [] { notes.append(try note.line(limit: 2000)) }
    seedCount = try reader.take("seeds")?.integer(1...1000)
    curveImageCount = try reader.take("curve_images")?.integer(1...60_000)
    data = try Self.dataSource(reader.take("data"), absolutePath)
    let defaults = reader.take("defaults")
    let networks = reader.take("networks")
    let experimentsNode = try reader.require("experiments")
    let chartsNode = reader.take("charts")
    let comparisonsNode = reader.take("comparisons")
    try reader.end()

    if case .table = experimentsNode.value {
      throw experimentsNode.error("stands in double brackets before each experiment: [[experiments]]")
    }
    let experimentReader = try RecipeReader(
      networks: networks, defaults: defaults, for: shape, absolutePath: absolutePath)
    var drafts: [RecipeReader.Draft] = []
    var families: [RecipeReader.Family] = []
    for node in try experimentsNode.array() {
      let (new, family) = try experimentReader.experiments(node)
      drafts += new
      if let family { families.append(family) }
      guard drafts.count <= RecipeReader.maximumCount else {
        throw node.error("with this there are more than \(RecipeReader.maximumCount) experiments")
      }
    }
    if drafts.isEmpty { throw experimentsNode.error("lists no experiments") }
    if drafts.allSatisfy(\.isOnlyWhenNeeded) {
      throw experimentsNode.error("lists only experiments that are only run when others need them")
    }
    try RecipeChecks(drafts, for: shape).check()
    self.drafts = drafts
    let experiments = drafts.map(\.experiment)
    usualExperiments = drafts.filter { !$0.isOnlyWhenNeeded }.map(\.experiment)
    let charts = try chartsNode.map { node throws(RecipeError) in try RecipeCharts.read(node, of: experiments) }
    let comparisons = try comparisonsNode.map { node throws(RecipeError) in
      try RecipeClaims.comparisons(node, of: experiments)
    }
    study = Study(
      name: name, title: title ?? "\(experiments.count) experiment\(experiments.count == 1 ? "" : "s")", source: source,
      assumptions: notes, experiments: experiments,
      charts: charts ?? RecipeCharts.usual(for: experiments, families), comparisons: comparisons ?? [],
      recipe: Study.RecipeFile(
        text: base.text(toKeep: text),
        path: isFile ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : nil, shape: shape))
  }

  /// Checks that the checkpoints that experiments start from exist and fit.
  ///
  /// - Parameter experiments: experiments of the recipe; those that pre-train them are checked too.
  /// - Throws: ``RecipeError``.
  public func checkCheckpoints(of experiments: [Experiment]) throws(RecipeError) {
    let needed = study.namesNeeded(by: experiments)
    for draft in drafts where needed.contains(draft.experiment.name) {
      do { try RecipeChecks.checkCheckpoint(draft) } catch {
        var error = error
        error.path = path
        throw error
      }
    }
  }
}
