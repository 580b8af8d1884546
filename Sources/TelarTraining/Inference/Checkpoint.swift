import Foundation
import TelarData
import TelarIO
import TelarNN

/// A checked checkpoint with everything that it takes to use its network; it is not on a device yet.
///
/// Tensors that do not belong to the network, such as an optimizer's state, are ignored. The memory that the network
/// takes is bounded by the file's length and by ``largestSample``, whatever the file says.
public struct Checkpoint {
  public let file: SafetensorsFile
  public let architecture: Architecture
  public let info: CheckpointInfo
  /// How images are brought to the size that the network takes; `nil` where they must have it.
  public let preparation: ImagePreparation?
  /// The shape of the network's output for one sample.
  public let outputShape: [Int]
  /// The most elements that a sample has at the input or behind any layer.
  let largestSampleInside: Int

  public var path: String { file.path }

  /// The member of the metadata with ``preparation``.
  public static let preparationMember = "preparation"

  /// The largest permitted sample at the input or behind any layer, in elements.
  public static let largestSample = 1 << 24
  /// The most operations for one image: minutes on a slow processor.
  private static let mostOperations = 0x1p36
  /// The most layers.
  private static let mostLayers = 1_000
  /// The most classes; a confusion matrix has the square of it.
  private static let mostClasses = 1_000

  /// Opens and checks a checkpoint.
  ///
  /// - Throws: `SafetensorsError` when the file is missing or damaged, lacks an architecture, or does not hold the
  ///   network that the architecture describes.
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
    let layerCount = architecture.layerCount
    guard layerCount <= Self.mostLayers else {
      throw SafetensorsError(
        .mismatch, path: path, "has \(layerCount) layers, more than the \(Self.mostLayers) allowed")
    }
    let info = try CheckpointInfo(checkpoint: file, architecture: architecture)
    let extent = try Self.checked(path) { try Self.extent(architecture, of: info.inputShape) }
    (outputShape, largestSampleInside) = (extent.outputShape, extent.largest)
    try architecture.checkTensors(in: file)
    preparation = try file.metadata[Self.preparationMember].map { text in
      guard let json = try? JSON(parsing: text), let known = ImagePreparation(json: json) else {
        throw SafetensorsError(.mismatch, path: path, "metadata preparation says nothing that is known")
      }
      return known
    }
    self.file = file
    self.architecture = architecture
    self.info = info
  }

  /// Opens the file. The error for a missing one says where runs keep their checkpoints.
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

  /// Checks that the network can be used for its own loss, or for `loss` if it is given.
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
    let channels = try imageSize().channels
    guard info.normalization.fits(channels: channels) else {
      throw failure("normalizes \(info.normalization.mean.count) channels and takes images of \(channels)")
    }
  }

  /// The size of the images that the network takes. Input features are the pixels of a square grey image.
  ///
  /// - Throws: `SafetensorsError` when the input is no image of 1, 3 or 4 channels.
  public func imageSize() throws -> ImageSize {
    let shape = info.inputShape
    if shape.count == 3, ImageSize.channelCounts.contains(shape[2]) {
      return ImageSize(height: shape[0], width: shape[1], channels: shape[2])
    }
    let side = shape.count == 1 ? Int(Double(shape[0]).squareRoot()) : 0
    guard side > 0, side * side == shape[0] else {
      throw SafetensorsError(.mismatch, path: path, "takes \(shape), which is no image of 1, 3 or 4 channels")
    }
    return ImageSize(height: side, width: side, channels: 1)
  }

  /// Converts errors of layers and operators to errors of the file.
  static func checked<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as AttributeError {
      throw SafetensorsError(.mismatch, path: path, "has no network that Telar knows: \(error)")
    } catch let error as ShapeError {
      throw SafetensorsError(.mismatch, path: path, "has a network that does not fit: \(error)")
    }
  }

  /// The largest intermediate sample and the operations of the network, checked against the limits.
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
