import ArgumentParser
import Foundation
import Telar
import TelarStudies

struct ReconstructCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct",
    abstract: "Show what an autoencoder makes of images.",
    discussion: """
      Draws the images above their reconstructions and prints the mean squared error of each, which is of normalised \
      pixels where the network was trained on such. Images are PNG, JPEG and IDX files; where none is named, the first \
      test image of each class. The figure's numbers are beside it as CSV.

      EXAMPLE
        telar reconstruct runs/brunello/ae-1/seed-0/best.safetensors --out reconstructions.png
      """)

  /// The most images of a figure.
  private static let mostImages = 40

  @Argument(
    help: ArgumentHelp("A safetensors file of an autoencoder.", valueName: "checkpoint"),
    completion: Completions.checkpoint)
  var checkpoint: String

  @Argument(help: ArgumentHelp("PNG, JPEG and IDX files.", valueName: "image"), completion: .file())
  var images: [String] = []

  @OptionGroup var options: ImageOptions

  @Option(help: ArgumentHelp("The figure to draw, a .png or .svg.", valueName: "file"), completion: Completions.figure)
  var out: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print one JSON object an image.")
  var json = false

  func validate() throws {
    guard Self.format(of: out) != nil else { throw ValidationError("--out \(out) is no .png or .svg") }
    guard !images.isEmpty || options.first == nil && options.range == nil && !options.invert else {
      throw ValidationError("--first, --range and --invert are for images that are named")
    }
  }

  func run() throws {
    let stem = (out as NSString).deletingPathExtension
    try output.check(out, stem + ".csv")
    let checkpoint = try Checkpoint(checkpoint)
    try checkpoint.checkUse(as: .reconstruction)
    let images: [NamedImage]
    let names: [String]
    if self.images.isEmpty {
      (images, names) = try testImages(for: checkpoint)
    } else {
      images = try options.read(self.images, for: checkpoint)
      names = images.map { Self.shortName($0.name) }
    }
    guard images.count <= Self.mostImages else {
      throw UsageError("\(images.count) images do not fit a figure: name \(Self.mostImages) at most, or use --first")
    }
    let network = try TrainedNetwork(checkpoint, on: device.open())
    let reconstructions = try network.reconstruct(images)
    // Few images leave no room for a title; the rows have names.
    let title = images.count < 4 ? "" : "Images and their reconstructions"
    let grid = ImageGrid(of: images, reconstructions, by: network, columnNames: names, title: title)
    let outcome = try grid.write(to: stem, format: Self.format(of: out)!)
    for (image, reconstruction) in zip(images, reconstructions) {
      let error = reconstruction.meanSquaredError
      Console.result(
        json
          ? JSON.object(["image": .string(image.name), "mse": .number(error)]).text
          : "\(image.name): mean squared error \(Column.loss(error, decimals: 6))")
    }
    switch outcome {
    case .drawn(let path): Console.note("The figure is \(path), its numbers are beside it as CSV.")
    case .csvOnly(let path, let reason): throw NoPicture(description: "\(reason) The numbers are in \(path).")
    }
    guard reconstructions.allSatisfy(\.meanSquaredError.isFinite) else {
      throw CheckFailed(description: "\(checkpoint.path): the network's outputs are not finite.")
    }
  }

  /// The first test image of each class, and the names of the classes.
  private func testImages(for checkpoint: Checkpoint) throws -> ([NamedImage], [String]) {
    let size = try checkpoint.imageSize()
    let data = try data.load()
    let set = data.test ?? data.measured
    guard set.size == size else {
      throw UsageError(
        "\(checkpoint.path) takes images of \(size.text): name some, the data set's are \(set.size.text)")
    }
    let indices = set.firstOfEachClass
    let names = indices.map { className(Int(set.labels[$0]), in: set.classNames) }
    let images = zip(indices, names).map { index, name in
      NamedImage(
        name: "\(data.test == nil ? "validation" : "test") image \(index) (\(name))", size: size,
        pixels: set.selecting([index]).pixels)
    }
    return (images, names)
  }

  private static func format(of path: String) -> FigureFormat? {
    FigureFormat(rawValue: (path as NSString).pathExtension)
  }

  /// The end of a file's name that fits below an image.
  private static func shortName(_ name: String) -> String {
    let last = (name as NSString).lastPathComponent
    return last.count <= 13 ? last : "…" + last.suffix(12)
  }
}

/// The requested figure could not be drawn.
struct NoPicture: Error, CustomStringConvertible {
  var description: String
}
