/// Shapes or attributes that an operator or a layer cannot work with. Thrown before anything is launched.
public struct ShapeError: Error, CustomStringConvertible, Equatable {
  /// The operator or layer: `conv2d`, `encoder.4 (Linear)`.
  public var place: String
  /// What is wrong, with the values.
  public var problem: String

  public init(_ place: String, _ problem: String) {
    self.place = place
    self.problem = problem
  }

  public var description: String { "\(place): \(problem)" }
}
