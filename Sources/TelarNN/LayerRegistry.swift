/// The layers that checkpoints and recipes can name.
///
/// A package that depends on Telar registers its own layers before it reads a file that names them:
///
/// ```swift
/// try LayerRegistry.register(SqueezeExcitation.self)
/// let network = try Network(checkpoint: file, on: device, inputShape: [28, 28, 1])
/// ```
public enum LayerRegistry {
  private static let builtIn: [any Layer.Type] = [
    ActivityRegularization.self,
    AdaptiveAvgPool2d.self,
    AvgPool2d.self,
    BatchNorm2d.self,
    Concat.self,
    Conv2d.self,
    ConvTranspose2d.self,
    Dropout.self,
    Flatten.self,
    GELU.self,
    GroupNorm.self,
    LeakyReLU.self,
    Linear.self,
    MaxPool2d.self,
    ReLU.self,
    Residual.self,
    Sampling.self,
    SiLU.self,
    Sigmoid.self,
    Tanh.self,
    Unflatten.self,
  ]
  private static let registry = Registry<any Layer.Type>("layer", builtIn) { $0.moduleName }

  /// Whether a layer is Telar's own.
  static func isBuiltIn(_ layer: any Layer.Type) -> Bool { builtIn.contains { $0 == layer } }

  /// Adds a layer under its ``Layer/moduleName``. Registering a layer again changes nothing. Callable from any thread.
  ///
  /// - Throws: ``RegistrationError`` where another layer has the name, ignoring case.
  public static func register(_ layer: any Layer.Type) throws(RegistrationError) { try registry.register(layer) }

  /// The names of all layers in alphabetical order.
  public static var names: [String] { registry.names }

  /// The layer with a name; `nil` where none is registered.
  public static subscript(name: String) -> (any Layer.Type)? { registry[name] }

  /// The layer with a ``Layer/functionName``.
  package static func layer(ofFunction name: String) -> (any Layer.Type)? {
    names.lazy.compactMap { self[$0] }.first { $0.functionName == name }
  }
}

extension Layer {
  /// The name of the functional form of the PyTorch module: `conv_transpose2d`.
  package static var functionName: String {
    var name = ""
    // ReLU, SiLU and the like are one word.
    for letter in moduleName.replacing(
      /[A-Z][A-Za-z]?LU/, with: { $0.output.prefix(1) + $0.output.dropFirst().lowercased() })
    {
      name += (letter.isUppercase && !name.isEmpty ? "_" : "") + letter.lowercased()
    }
    return name
  }
}
