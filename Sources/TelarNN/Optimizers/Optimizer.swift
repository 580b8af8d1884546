/// How parameters follow from their gradients: settings and arithmetic, while an ``OptimizerState`` keeps the memory.
///
/// Registered with ``OptimizerRegistry``, an optimizer can be named in recipes.
public protocol Optimizer: Sendable {
  /// PyTorch's name, `Adam`, or a name of its own.
  static var name: String { get }

  var learningRate: Double { get set }

  /// All settings by their keywords in recipes, `learning_rate` first. `run.json` records them, and a run is resumed only
  /// with the same settings. The keyword `name` is reserved for ``name``.
  var attributes: JSON.Members { get }

  /// An optimizer from settings by their keywords; omitted ones have defaults.
  ///
  /// - Throws: ``AttributeError`` for invalid values.
  init(attributes: inout AttributeReader) throws

  /// Names of the state arrays, PyTorch's where it has them. Each is as long as the parameters and starts at zero. The name
  /// `step` is reserved for the step counts.
  var stateNames: [String] { get }

  /// Sets the step's numbers among the device's ``StepValues``, where ``update`` reads some from there, so that they are
  /// written together with others. By default there are none.
  func announce(learningRate: Double, step: Int, on device: any Device)

  /// One step on flat arrays, in place. Each element must be updated independently of the others, because a call covers
  /// all parameters or a contiguous part of them.
  ///
  /// - Parameters:
  ///   - state: the arrays of ``stateNames``, in that order.
  ///   - step: the number of this step, from 1.
  func update(parameters: Tensor, gradients: Tensor, state: [Tensor], learningRate: Double, step: Int) throws
}

extension Optimizer {
  public func announce(learningRate: Double, step: Int, on device: any Device) {}

  /// Name and settings, in the form of `run.json`.
  public var json: JSON { .object((["name": .string(Self.name)] as JSON.Members).adding(attributes)) }

  /// The settings other than the learning rate that differ from their defaults, or have none.
  package var changedAttributes: JSON.Members {
    var none = AttributeReader([:], place: Self.name)
    let defaults = (try? Self(attributes: &none))?.attributes ?? [:]
    return attributes.reduce(into: [:]) { changed, attribute in
      guard attribute.key != "learning_rate", attribute.value != defaults[attribute.key] else { return }
      changed[attribute.key] = attribute.value
    }
  }
}

/// An optimizer whose launch also adds up gradients that are computed in parts, on devices of the tile family.
package protocol SummingOptimizer: Optimizer {
  /// The same step as ``Optimizer/update(parameters:gradients:state:learningRate:step:)``; with `sums`, a step of all
  /// parameters, of which some gradients lie there in parts.
  func update(
    parameters: Tensor, gradients: Tensor, sums: GradientSums?, state: [Tensor], learningRate: Double, step: Int) throws
}

extension SummingOptimizer {
  public func update(parameters: Tensor, gradients: Tensor, state: [Tensor], learningRate: Double, step: Int) throws {
    try update(
      parameters: parameters, gradients: gradients, sums: nil, state: state, learningRate: learningRate, step: step)
  }
}

/// A learning rate for each step, from 0.
public typealias Schedule = @Sendable (Int) -> Double
