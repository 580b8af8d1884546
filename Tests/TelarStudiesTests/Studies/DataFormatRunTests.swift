import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

/// Runs on data sets of every format.
@Suite("Runs on data of every format")
struct DataFormatRunTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private let recipe = """
    name = "formats"
    [defaults]
    epochs = 2
    batch_size = 16
    loss = "cross_entropy"
    normalization = "computed"
    optimizer = { name = "Adam", learning_rate = 2e-3 }
    [[experiments]]
    name = "small"
    [[experiments.parts]]
    name = "net"
    layers = [
      { layer = "Conv2d", in_channels = "$channels", out_channels = 16, kernel_size = 3, padding = 1 },
      { layer = "BatchNorm2d", num_features = 16 },
      "ReLU",
      { layer = "MaxPool2d", kernel_size = 2 },
      { layer = "Conv2d", in_channels = 16, out_channels = 32, kernel_size = 3, padding = 1 },
      "ReLU",
      { layer = "MaxPool2d", kernel_size = 4 },
      "Flatten",
      { layer = "LazyWidth" },
    ]
    """

  /// The recipe with a last layer for images of a size.
  private func recipe(for data: ImageDataset, epochs: Int = 2) throws -> Recipe {
    let width = 32 * (data.size.height / 8) * (data.size.width / 8)
    let last = "{ layer = \"Linear\", in_features = \(width), out_features = \"$classes\" }"
    let text = recipe.replacing("{ layer = \"LazyWidth\" }", with: last).replacing(
      "epochs = 2", with: "epochs = \(epochs)")
    return try Recipe(text: text, for: data.shape)
  }

  private func run(_ data: ImageDataset, _ name: String, epochs: Int = 2) throws -> RunResult {
    let recipe = try recipe(for: data, epochs: epochs)
    var options = StudyOptions()
    options.outputFolder = folder.path + "/" + name
    options.curveImageCount = 100
    let runner = StudyRunner(recipe.study, options, data: data, device: try CPUDevice(threads: 2), version: "test")
    let result = try runner.run(recipe.usualExperiments) { $0.epochs }
    #expect(result.failures.isEmpty)
    return try #require(result.experiments.first?.runs.first)
  }

  private func weights(_ run: RunResult) throws -> [String: [UInt32]] {
    let file = try SafetensorsFile(run.checkpoint)
    return try file.tensors.keys.reduce(into: [:]) { $0[$1] = try file.floats($1).map(\.bitPattern) }
  }

  // MARK: Fashion-MNIST in every format

  /// The first images of each class, the classes one behind another, as a folder of images has them.
  private func sorted(_ images: LabelledImages, perClass: Int) -> LabelledImages {
    var chosen: [Int] = []
    for label in 0..<10 as Range<UInt16> {
      chosen += images.labels.indices.filter { images.labels[$0] == label }.prefix(perClass)
    }
    return images.selecting(chosen)
  }

  private func write(_ path: String, _ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: folder.path + "/" + path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  private func writeIDX(_ name: String, _ splits: [(String, LabelledImages)]) throws {
    for (split, set) in splits {
      let shape =
        [UInt32(set.count), UInt32(set.height), UInt32(set.width)] + (set.channels > 1 ? [UInt32(set.channels)] : [])
      try write("\(name)/\(split)-images-idx\(shape.count)-ubyte", SmallDataSet.idx(shape, set.pixels))
      try write("\(name)/\(split)-labels-idx1-ubyte", SmallDataSet.idx([shape[0]], set.labels.map { UInt8($0) }))
    }
  }

  private func npy(_ shape: [Int], _ values: [UInt8]) -> [UInt8] {
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '|u1', 'fortran_order': False, 'shape': (\(sizes)), }"
    header += String(repeating: " ", count: 127 - 10 - header.utf8.count) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + values
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: FashionMNIST.systemDirectory)))
  func `Fashion-MNIST in every format trains to the same bits`() throws {
    let published = try ImageDataset.load(FashionMNIST.systemDirectory)
    let splits = [
      ("train", sorted(published.training, perClass: 30)), ("t10k", sorted(try #require(published.test), perClass: 10)),
    ]
    try writeIDX("idx", splits)
    for (split, set) in splits {
      let name = split == "train" ? "train" : "test"
      try write("numpy/\(name)_images.npy", npy([set.count, 28, 28], set.pixels))
      try write("numpy/\(name)_labels.npy", npy([set.count], set.labels.map { UInt8($0) }))
      for index in 0..<set.count {
        let pixels = set.selecting([index]).pixels
        let rows = (0..<28).map { Array(pixels[($0 * 28)..<(($0 + 1) * 28)]) }
        let file = HandMadePNG.file(width: 28, height: 28, rows: rows)
        try write("folder/\(name)/\(set.labels[index])/\(String(10_000 + index)).png", file)
      }
    }
    var results: [[String: [UInt32]]] = []
    for name in ["idx", "numpy", "folder"] {
      let data = try ImageDataset.load(folder.path + "/" + name, .init(allowsOtherData: true))
      #expect(
        data.format == name && data.training.pixels == splits[0].1.pixels && data.test?.labels == splits[1].1.labels)
      results.append(try weights(run(data, "runs-\(name)")))
    }
    #expect(results[0] == results[1] && results[0] == results[2] && !results[0].isEmpty)
  }

  @Test func `CIFAR's binaries train to the bits of the same images in IDX files`() throws {
    var random = SeededGenerator(seed: 3)
    func images(_ count: Int) -> LabelledImages {
      LabelledImages(
        count: count, height: 32, width: 32, channels: 3,
        pixels: (0..<count * 3_072).map { _ in UInt8.random(in: 0...255, using: &random) },
        labels: (0..<count).map { UInt16($0 % 10) })
    }
    let splits = [("train", images(120)), ("t10k", images(20))]
    try writeIDX("idx", splits)
    for (split, set) in splits {
      let records = (0..<set.count).flatMap { index -> [UInt8] in
        let pixels = set.selecting([index]).pixels
        return [UInt8(set.labels[index])] + (0..<3).flatMap { c in (0..<1_024).map { pixels[3 * $0 + c] } }
      }
      try write("cifar/\(split == "train" ? "data_batch_1" : "test_batch").bin", records)
    }
    let idx = try ImageDataset.load(folder.path + "/idx"), cifar = try ImageDataset.load(folder.path + "/cifar")
    #expect(idx.training.pixels == cifar.training.pixels && idx.format == "idx" && cifar.format == "cifar")
    #expect(try weights(run(idx, "runs-idx")) == weights(run(cifar, "runs-cifar")))
  }

  // MARK: Colours

  /// Letters of the machine's fonts, drawn by Tools/data/letters.py: see there.
  private func letters() throws -> ImageDataset {
    let script = Process()
    script.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    script.arguments = [
      "python3", Repository.root.path + "/Tools/data/letters.py", folder.path + "/letters", "--variants", "8",
    ]
    let output = Pipe()
    script.standardOutput = output
    script.standardError = output
    try script.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    script.waitUntilExit()
    try #require(script.terminationStatus == 0, "\(text)")
    return try ImageDataset.load(folder.path + "/letters")
  }

  /// Letters in fonts that were not seen, by a network of two convolutions: more than four of five are told.
  @Test func `a colour folder of letters is learned`() throws {
    let data = try letters()
    #expect(data.size == ImageSize(height: 32, width: 32, channels: 3) && data.test == nil)
    #expect(data.classNames == "ABCDEFGHIJ".map { String($0) })
    let run = try run(data, "runs", epochs: 6)
    let accuracy = try #require(run.history.last?.validationAccuracy)
    #expect(accuracy > 0.8)

    // The record says what the images are, and the checkpoint is enough to use the network.
    guard case .object(let record)? = run.record["data"] else { Issue.record("no data"); return }
    #expect(record["image_shape"] == .array([.integer(32), .integer(32), .integer(3)]))
    #expect(record["validation_set"] == .string("validation files") && record["format"] == .string("folder"))
    let checkpoint = try Checkpoint(run.checkpoint)
    #expect(checkpoint.info.classNames == data.classNames && checkpoint.info.inputShape == [32, 32, 3])
    #expect(
      checkpoint.info.normalization == Normalization(mean: data.statistics.mean, deviation: data.statistics.deviation))
    let network = try TrainedNetwork(checkpoint, on: CPUDevice(threads: 2))
    let evaluation = try network.evaluate(#require(data.validation))
    #expect(evaluation.accuracy == accuracy)
    let picture = NamedImage(name: "first", size: data.size, pixels: data.validation!.selecting([0]).pixels)
    #expect(try network.predict([picture])[0].top(1)[0].label >= 0)
    #expect(run.classNames == data.classNames && run.confusion?.count == 10)

    // A study's networks do not take these images.
    let study = StudyRunner(
      .molina, StudyOptions(), data: data, device: try CPUDevice(threads: 2), version: "test")
    let error = #expect(throws: UsageError.self) { try study.run(Study.molina.experiments) { _ in 1 } }
    #expect("\(error!)".contains("images of 32×32×3 in 10 classes"))
  }
}
