import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarTraining

/// Checks of all experiments before any is trained: whether the networks fit their data, and the pre-training its
/// network.
struct RecipeChecks {
  /// The most parameters of a network: with gradients and optimizer state they take 1.6 GB.
  static let maximumParameterCount = 100_000_000

  /// The most elements of a batch behind any layer, 4 bytes each. Kernels index a tensor in 32 bits.
  static let maximumElementCount = Int(Int32.max) - 65_536

  private let drafts: [RecipeReader.Draft]
  let data: DataShape
  private var named: [String: RecipeReader.Draft] = [:]

  /// - Parameter data: what networks take and tell.
  /// - Throws: ``RecipeError`` for two experiments of the same name.
  init(_ drafts: [RecipeReader.Draft], for data: DataShape) throws(RecipeError) {
    self.drafts = drafts
    self.data = data
    for draft in drafts {
      let name = draft.experiment.name
      if let other = named[name] {
        let isOfGrid = other.node.path == draft.node.path
        throw draft.node.error(
          isOfGrid
            ? "two combinations of the grid are named \(name); give variables short values and use them in the name"
            : "the name \(name) is taken by \(other.node.path)" + (other.node.line.map { ", line \($0)" } ?? ""))
      }
      named[name] = draft
    }
  }

  func check() throws(RecipeError) {
    for draft in drafts { try checkShapes(of: draft) }
    for draft in drafts { try checkOptions(of: draft) }
    for draft in drafts { try checkPretraining(of: draft) }
    for draft in drafts { try checkCircle(from: draft) }
  }

  // MARK: Shapes

  private func checkShapes(of draft: RecipeReader.Draft) throws(RecipeError) {
    let experiment = draft.experiment
    var shape = data.size.shape
    var (trained, parameters, elements) = (0, 0, 0)
    // Evaluation uses at least batches of this size.
    let batchSize = max(experiment.batchSize, TrainingSettings(loss: .reconstruction).evaluationBatchSize)
    for (part, nodes) in zip(experiment.architecture.parts, draft.layers) {
      for (index, layer) in part.layers.layers.enumerated() {
        let node = nodes[index]
        func error(_ problem: String) -> RecipeError {
          RecipeError(
            line: node.line, place: "\(experiment.name), \(part.name).\(index) (\(type(of: layer).moduleName))", problem
          )
        }
        let made: Int
        do {
          (shape, made) = try Self.pass(layer, from: shape)
        } catch let problem as ShapeError {
          throw error(problem.problem)
        } catch let problem {
          throw error("\(problem)")
        }
        guard let count = Self.product([batchSize, made]), count <= Self.maximumElementCount - elements else {
          throw error("up to here a batch of \(batchSize) images makes more than 8 GB of numbers; \(shape) here each")
        }
        elements += count
        for spec in layer.parameters {
          guard let count = Self.product(spec.shape), count <= Self.maximumParameterCount - parameters else {
            throw error("the network has more than \(grouped(Self.maximumParameterCount)) parameters")
          }
          parameters += count
          if !part.isFrozen, spec.role == .parameter { trained += count }
        }
      }
    }
    let wanted = experiment.isClassifier ? [data.classCount] : data.size.shape
    guard shape == wanted else {
      let what =
        experiment.isClassifier
        ? "\(data.classCount) features, one a class, which cross_entropy is computed from"
        : "\(Self.describe(data.size.shape)), which mse compares with the image"
      throw draft.node.error("\(experiment.name) ends with \(Self.describe(shape)); it should end with \(what)")
    }
    if trained == 0 {
      throw draft.node.error("\(experiment.name) has nothing to train: its parts are frozen or have no parameters")
    }
  }

  /// The shape of a sample behind a layer, and the numbers that the layer and those within it make of it.
  private static func pass(_ layer: any Layer, from shape: [Int]) throws -> (shape: [Int], made: Int) {
    var extent = try Extent(inputShape: shape)
    let before = extent.total
    try extent.pass(layer)
    return (extent.outputShape, extent.total - before)
  }

