/// A sample's shape behind a layer, which is bounded so that no arithmetic with its sizes overflows.
///
/// - Throws: ``ShapeError`` where it has no numbers, or more than kernels can index.
func bounded(_ place: String, _ shape: [Int]) throws -> [Int] {
  try checkedCount(place, shape)
  return shape
}

/// A sample's shape in words: `28×28 pixels of 1 channel`, `800 features`.
func describe(_ shape: [Int]) -> String {
  switch shape.count {
  case 1: "\(shape[0]) features"
  case 3: "\(shape[0])×\(shape[1]) pixels of \(shape[2]) channel\(shape[2] == 1 ? "" : "s")"
  default: "shape \(shape)"
  }
}
