/// What a checkpoint's metadata says of how its network is used, beside the network itself.
///
/// | member | value | where it is absent |
/// |---|---|---|
/// | `input_shape` | a sample's shape, `[28,28,1]` | `[28,28,1]` |
/// | `loss` | `mse` or `cross_entropy`, ``Loss``'s raw values | `mse` where a part is named `decoder` or the output has the input's shape, else `cross_entropy` |
/// | `normalization` | `{"mean":0.5,"deviation":0.5}`, or lists of a number a channel | ``Normalization/unit`` |
/// | `class_names` | a list of strings, by label | unknown |
public struct CheckpointInfo: Sendable, Hashable {
  /// A sample's shape, `[H, W, C]` or `[F]`.
  public var inputShape: [Int]
  public var loss: Loss
  public var normalization: Normalization
  /// Names of the classes by label; `nil` where none are known.
  public var classNames: [String]?

  public init(
    inputShape: [Int] = Self.standardInputShape, loss: Loss, normalization: Normalization = .unit,
    classNames: [String]? = nil
  ) {
    self.inputShape = inputShape
    self.loss = loss
    self.normalization = normalization
    self.classNames = classNames
  }

  /// The shape of an image of Fashion-MNIST.
  public static let standardInputShape = [28, 28, 1]

  /// The most numbers that a sample may have.
  static let largestSample = 1 << 24
  /// The most names of classes, and the most characters of one.
  private static let mostClassNames = 10_000
  private static let longestClassName = 100

  /// The members to save with the network: `network.save(to: path, metadata: info.metadata)`.
  public var metadata: OrderedMembers<String> {
    var members: OrderedMembers<String> = [
      "input_shape": JSON.array(inputShape.map(JSON.integer)).text, "loss": loss.rawValue,
    ]
    if normalization != .unit { members["normalization"] = normalization.json.text }
    if let classNames { members["class_names"] = JSON.array(classNames.map(JSON.string)).text }
    return members
  }

  /// Reads what a file says; members that are absent have the values of the table above.
  ///
  /// - Parameter architecture: the network in the file, which decides the loss where the file does not say it.
  /// - Throws: `SafetensorsError` that names the member whose value is none that it can have.
  public init(checkpoint file: SafetensorsFile, architecture: Architecture) throws {
    func value(_ name: String) throws -> JSON? {
      do {
        return try file.metadata[name].map { try JSON(parsing: $0) }
      } catch {
        throw SafetensorsError(.malformed, path: file.path, "metadata \(name): \(error)")
      }
    }
    func failure(_ name: String, _ problem: String) -> SafetensorsError {
      SafetensorsError(.mismatch, path: file.path, "metadata \(name) \(problem)")
    }

    inputShape = Self.standardInputShape
    if let json = try value("input_shape") {
      guard let shape = Self.shape(json) else {
        throw failure(
          "input_shape", "must be a list of one or three sizes, at most \(Self.largestSample) numbers in all")
      }
      inputShape = shape
    }

    if let text = file.metadata["loss"] {
      guard let known = Loss(rawValue: text) else {
        throw failure(
          "loss", "is \(JSON.quoted(text, limit: 40)).\(Spelling.advice(text, among: Loss.allCases.map(\.rawValue)))")
      }
      loss = known
    } else {
      // A shape that does not fit is reported where the network is made.
      let outputShape = try? architecture.outputShape(of: inputShape)
      let reconstructs = architecture.parts.contains { $0.name == "decoder" } || outputShape == inputShape
      loss = reconstructs ? .reconstruction : .classification
    }

    normalization = .unit
    if let json = try value("normalization") {
      guard case .object(let members) = json else { throw failure("normalization", "must be an object") }
      var reader = AttributeReader(members, place: "metadata normalization")
      do {
        let mean = try reader.doubles("mean", default: [0], in: -1e6...1e6)
        let deviation = try reader.doubles("deviation", default: [1], in: 1e-6...1e6)
        try reader.end()
        let count = max(mean.count, deviation.count)
        guard [mean, deviation].allSatisfy({ $0.count == 1 || $0.count == count }) else {
          throw failure("normalization", "has \(mean.count) means and \(deviation.count) deviations")
        }
        func all(_ numbers: [Double]) -> [Double] {
          numbers.count == count ? numbers : Array(repeating: numbers[0], count: count)
        }
        normalization = Normalization(mean: all(mean), deviation: all(deviation))
      } catch let error as AttributeError {
        throw SafetensorsError(.mismatch, path: file.path, error.description)
      }
    }

    if let json = try value("class_names") {
      guard let names = Self.names(json) else {
        throw failure("class_names", "must be a list of short strings without control characters")
      }
      classNames = names
    }
  }

  private static func shape(_ json: JSON) -> [Int]? {
    guard case .array(let elements) = json, elements.count == 1 || elements.count == 3 else { return nil }
    var sizes: [Int] = []
    var count = 1
    for element in elements {
      guard case .integer(let size) = element, 1...largestSample ~= size, count * size <= largestSample else {
        return nil
      }
      sizes.append(size)
      count *= size
    }
    return sizes
  }

  /// Names go to terminals and figures: what could do more there than name a class is refused.
  private static func names(_ json: JSON) -> [String]? {
    guard case .array(let elements) = json, 1...mostClassNames ~= elements.count else { return nil }
    var names: [String] = []
    for element in elements {
      guard case .string(let name) = element, 1...longestClassName ~= name.count,
        name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
      else { return nil }
      names.append(name)
    }
    return names
  }
}
