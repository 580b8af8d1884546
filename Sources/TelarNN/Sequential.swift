/// Layers one after another, and a list that others can be made of.
public struct Sequential: Sendable {
  public var layers: [any Layer]

  public init(_ layers: [any Layer] = []) { self.layers = layers }

  public init(@LayerBuilder _ layers: () -> [any Layer]) { self.layers = layers() }

  /// The shape of a sample behind the layers.
  ///
  /// - Throws: ``ShapeError`` that names the layer which does not fit: `4 (Linear)`.
  public func outputShape(of shape: [Int]) throws -> [Int] { try shapes(from: shape).last! }

  /// The shape of a sample in front of each layer, and behind the last.
  func shapes(from shape: [Int]) throws -> [[Int]] {
    var shapes = [shape]
    for (index, layer) in layers.enumerated() {
      do {
        shapes.append(try layer.outputShape(of: shapes[index]))
      } catch let error as ShapeError {
        throw ShapeError("\(index) (\(type(of: layer).moduleName))", error.problem)
      }
    }
    return shapes
  }
}

/// Lists layers, and those of other lists, with `if` and `for` where they are wanted.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildExpression(_ layers: Sequential) -> [any Layer] { layers.layers }
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  public static func buildEither(first: [any Layer]) -> [any Layer] { first }
  public static func buildEither(second: [any Layer]) -> [any Layer] { second }
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}

/// A named part of a network: `encoder`, `decoder`, `classifier`.
public struct Part: Sendable {
  public var name: String
  public var layers: Sequential
  /// Whether its parameters stay as they are. Its dropout is active while training all the same.
  public var isFrozen: Bool

  public init(_ name: String, _ layers: Sequential, isFrozen: Bool = false) {
    self.name = name
    self.layers = layers
    self.isFrozen = isFrozen
  }

  public init(_ name: String, isFrozen: Bool = false, @LayerBuilder _ layers: () -> [any Layer]) {
    self.init(name, Sequential(layers()), isFrozen: isFrozen)
  }

  /// The same part, not to be trained.
  public func frozen(_ isFrozen: Bool = true) -> Part { Part(name, layers, isFrozen: isFrozen) }
}

/// Lists the parts of a network.
@resultBuilder
public enum PartBuilder {
  public static func buildExpression(_ part: Part) -> [Part] { [part] }
  public static func buildBlock(_ parts: [Part]...) -> [Part] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [Part]?) -> [Part] { part ?? [] }
  public static func buildEither(first: [Part]) -> [Part] { first }
  public static func buildEither(second: [Part]) -> [Part] { second }
  public static func buildArray(_ parts: [[Part]]) -> [Part] { parts.flatMap { $0 } }
}
