/// The optimizers that recipes can name.
///
/// A package that depends on Telar registers its own optimizers before it reads a recipe that names them:
/// `try OptimizerRegistry.register(Lion.self)`.
public enum OptimizerRegistry {
  private static let registry = Registry<any Optimizer.Type>(
    "optimizer",
    [
      Adam.self,
      AdamW.self,
      RMSprop.self,
      SGD.self,
    ]
  ) { $0.name }

  /// Adds an optimizer under its ``Optimizer/name``. Registering it again changes nothing. Callable from any thread.
  ///
  /// - Throws: ``RegistrationError`` where another optimizer has the name, ignoring case.
  public static func register(_ optimizer: any Optimizer.Type) throws(RegistrationError) {
    try registry.register(optimizer)
  }

  /// The names of all optimizers in alphabetical order.
  public static var names: [String] { registry.names }

  /// The optimizer with a name, ignoring case; `nil` where none is registered.
  public static subscript(name: String) -> (any Optimizer.Type)? { registry.entry(ignoringCaseOf: name) }
}
