/// The keywords of a registered type.
public struct Keywords: Sendable, Hashable {
  /// Those that must be there.
  public internal(set) var required: [String] = []
  /// Those that have a default.
  public internal(set) var optional: [String] = []

  init() {}

  /// The keywords that an initializer asks for.
  package init(of make: (inout AttributeReader) throws -> Void) {
    var reader = AttributeReader(describing: ())
    // What throws all the same has asked for some by then.
    try? make(&reader)
    self = reader.keywords
  }
}

extension LayerRegistry {
  /// A layer of a name, with some values for the keywords that it needs; `nil` where it takes none of them.
  package static func example(of name: String) -> (any Layer)? {
    var reader = AttributeReader(describing: ())
    return try? self[name]?.init(attributes: &reader)
  }

  /// The keywords of a layer; `nil` where none of this name is registered.
  public static func keywords(of name: String) -> Keywords? {
    self[name].map { type in Keywords { _ = try type.init(attributes: &$0) } }
  }
}

extension OptimizerRegistry {
  /// The keywords of an optimizer; `nil` where none of this name is registered.
  public static func keywords(of name: String) -> Keywords? {
    self[name].map { type in Keywords { _ = try type.init(attributes: &$0) } }
  }
}
