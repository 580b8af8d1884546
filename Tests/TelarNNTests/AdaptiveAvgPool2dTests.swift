import TelarNN
import TestSupport
import Testing

/// Global average pooling on every device against the oracle.
@Suite struct AdaptiveAvgPool2dTests {
  /// The means over all pixels of each image.
  private static func means(_ x: OracleTensor) -> OracleTensor {
    let (images, pixels, c) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
    var y = OracleTensor(zeros: [images, 1, 1, c])
    for i in x.values.indices { y.values[i / c / pixels * c + i % c] += x.values[i] / Double(pixels) }
    return y
  }

  private static func gradient(_ shape: [Int], dy: OracleTensor) -> OracleTensor {
    let (pixels, c) = (shape[1] * shape[2], shape[3])
    var dx = OracleTensor(zeros: shape)
    for i in dx.values.indices { dx.values[i] = dy.values[i / c / pixels * c + i % c] / Double(pixels) }
    return dx
  }

  @Test(arguments: TestDevices.all)
  func matchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, shape) in [[1, 1, 1, 1], [2, 3, 5, 7], [3, 7, 7, 16], [2, 14, 13, 33], [1, 28, 28, 3]].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let x = random.gaussians(shape), dy = random.gaussians([shape[0], 1, 1, shape[3]])
        let network = try Network(on: device, inputShape: Array(shape.dropFirst()), seed: 1) {
          Part("pool") { AdaptiveAvgPool2d() }
        }
        let result = try GradientRun(on: device, [x], dy: dy) { try network($0[0], .training(step: 0)) }
        let test = TestCase(device, "AdaptiveAvgPool2d of \(shape)", seed: random.seed)
        let terms = shape[1] * shape[2]
        try expectClose(result.output, Self.means(x), .sum(terms: terms, magnitude: Self.means(x.magnitude)), test)
        try expectClose(
          result.gradients[0], Self.gradient(shape, dy: dy), .within(absolute: 1e-7, relative: 3e-7), test)
        try result.checkCanaries(test)
      }
    }
  }

  @Test func theOraclesGradientIsThatOfDifferences() {
    var random = SeededGenerator(seed: 1)
    let x = random.gaussians([2, 3, 2, 4]), dy = random.gaussians([2, 1, 1, 4])
    expectGradient(Self.gradient(x.shape, dy: dy), ofInput: x, dy: dy, "dx", of: Self.means)
  }

  /// It ends a network for images of any size, and is a layer of files.
  @Test func aFileNamesItByItsOutputsSize() throws {
    let json = try JSON(
      parsing: """
        {"a": [{"layer": "AdaptiveAvgPool2d", "output_size": [1, 1]}, {"layer": "Flatten"},
               {"layer": "Linear", "in_features": 4, "out_features": 2}]}
        """)
    let architecture = try Architecture(json: json)
    #expect(try architecture.outputShape(of: [9, 7, 4]) == [2])
    #expect(try architecture.outputShape(of: [1, 1, 4]) == [2])
    #expect(architecture.json.text.hasPrefix(#"{"a":[{"layer":"AdaptiveAvgPool2d","output_size":1},"#))
    for (size, message) in [("2", "output_size 2 is not supported; only 1 is"), ("[1,2]", "output_size 1×2 is not")] {
      let other = try JSON(parsing: #"{"a": [{"layer": "AdaptiveAvgPool2d", "output_size": \#(size)}]}"#)
      let error = #expect(throws: AttributeError.self) { try Architecture(json: other) }
      #expect(error?.description.contains(message) == true, "\(error!)")
    }
    #expect(throws: ShapeError.self) { try AdaptiveAvgPool2d().outputShape(of: [4]) }
    #expect(throws: ShapeError.self) { try AdaptiveAvgPool2d().outputShape(of: [.max, .max, 4]) }
  }
}
