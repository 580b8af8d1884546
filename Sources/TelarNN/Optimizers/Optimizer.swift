/// How parameters follow from their gradients: settings and arithmetic, while an ``OptimizerState`` keeps the memory.
///
/// Registered with ``OptimizerRegistry``, an optimizer can be named in recipes.
public protocol Optimizer: Sendable {
  /// PyTorch's name, `Adam`, or one of its own.
  static var name: String { get }

  var learningRate: Double { get set }

  /// All settings by the keywords that recipes have for them, `learning_rate` first. They are kept in the record of a
  /// run, and a run is resumed only with the settings on record. The keyword `name` is taken by ``name``.
  var attributes: JSON.Members { get }

  /// The optimizer of such settings; those that are left out have their defaults.
  ///
  /// - Throws: ``AttributeError`` for values that are not taken.
  init(attributes: inout AttributeReader) throws

  /// Names of the arrays that it keeps, each as long as the parameters and zero in the beginning: PyTorch's. The name
  /// `step` is taken by the counts of steps.
  var stateNames: [String] { get }

  /// One step over flat arrays, in place: the arithmetic of one element depends on no other, because a call is given
  /// all parameters or some that lie side by side.
  ///
  /// - Parameters:
  ///   - state: the arrays of ``stateNames``, in that order.
  ///   - step: the number of this step, from 1.
  func update(parameters: Tensor, gradients: Tensor, state: [Tensor], learningRate: Double, step: Int) throws
}

extension Optimizer {
  /// Name and settings, as a run's record has them.
  public var json: JSON { .object((["name": .string(Self.name)] as JSON.Members).adding(attributes)) }

  /// The settings besides the learning rate that are not the defaults; all of them where there are no defaults.
  package var changedAttributes: JSON.Members {
    var none = AttributeReader([:], place: Self.name)
    let defaults = (try? Self(attributes: &none))?.attributes ?? [:]
    return attributes.reduce(into: [:]) { changed, attribute in
      guard attribute.key != "learning_rate", attribute.value != defaults[attribute.key] else { return }
      changed[attribute.key] = attribute.value
    }
  }
}

/// A learning rate for each step, from 0.
public typealias Schedule = @Sendable (Int) -> Double
