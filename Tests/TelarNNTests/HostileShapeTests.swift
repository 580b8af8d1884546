import TelarNN
import TestSupport
import Testing

/// Whatever numbers a file gives a layer, its shapes are computed or refused, and nothing overflows.
@Suite struct HostileShapeTests {
  /// Numbers at the edges of what is taken, of 32 and of 64 bits.
  private static let edges = [
    0, 1, 2, 3, 7, 28, 255, 32_767, 32_768, 65_536, 1 << 24 - 1, 1 << 24, 1 << 24 + 1, 1 << 31, 1 << 40, Int.max, -1,
  ]

  private struct Source {
    var generator: SeededGenerator

    /// Most numbers are small: layers of large ones alone never come to a second one.
    mutating func number() -> Int {
      Bool.random(using: &generator)
        ? Int.random(in: 1...4, using: &generator) : edges.randomElement(using: &generator)!
    }

    mutating func pair() -> JSON {
      Bool.random(using: &generator) ? .integer(number()) : .array([.integer(number()), .integer(number())])
    }

    /// A layer's keywords; for the channels of those before it mostly what they have.
    mutating func layer(channels: Int) -> JSON {
      let inputs = Int.random(in: 0..<8, using: &generator) == 0 ? number() : channels
      var members: JSON.Members
      switch Int.random(in: 0..<9, using: &generator) {
      case 0, 1, 2:
        let isTransposed = Bool.random(using: &generator)
        members = [
          "layer": .string(isTransposed ? "ConvTranspose2d" : "Conv2d"), "in_channels": .integer(inputs),
          "out_channels": .integer(number()), "kernel_size": pair(), "stride": pair(), "padding": pair(),
          "dilation": pair(),
        ]
        if Bool.random(using: &generator) { members["groups"] = .integer(number()) }
        if isTransposed { members["output_padding"] = pair() }
      case 3, 4:
        let name = Bool.random(using: &generator) ? "MaxPool2d" : "AvgPool2d"
        members = ["layer": .string(name), "kernel_size": pair(), "stride": pair(), "padding": pair()]
      case 5: members = ["layer": .string("BatchNorm2d"), "num_features": .integer(inputs)]
      case 6: members = ["layer": .string("Flatten")]
      case 7:
        members = [
          "layer": .string("Unflatten"), "dim": .integer(1),
          "unflattened_size": .array([.integer(number()), .integer(number()), .integer(number())]),
        ]
      default:
        members = [
          "layer": .string("Linear"), "in_features": .integer(inputs), "out_features": .integer(number()),
        ]
      }
      return .object(members)
    }
  }

  @Test(arguments: 0..<8 as Range<UInt64>) func noSizeOverflows(seed: UInt64) throws {
    var source = Source(generator: SeededGenerator(seed: seed))
    var passed = 0
    for _ in 0..<1_000 {
      var extent: Extent
      do {
        extent = try Extent(inputShape: [source.number(), source.number(), source.number()])
      } catch is ShapeError { continue }
      for _ in 0..<6 {
        do {
          let layer = try Architecture.layer(json: source.layer(channels: extent.outputShape.last!), place: "0")
          // Parameters are counted when the network is made, whether shapes fit or not.
          _ = layer.parameters
          try extent.pass(layer)
          passed += 1
        } catch is AttributeError {
          continue
        } catch is ShapeError {
          break
        }
        #expect(extent.outputShape.allSatisfy { $0 > 0 } && extent.largest < 1 << 31)
      }
    }
    #expect(passed > 100)
  }

  /// Shapes also come from files: every layer refuses those that it cannot compute with.
  @Test func noInputShapeOverflows() throws {
    let layers: [any Layer] = [
      Conv2d(1, 0x100_0000, kernelSize: 3, stride: 0x100_0000, padding: 0x100_0000),
      ConvTranspose2d(1, 1, kernelSize: 0x100_0000), ConvTranspose2d(1, 0x100_0000, kernelSize: 3, stride: 0x100_0000),
      MaxPool2d(2), AvgPool2d(0x100_0000, padding: 0x80_0000), BatchNorm2d(1), ReLU(), Dropout(0.5), Flatten(),
      Unflatten(channels: .max, height: .max, width: 2), Linear(1, 1), Linear(.max, .max),
      Conv2d(1, 1, kernelSize: Pair(.max, .max), stride: Pair(.max, 1), padding: Pair(.max, .max)),
      ConvTranspose2d(1, .max, kernelSize: 2, stride: Pair(.max, .max), dilation: Pair(.max, .max)),
      MaxPool2d(Pair(.max, .max), padding: Pair(.max / 2, .max / 2)),
    ]
    for layer in layers {
      for size in Self.edges {
        for shape in [[size], [size, size, 1], [size, 1, size], [1, size, size], [size, size], []] {
          do {
            _ = try layer.outputShape(of: shape)
          } catch is ShapeError {}
        }
      }
    }
  }

  /// Four transposed convolutions with the largest stride, of which the sizes are 2¹²⁴.
  @Test func sizesThatMultiplyAreRefused() throws {
    let layer = #"{"layer":"ConvTranspose2d","in_channels":1,"out_channels":1,"kernel_size":1,"stride":16777216}"#
    let json = "{\"a\":[\([String](repeating: layer, count: 4).joined(separator: ","))]}"
    let architecture = try Architecture(json: JSON(parsing: json))
    let error = #expect(throws: ShapeError.self) { try architecture.outputShape(of: [28, 28, 1]) }
    #expect(error?.place == "a.0 (ConvTranspose2d)")
    #expect(error?.problem.contains("more elements than") == true)
  }
}
