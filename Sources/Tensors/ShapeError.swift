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

/// The number of elements of a shape.
///
/// - Throws: ``ShapeError`` where a size is not positive, or there are more elements than kernels can index.
@discardableResult
package func checkedCount(_ place: String, _ shape: [Int]) throws -> Int {
  var count = 1
  for size in shape {
    guard size > 0 else { throw ShapeError(place, "shape \(shape) has no elements") }
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, product <= mostIndexable else {
      throw ShapeError(place, "shape \(shape) has more elements than the \(mostIndexable) that 32-bit indices count")
    }
    count = product
  }
  return count
}

/// The most elements of an array, which leaves room for a grid to be rounded up to whole vectors.
private let mostIndexable = Int(Int32.max) - 65_536

/// Checks that kernels can index arrays of these sizes with 32-bit integers, and that there is something to compute.
///
/// - Parameter sizes: element counts, rounded up by at most a few thousand when a grid is rounded up to whole vectors.
package func checkIndexable(_ place: String, _ sizes: Int...) throws {
  for size in sizes {
    guard size > 0 else { throw ShapeError(place, "there are no elements") }
    guard size <= mostIndexable else {
      throw ShapeError(place, "\(size) elements are more than 32-bit indices count: use a smaller batch")
    }
  }
}
