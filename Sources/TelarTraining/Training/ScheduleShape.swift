import TelarNN

/// How a learning rate changes over a run, apart from the warm-up of a ``LearningRateSchedule``.
///
/// Registered with ``ScheduleRegistry``, a shape can be named in recipes.
public protocol ScheduleShape: Sendable {
  /// The name in recipes and records: `cosine`.
  static var kind: String { get }

  /// All settings by their keywords in recipes. `run.json` records them, and a run is resumed only with the same
  /// settings. The keywords `kind` and `warm_up_epochs` are reserved.
  var attributes: JSON.Members { get }

  /// A shape from settings by their keywords; omitted ones have defaults.
  ///
  /// - Throws: `AttributeError` for invalid values.
  init(attributes: inout AttributeReader) throws

  /// The learning rate of a step.
  ///
  /// - Parameters:
  ///   - base: the optimizer's.
  ///   - step: from 0.
  ///   - epochs: of the whole run.
  func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double

  /// The base rate that ``rate(_:step:stepsPerEpoch:epochs:)`` is given for the next epoch. By default it is the
  /// optimizer's.
  ///
  /// It is called once an epoch with all losses of the run, so it needs no state of its own and a resumed run has the same
  /// rates.
  ///
  /// - Parameters:
  ///   - base: the optimizer's.
  ///   - validationLosses: of the epochs so far, in order.
  func base(_ base: Double, after validationLosses: [Double]) -> Double
}

extension ScheduleShape {
  public func base(_ base: Double, after validationLosses: [Double]) -> Double { base }
}

/// The schedules that recipes can name.
///
/// A package that depends on Telar registers its own schedules before it reads a recipe that names them:
/// `try ScheduleRegistry.register(Polynomial.self)`.
public enum ScheduleRegistry {
  private static let registry = Registry<any ScheduleShape.Type>(
    "schedule",
    [
      ConstantShape.self,
      CosineShape.self,
      ExponentialShape.self,
      OneCycleShape.self,
      PlateauShape.self,
      StepShape.self,
    ]
  ) { $0.kind }

  /// Adds a schedule under its ``ScheduleShape/kind``. Registering it again changes nothing. Callable from any thread.
  ///
  /// - Throws: `RegistrationError` where another schedule has the name, ignoring case.
  public static func register(_ schedule: any ScheduleShape.Type) throws(RegistrationError) {
    try registry.register(schedule)
  }

  /// The names of all schedules in alphabetical order.
  public static var names: [String] { registry.names }

  /// The schedule with a name, ignoring case; `nil` where none is registered.
  public static subscript(name: String) -> (any ScheduleShape.Type)? { registry.entry(ignoringCaseOf: name) }

  /// The keywords of a schedule besides `warm_up_epochs`; `nil` where none of this name is registered.
  public static func keywords(of name: String) -> Keywords? {
    self[name].map { type in Keywords { _ = try type.init(attributes: &$0) } }
  }
}
