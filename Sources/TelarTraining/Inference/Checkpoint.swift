import Foundation
import TelarIO
import TelarNN

/// A checkpoint that holds all that it takes to use its network: opened and checked, and on no device yet.
///
/// What is not of the network, such as an optimizer's state, is left alone. Whatever the file says, the memory that
/// its network takes is bounded by the file's length and by ``largestSample``.
public struct Checkpoint {
  public let file: SafetensorsFile
  public let architecture: Architecture
  public let info: CheckpointInfo
  /// A sample's shape behind the network.
  public let outputShape: [Int]
  /// The most numbers that a sample has in front of, between or behind the layers.
  let largestSampleInside: Int

  public var path: String { file.path }

  /// The most numbers that a sample may have anywhere in the network.
  public static let largestSample = 1 << 24
  /// Products, sums or comparisons for an image: minutes on a slow processor.
  private static let mostOperations = 0x1p36
  /// More layers than any network has that can be trained here.
  private static let mostLayers = 1_000
  /// A table of what is taken for what has the square of this.
  private static let mostClasses = 1_000

  /// Opens a checkpoint.
  ///
  /// - Throws: `SafetensorsError` where the file is missing or broken, says nothing of its architecture, or holds
  ///   something else than the network that it describes.
  public init(_ path: String) throws {
    let file = try Self.open(path)
    guard file.metadata["network"] != nil || Architecture.isWiredByCode(file) else {
      throw SafetensorsError(
        .mismatch, path: path,
        """
        has no architecture in its metadata, as files that PyTorch writes. Write it with safetensors.torch.save_file(\
        model.state_dict(), FILE, metadata={"network": JSON}), the JSON being of the form {"encoder": [{"layer": \
        "Conv2d", "in_channels": 1, …}, …], …} with the names of the model's parts, or load it into a Network in Swift \
        and save that.
        """)
    }
    let architecture = try Self.checked(path) { try Architecture(checkpoint: file) }
    let layerCount = architecture.parts.reduce(0) { $0 + $1.layers.layers.count }
    guard layerCount <= Self.mostLayers else {
      throw SafetensorsError(
        .mismatch, path: path, "has \(layerCount) layers, more than the \(Self.mostLayers) allowed")
    }
    let info = try CheckpointInfo(checkpoint: file, architecture: architecture)
    let extent = try Self.checked(path) { try Self.extent(architecture, of: info.inputShape) }
    (outputShape, largestSampleInside) = (extent.outputShape, extent.largest)
    try architecture.checkTensors(in: file)
    self.file = file
    self.architecture = architecture
    self.info = info
  }

  /// Opens the file; where there is none, says where runs keep theirs.
  private static func open(_ path: String) throws -> SafetensorsFile {
    do {
      return try SafetensorsFile(path)
    } catch {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
        throw SafetensorsError(
          .mismatch, path: path, "is a folder: name a file in it, such as best.safetensors or last.safetensors of a run"
        )
      }
      guard error.kind == .missing else { throw error }
      throw SafetensorsError(
        .missing, path: path,
        error.problem + " (runs keep best.safetensors and last.safetensors in STUDY/EXPERIMENT/seed-N)")
    }
  }

  /// Checks that the network can be used for what it was trained for, or for `loss` if one is given.
  ///
  /// - Throws: `SafetensorsError` that says what the network is instead, or what does not fit.
  public func checkUse(as loss: Loss? = nil) throws {
    func failure(_ problem: String) -> SafetensorsError { SafetensorsError(.mismatch, path: path, problem) }
    switch (loss, info.loss) {
    case (.classification, .reconstruction):
      throw failure("is an autoencoder, which tells no classes; telar reconstruct shows what it makes of images")
    case (.reconstruction, .classification):
      throw failure("is a classifier, which reconstructs nothing; telar predict shows what it takes images for")
    default: break
    }
    switch info.loss {
    case .reconstruction:
      guard outputShape == info.inputShape else {
        throw failure("makes \(outputShape) of \(info.inputShape): an autoencoder's output has the shape of its input")
      }
    case .classification:
      guard outputShape.count == 1 else { throw failure("makes \(outputShape), which is no list of classes") }
      guard outputShape[0] <= Self.mostClasses else {
        throw failure("tells \(outputShape[0]) classes, more than the \(Self.mostClasses) allowed")
      }
      if let names = info.classNames, names.count != outputShape[0] {
        throw failure("has names for \(names.count) classes and tells \(outputShape[0])")
      }
    }
    _ = try imageSize()
  }

  /// Height and width of the grey images that the network takes. Features are the pixels of a square.
  ///
  /// - Throws: `SafetensorsError` where its input is no grey image.
  public func imageSize() throws -> (height: Int, width: Int) {
    let shape = info.inputShape
    if shape.count == 3, shape[2] == 1 { return (shape[0], shape[1]) }
    let side = shape.count == 1 ? Int(Double(shape[0]).squareRoot()) : 0
    guard side > 0, side * side == shape[0] else {
      throw SafetensorsError(.mismatch, path: path, "takes \(shape), which is no grey image")
    }
    return (side, side)
  }

  /// What errors of layers and operators are to someone who has a file: a file that does not fit.
  static func checked<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as AttributeError {
      throw SafetensorsError(.mismatch, path: path, "has no network that Telar knows: \(error)")
    } catch let error as ShapeError {
      throw SafetensorsError(.mismatch, path: path, "has a network that does not fit: \(error)")
    }
  }

  /// What an image takes on its way through the network, which is bounded whatever the file says.
  private static func extent(_ architecture: Architecture, of inputShape: [Int]) throws -> Extent {
    try architecture.extent(of: inputShape) { layer, extent in
      guard extent.largest <= largestSample else {
        throw ShapeError(layer, "makes \(extent.largest) numbers of an image, more than \(largestSample)")
      }
      guard extent.operations <= mostOperations else {
        throw ShapeError(layer, "needs more than \(Int(mostOperations)) operations for an image")
      }
    }
  }
}
