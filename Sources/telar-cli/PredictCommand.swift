import ArgumentParser
import Telar

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Say what a classifier takes images for.",
    discussion: """
      Images are PNG of any depth and colour type, JPEG, and IDX files, gzipped or not. They must have the size that the \
      network takes, unless it was trained on images that were brought to a size: these are then as well. Prints a line \
      an image: the most probable classes with their probabilities.

      For grey networks, images become grey as Pillow's convert("L") makes them: 0.299 red, 0.587 green and 0.114 blue of the values in the \
      file, whose gamma and colour profile are ignored. Of 16 bits the high byte is taken. What is transparent lies over \
      black, with --invert over white.

      EXAMPLES
        telar predict best.safetensors shoe.png --invert
        telar predict best.safetensors /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz --first 5
      """)

  @Argument(
    help: ArgumentHelp("A safetensors file of a classifier.", valueName: "checkpoint"),
    completion: Completions.checkpoint)
  var checkpoint: String

  @Argument(help: ArgumentHelp("PNG, JPEG and IDX files.", valueName: "image"), completion: .file())
  var images: [String]

  @OptionGroup var options: ImageOptions

  @Option(help: ArgumentHelp("How many of the most probable classes to name.", valueName: "count"))
  var top = 3

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print one JSON object an image.")
  var json = false

  func validate() throws {
    guard 1...10_000 ~= top else { throw ValidationError("--top \(top) is not 1 to 10000") }
  }

  func run() throws {
    let checkpoint = try Checkpoint(checkpoint)
    try checkpoint.checkUse(as: .classification)
    let images = try options.read(images, for: checkpoint)
    let network = try TrainedNetwork(checkpoint, on: device.open())
    let predictions = try network.predict(images)
    for (image, prediction) in zip(images, predictions) {
      guard prediction.isFinite else {
        throw CheckFailed(description: "\(checkpoint.path): the network's outputs for \(image.name) are not finite.")
      }
      let top = prediction.top(top)
      Console.result(json ? JSON.object(Self.members(image, top, checkpoint)).text : Self.line(image, top, checkpoint))
    }
  }

  /// `shoe.png: 7 Sneaker 98.12 %, 9 Ankle boot 1.20 %`
  private static func line(_ image: NamedImage, _ top: [(label: Int, probability: Double)], _ checkpoint: Checkpoint)
    -> String
  {
    let classes = top.map { label, probability in
      let name = checkpoint.info.classNames.map { " \($0[label])" } ?? ""
      return "\(label)\(name) \(Column.number(probability * 100, decimals: 2)) %"
    }
    return "\(image.name): \(classes.joined(separator: ", "))"
  }

  private static func members(
    _ image: NamedImage, _ top: [(label: Int, probability: Double)], _ checkpoint: Checkpoint
  ) -> JSON.Members {
    let classes = top.map { label, probability in
      var members: JSON.Members = ["class": .integer(label)]
      members["name"] = (checkpoint.info.classNames?[label]).map(JSON.string)
      members["probability"] = .number(probability)
      return JSON.object(members)
    }
    return ["image": .string(image.name), "top": .array(classes)]
  }
}