  private static func describe(_ shape: [Int]) -> String {
    shape.count == 3
      ? "\(shape[0])×\(shape[1]) pixels of \(shape[2]) channel\(shape[2] == 1 ? "" : "s")"
      : "\(shape.reduce(1, *)) features"
  }

  /// The product; `nil` on overflow.
  private static func product(_ numbers: [Int]) -> Int? {
    var product = 1
    for number in numbers {
      let (next, overflow) = product.multipliedReportingOverflow(by: number)
      if overflow { return nil }
      product = next
    }
    return product
  }

  // MARK: Pre-training

  private func checkPretraining(of draft: RecipeReader.Draft) throws(RecipeError) {
    guard let pretraining = draft.experiment.pretraining, let node = draft.pretraining else { return }
    let own = draft.experiment.architecture.parts
    for name in pretraining.parts where !own.contains(where: { $0.name == name }) {
      throw node.error(
        "\(draft.experiment.name) has no part \(JSON.quoted(name, limit: 40)) to take over."
          + "\(Spelling.advice(name, among: own.map(\.name))) Name them as parts = [\"…\"]")
    }
    guard let name = pretraining.experiment else { return }
    guard let source = named[name] else {
      throw node.unknown("experiment", name, among: drafts.map(\.experiment.name))
    }
    for name in pretraining.parts {
      let part = own.first { $0.name == name }!
      guard let other = source.experiment.architecture.parts.first(where: { $0.name == name }) else {
        throw node.error("\(source.experiment.name) has no part \(JSON.quoted(name, limit: 40))")
      }
      if let difference = Self.difference(Self.tensors(of: part), Self.tensors(of: other)) {
        throw node.error(
          "the part \(name) of \(source.experiment.name) does not fit that of \(draft.experiment.name): \(difference)")
      }
    }
  }

  /// The tensors of a part with their shapes: `encoder.0.weight`.
  private static func tensors(of part: Part) -> OrderedMembers<[Int]> {
    var tensors: OrderedMembers<[Int]> = [:]
    for (index, layer) in part.layers.layers.enumerated() {
      for spec in layer.parameters { tensors["\(part.name).\(index).\(spec.name)"] = spec.shape }
    }
    return tensors
  }

  private static func difference(_ mine: OrderedMembers<[Int]>, _ theirs: OrderedMembers<[Int]>) -> String? {
    for (key, shape) in mine {
      guard let other = theirs[key] else { return "it has no \(key)" }
      if other != shape { return "its \(key) has shape \(other), not \(shape)" }
    }
    return theirs.keys.first { mine[$0] == nil }.map { "its \($0) has no counterpart" }
  }

  /// - Throws: ``RecipeError`` for a cycle of pre-training.
  private func checkCircle(from draft: RecipeReader.Draft) throws(RecipeError) {
    var path = [draft.experiment.name]
    var next = draft.experiment.pretraining?.experiment
    while let name = next, let found = named[name] {
      path.append(name)
      if name == path[0] {
        throw (draft.pretraining ?? draft.node).error(
          "pre-training goes in a circle: \(path.prefix(10).joined(separator: " needs "))")
      }
      // A cycle that this experiment only leads to is reported for an experiment in it.
      if path.count > drafts.count { return }
      next = found.experiment.pretraining?.experiment
    }
  }

  /// Checks that the checkpoint of an experiment exists and fits.
  static func checkCheckpoint(_ draft: RecipeReader.Draft) throws(RecipeError) {
    guard let pretraining = draft.experiment.pretraining, let node = draft.pretraining,
      case .checkpoint(let path) = pretraining.source
    else { return }
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path) } catch {
      throw RecipeError(
        kind: error.kind == .missing ? .missing : .malformed, line: node.line, place: node.path, error.description)
    }
    for part in draft.experiment.architecture.parts where pretraining.parts.contains(part.name) {
      var theirs: OrderedMembers<[Int]> = [:]
      for (key, info) in file.tensors where key.hasPrefix(part.name + ".") && !key.hasSuffix(".num_batches_tracked") {
        theirs[key] = info.shape
      }
      if let difference = difference(tensors(of: part), theirs) {
        throw node.error("\(path) does not fit the part \(part.name) of \(draft.experiment.name): \(difference)")
      }
    }
  }
}
