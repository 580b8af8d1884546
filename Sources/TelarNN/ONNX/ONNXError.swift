/// A network that cannot be expressed as an ONNX model.
public struct ONNXError: Error, Equatable, CustomStringConvertible {
  /// The part concerned: `encoder.4 (Linear)`, or `network`.
  public var place: String
  public var problem: String

  public init(_ place: String, _ problem: String) {
    self.place = place
    self.problem = problem
  }

  public var description: String { "\(place): \(problem)" }
}
