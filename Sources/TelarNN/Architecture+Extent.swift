/// How much room and work a sample takes on its way through layers, found from shapes alone.
package struct Extent {
  /// The shape behind the layers.
  package var outputShape: [Int]
  /// The most numbers in front of, between or behind the layers; of a convolution's image with its padding.
  package var largest: Int
  /// The numbers behind all layers together, which training keeps.
  package private(set) var total: Int
  /// Products, sums or comparisons of a forward pass.
  package private(set) var operations: Double

  /// In front of the first layer.
  package init(inputShape: [Int]) throws {
    outputShape = inputShape
    largest = try checkedCount("input", inputShape)
    total = largest
    operations = 0
  }

  /// Behind a layer more.
  ///
  /// - Throws: ``ShapeError`` when the layer does not fit, or its image with its padding is more than kernels can index.
  package mutating func pass(_ layer: any Layer) throws {
    let place = type(of: layer).moduleName
    let inputShape = outputShape
    outputShape = try layer.outputShape(of: inputShape)
    let count = try checkedCount(place, outputShape)
    largest = max(largest, count)
    total += count
    for (_, layers) in (layer as? any ContainerLayer)?.chains ?? [] {
      var inner = try Extent(inputShape: inputShape)
      let first = inner.total
      for layer in layers.layers { try inner.pass(layer) }
      largest = max(largest, inner.largest)
      total += inner.total - first
      operations += inner.operations
    }
    let cost = layer.cost(from: inputShape, to: outputShape)
    if let workspace = cost.workspace { largest = max(largest, try checkedCount(place, workspace)) }
    operations += cost.operations
  }
}

extension Architecture {
  /// What a sample of a shape takes.
  ///
  /// - Parameter check: is given what a sample takes up to each layer, and the layer's name: `encoder.4 (Linear)`.
  /// - Throws: ``ShapeError`` that names the layer which does not fit, and what `check` throws.
  package func extent(
    of inputShape: [Int], _ check: (_ layer: String, _ extent: Extent) throws -> Void
  ) throws -> Extent {
    var extent = try Extent(inputShape: inputShape)
    try check("input", extent)
    for part in parts {
      for (index, layer) in part.layers.layers.enumerated() {
        let name = "\(part.name).\(index) (\(type(of: layer).moduleName))"
        do {
          try extent.pass(layer)
        } catch let error as ShapeError {
          throw ShapeError(name, error.problem)
        }
        try check(name, extent)
      }
    }
    return extent
  }
}
