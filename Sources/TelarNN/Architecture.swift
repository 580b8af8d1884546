/// What a network is made of: named parts, run in order.
public struct Architecture: Sendable {
  public var parts: [Part]

  public init(_ parts: [Part]) { self.parts = parts }

  public init(@PartBuilder _ parts: () -> [Part]) { self.parts = parts() }

  /// The architecture as JSON, as checkpoints carry it:
  /// `{"encoder":[{"layer":"Conv2d","in_channels":1,…},…],"decoder":[…]}`, each layer with the name and keywords of
  /// PyTorch's module. What is frozen is no part of it.
  public var json: JSON {
    var members = JSON.Members()
    for part in parts {
      members[part.name] = .array(part.layers.layers.map(Self.layerJSON))
    }
    return .object(members)
  }

  /// A layer in the form of ``json``.
  package static func layerJSON(_ layer: any Layer) -> JSON {
    .object((["layer": .string(type(of: layer).moduleName)] as JSON.Members).adding(layer.attributes))
  }

  /// The architecture that JSON of the form of ``json`` describes; keywords that are left out have PyTorch's defaults.
  ///
  /// - Throws: ``AttributeError`` that names the layer and the keyword.
  public init(json: JSON) throws {
    guard case .object(let members) = json, !members.isEmpty else {
      throw AttributeError("network", "must be an object of parts, each a list of layers")
    }
    parts = try members.map { name, list in
      guard case .array(let layers) = list, !name.isEmpty, !name.contains(".") else {
        throw AttributeError(JSON.quoted(name, limit: 40), "must be the name, without a point, of a list of layers")
      }
      return Part(
        name, Sequential(try layers.enumerated().map { try Self.layer(json: $1, place: "\(name.prefix(40)).\($0)") }))
    }
  }

  /// The layer that an object of the list in ``json`` describes.
  ///
  /// - Parameter place: what errors say before the layer's name.
  /// - Throws: ``AttributeError``.
  package static func layer(json: JSON, place: String) throws -> any Layer {
    guard case .object(let members) = json else { throw AttributeError(place, "must be an object") }
    var attributes = AttributeReader(members, place: place)
    let name = try attributes.string("layer")
    guard let type = LayerRegistry[name] else {
      throw AttributeError(
        place, "no layer is named \(JSON.quoted(name, limit: 40)).\(Spelling.advice(name, among: LayerRegistry.names))")
    }
    attributes = attributes.at("\(place) (\(name))")
    let layer = try type.init(attributes: &attributes)
    try attributes.end()
    return layer
  }

  /// The shape of a sample behind each part.
  ///
  /// - Throws: ``ShapeError`` that names the layer which does not fit: `encoder.4 (Linear)`.
  public func outputShape(of shape: [Int]) throws -> [Int] {
    try parts.reduce(shape) { try $1.outputShape(of: $0) }
  }
}

extension Part {
  /// The shape of a sample behind the part.
  ///
  /// - Throws: ``ShapeError`` that names the layer which does not fit: `encoder.4 (Linear)`.
  public func outputShape(of shape: [Int]) throws -> [Int] { try shapes(from: shape).last! }

  /// The shape of a sample in front of each layer, and behind the last.
  func shapes(from shape: [Int]) throws -> [[Int]] {
    do {
      return try layers.shapes(from: shape)
    } catch let error as ShapeError {
      throw ShapeError("\(name).\(error.place)", error.problem)
    }
  }
}
