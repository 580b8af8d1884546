import TelarNN

/// How a learning rate changes over a run: what a ``LearningRateSchedule`` does after its warm-up.
///
/// Registered with ``ScheduleRegistry``, a shape can be named in recipes.
public protocol ScheduleShape: Sendable {
  /// What recipes and records call it: `cosine`.
  static var kind: String { get }

  /// All settings by the keywords that recipes have for them. They are kept in the record of a run, and a run is resumed
  /// only with the settings on record. The keywords `kind` and `warm_up_epochs` are taken.
  var attributes: JSON.Members { get }

  /// The shape of such settings; those that are left out have their defaults.
  ///
  /// - Throws: `AttributeError` for values that are not taken.
  init(attributes: inout AttributeReader) throws

  /// The learning rate of a step.
  ///
  /// - Parameters:
  ///   - base: the optimizer's.
  ///   - step: from 0.
  ///   - epochs: of the whole run.
  func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double
}

/// The schedules that recipes can name.
///
/// A package that depends on Telar adds its own before it reads a recipe that names them:
/// `try ScheduleRegistry.register(Polynomial.self)`.
public enum ScheduleRegistry {
  private static let registry = Registry<any ScheduleShape.Type>(
    "schedule",
    [
      ConstantShape.self,
      CosineShape.self,
      StepShape.self,
    ]
  ) { $0.kind }

  /// Adds a schedule under its ``ScheduleShape/kind``. Registering it again changes nothing. Callable from any thread.
  ///
  /// - Throws: `RegistrationError` where another schedule has the name, in whatever case.
  public static func register(_ schedule: any ScheduleShape.Type) throws(RegistrationError) {
    try registry.register(schedule)
  }

  /// The names of all schedules in alphabetical order.
  public static var names: [String] { registry.names }

  /// The schedule of a name in whatever case, as recipes write it; `nil` where none is registered.
  public static subscript(name: String) -> (any ScheduleShape.Type)? { registry.entry(ignoringCaseOf: name) }

  /// The keywords of a schedule besides `warm_up_epochs`; `nil` where none of this name is registered.
  public static func keywords(of name: String) -> Keywords? {
    self[name].map { type in Keywords { _ = try type.init(attributes: &$0) } }
  }
}
