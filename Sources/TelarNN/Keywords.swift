/// The keywords of a registered type.
public struct Keywords: Sendable, Hashable {
  /// The required ones.
  public internal(set) var required: [String] = []
  /// The ones with a default.
  public internal(set) var optional: [String] = []

  init() {}

  /// The keywords that an initializer asks for.
  package init(of make: (inout AttributeReader) throws -> Void) {
    var reader = AttributeReader(describing: ())
    // An initializer that throws has asked for some keywords by then.
    try? make(&reader)
    self = reader.keywords
  }
}

extension LayerRegistry {
  /// A layer with example values for its required keywords; `nil` where it accepts none of them.
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
