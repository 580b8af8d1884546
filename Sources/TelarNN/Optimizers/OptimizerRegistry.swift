/// The optimizers that recipes can name.
///
/// A package that depends on Telar adds its own before it reads a recipe that names them:
/// `try OptimizerRegistry.register(Lion.self)`.
public enum OptimizerRegistry {
  private static let registry = Registry<any Optimizer.Type>(
    "optimizer",
    [
      Adam.self,
      AdamW.self,
      SGD.self,
    ]
  ) { $0.name }

  /// Adds an optimizer under its ``Optimizer/name``. Registering it again changes nothing. Callable from any thread.
  ///
  /// - Throws: ``RegistrationError`` where another optimizer has the name, in whatever case.
  public static func register(_ optimizer: any Optimizer.Type) throws(RegistrationError) {
    try registry.register(optimizer)
  }

  /// The names of all optimizers in alphabetical order.
  public static var names: [String] { registry.names }

  /// The optimizer of a name in whatever case, as recipes write it; `nil` where none is registered.
  public static subscript(name: String) -> (any Optimizer.Type)? { registry.entry(ignoringCaseOf: name) }
}
