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

/// Checks that kernels can index arrays of these sizes with 32-bit integers, and that there is something to compute.
///
/// - Parameter sizes: element counts, rounded up by at most a few thousand when a grid is rounded up to whole vectors.
package func checkIndexable(_ place: String, _ sizes: Int...) throws {
  for size in sizes {
    guard size > 0 else { throw ShapeError(place, "there are no elements") }
    guard size <= Int(Int32.max) - 65_536 else {
      throw ShapeError(place, "\(size) elements are more than 32-bit indices count: use a smaller batch")
    }
  }
}
