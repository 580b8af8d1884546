import Foundation
import TelarNN
import TestSupport
import Testing

/// `telar evaluate`, `predict`, `reconstruct` and `export` on networks whose answers are known without training.
@Suite("Commands on checkpoints")
struct CheckpointCommandTests {
  let folder: TemporaryFolder
  let data: TemporaryFolder
  let classifier: String
  let autoencoder: String

  init() throws {
    folder = try TemporaryFolder()
    data = try TemporaryFolder()
    try SmallDataSet.write(into: data)
    classifier = folder.path + "/classifier.safetensors"
    autoencoder = folder.path + "/autoencoder.safetensors"
    try Self.writeClassifier(to: classifier, classNames: (0..<10).map { "kind \($0)" })
    var writer = SafetensorsWriter()
    writer.metadata["network"] =
      Architecture {
        Part("encoder") { Conv2d(1, 1, kernelSize: 1, bias: false) }
        Part("decoder") {}
      }.json.text
    writer.metadata["normalization"] = #"{"mean":0.5,"deviation":0.5}"#
    writer.add("encoder.0.weight", shape: [1, 1, 1, 1], [Float(0.5)])
    writer.add("optimizer/encoder.0.weight", shape: [1], [Float(0)])
    try writer.write(to: autoencoder)
  }

  /// Takes an image for the class whose row is bright in `SmallDataSet`: logits are 20 times the means of pairs of rows,
  /// so that a class's is 7.451 above those of the other nine.
  private static func writeClassifier(to path: String, classNames: [String]? = nil, scale: Float = 20) throws {
    var writer = SafetensorsWriter()
    writer.metadata["network"] =
      Architecture {
        Part("encoder") {
          AvgPool2d(Pair(2, 28))
          Flatten()
        }
        Part("classifier") { Linear(14, 10, bias: false) }
      }.json.text
    for (key, value) in CheckpointInfo(loss: .classification, classNames: classNames).metadata {
      writer.metadata[key] = value
    }
    writer.add("classifier.0.weight", shape: [10, 14], (0..<140).map { $0 % 14 == $0 / 14 ? scale : 0 })
    try writer.write(to: path)
  }

  /// A PNG with the rows of a class bright, as `SmallDataSet` has them, or dark.
  private func image(_ label: Int, bright: UInt8 = 200, dark: UInt8 = 10) throws -> String {
    let rows = (0..<28).map { [UInt8](repeating: $0 == 2 * label ? bright : dark, count: 28) }
    return try folder.write("class-\(label).png", HandMadePNG.file(width: 28, height: 28, rows: rows))
  }

  private var small: [String] { ["--data", data.path, "--allow-other-data", "--device", "cpu"] }

  private func object(_ line: Substring) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  private func expectRefusal(
    _ arguments: [String], _ status: Int32, _ part: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = folder.contents()
    let result = try Telar.run(arguments)
    #expect(result.status == status, "\(arguments): \(result.error)", sourceLocation: sourceLocation)
    #expect(result.out.isEmpty, sourceLocation: sourceLocation)
    #expect(
      result.errorLines.count == 1 && result.error.hasPrefix("telar: "), "\(result.error)",
      sourceLocation: sourceLocation)
    #expect(result.error.contains(part), "\(result.error)", sourceLocation: sourceLocation)
    #expect(folder.contents() == before, sourceLocation: sourceLocation)
  }

  // MARK: evaluate

  @Test func `a classifier is evaluated with its confusion matrix`() throws {
    let result = try Telar.run(["evaluate", classifier] + small)
    #expect(result.status == 0, "\(result.error)")
    let rows = (0..<10).map { label in
      "\(label) kind \(label)  " + (0..<10).map { $0 == label ? "   2" : "   0" }.joined() + "  100.0 %"
    }
    let scores = (0..<10).map { "\($0) kind \($0)         2    100.0 %    100.0 %    100.0 %" }
    #expect(
      result.out == """
        images    20 of the test files
        loss      0.00521 cross entropy
        accuracy  100.00 %
        balanced  100.00 % accuracy

        taken for    0   1   2   3   4   5   6   7   8   9   recall
        \(rows.joined(separator: "\n"))

        class       images  precision     recall         F1
        \(scores.joined(separator: "\n"))
        macro mean      20    100.0 %    100.0 %    100.0 %

        """)
    let top = try Telar.run(["evaluate", classifier, "--top-k", "3"] + small)
    #expect(top.out.contains("\nbalanced  100.00 % accuracy\ntop 3     100.00 % accuracy\n\n"))
    let train = try Telar.run(["evaluate", classifier, "--split", "train", "--json"] + small)
    let members = try object(#require(train.outLines.first))
    #expect(train.outLines.count == 1 && members["images"] as? Int == 40 && members["split"] as? String == "train")
    #expect(members["accuracy"] as? Double == 1 && (members["recall"] as? [Double])?.count == 10)
    #expect((members["precision"] as? [Double])?.count == 10 && (members["f1"] as? [Double])?.last == 1)
    #expect(members["macro_f1"] as? Double == 1 && members["balanced_accuracy"] as? Double == 1)
    #expect((members["confusion"] as? [[Int]])?[3] == [0, 0, 0, 4, 0, 0, 0, 0, 0, 0])
    #expect((members["class_names"] as? [String])?[9] == "kind 9")
  }

  @Test func `classes without names have numbers`() throws {
    let path = folder.path + "/nameless.safetensors"
    try Self.writeClassifier(to: path)
    let result = try Telar.run(["evaluate", path] + small)
    #expect(result.status == 0 && result.out.contains("\n3 class 3 ") && !result.out.contains("Dress"))
    #expect(!result.error.contains("names of the classes"))
    // Names that are there are the network's, whatever the data.
    let named = try Telar.run(["evaluate", classifier] + small)
    #expect(named.error.contains("Note: the names of the classes are the checkpoint's, and not this data's.\n"))
  }

  @Test func `an autoencoder is evaluated in its own numbers`() throws {
    let result = try Telar.run(["evaluate", autoencoder] + small)
    // Half of the input comes out: the mean of (x / 2)², x being (pixel / 255 − 0.5) / 0.5.
    let bright = (200 / 255.0 - 0.5)
    let dark = (10 / 255.0 - 0.5)
    let loss = (bright * bright + 27 * dark * dark) / 28
    // A pixel's difference is half of that.
    let psnr = 10 * log10(4 / loss)
    let lines = result.out.split(separator: "\n")
    #expect(
      lines.prefix(3) == [
        "images    20 of the test files", "loss      \(String(format: "%.5f", loss)) mean squared error",
        "PSNR      \(String(format: "%.2f", psnr)) dB",
      ])
    #expect(lines.count == 4 && lines[3].wholeMatch(of: /SSIM      0\.\d{4}/) != nil)
    let json = try Telar.run(["evaluate", autoencoder, "--json"] + small)
    let members = try object(#require(json.outLines.first))
    #expect(members["accuracy"] == nil && members["confusion"] == nil)
    #expect((members["psnr"] as? Double).map { abs($0 - psnr) < 1e-4 } == true && members["ssim"] is Double)
    let wrong = try Telar.run(["evaluate", autoencoder, "--top-k", "3"] + small)
    #expect(wrong.status == 65 && wrong.error.contains("is an autoencoder, which tells no classes"))
  }

  @Test func `a loss that is not finite fails the command`() throws {
    let path = folder.path + "/broken.safetensors"
    try Self.writeClassifier(to: path, scale: .nan)
    let result = try Telar.run(["evaluate", path, "--json"] + small)
    #expect(result.status == 1 && result.out.contains(#""loss":null"#))
    #expect(result.error.hasSuffix("telar: the loss of \(path) is not finite.\n"))
    let predicted = try Telar.run("predict", path, try image(1), "--device", "cpu")
    #expect(predicted.status == 1 && predicted.out.isEmpty)
  }

  // MARK: predict

  @Test func `images are classified, a line each`() throws {
    let (three, seven) = (try image(3), try image(7))
    let result = try Telar.run("predict", classifier, three, seven, "--top", "2", "--device", "cpu")
    #expect(result.status == 0, "\(result.error)")
    #expect(
      result.out == """
        \(three): 3 kind 3 99.48 %, 0 kind 0 0.06 %
        \(seven): 7 kind 7 99.48 %, 0 kind 0 0.06 %

        """)
    let nameless = folder.path + "/nameless.safetensors"
    try Self.writeClassifier(to: nameless)
    let bare = try Telar.run("predict", nameless, three, "--top", "1", "--device", "cpu")
    #expect(bare.out == "\(three): 3 99.48 %\n")
  }

  @Test func `black on white is inverted`() throws {
    let path = try image(4, bright: 55, dark: 245)
    let plain = try Telar.run("predict", classifier, path, "--device", "cpu")
    let inverted = try Telar.run("predict", classifier, path, "--invert", "--device", "cpu")
    #expect(!plain.out.hasPrefix("\(path): 4 ") && inverted.out.hasPrefix("\(path): 4 kind 4 99.48 %"))
  }

  @Test func `images of IDX files are chosen and printed as JSON`() throws {
    let path = data.path + "/t10k-images-idx3-ubyte"
    let result = try Telar.run("predict", classifier, path, "--range", "12-14", "--json", "--device", "cpu")
    let objects = try result.outLines.map(object)
    #expect(objects.map { $0["image"] as? String } == [12, 13, 14].map { "\(path)#\($0)" })
    let top = try objects.map { try #require($0["top"] as? [[String: Any]]) }
    #expect(top.allSatisfy { $0.count == 3 })
    #expect(top.map { $0[0]["class"] as? Int } == [2, 3, 4] && top[0][0]["name"] as? String == "kind 2")
    #expect((top[0][0]["probability"] as? Double).map { $0 > 0.9947 && $0 < 0.9949 } == true)
    #expect(try Telar.run("predict", classifier, path, "--first", "4", "--device", "cpu").outLines.count == 4)
    #expect(try Telar.run("predict", classifier, path, "--device", "cpu").outLines.count == 20)
  }

  @Test func `images that cannot be used are refused before anything is printed`() throws {
    let good = try image(1)
    func refusal(_ status: Int32, _ name: String, _ bytes: [UInt8], _ part: String) throws {
      try expectRefusal(["predict", classifier, good, folder.write(name, bytes)], status, part)
    }
    let small = HandMadePNG.file(width: 3, height: 2, rows: [[1, 2, 3], [4, 5, 6]])
    try refusal(65, "small.png", small, "small.png is 3 × 2 pixels, and the network takes 28 × 28.")
    try refusal(65, "cut.png", Array(small.prefix(40)), "cut.png is")
    let huge = HandMadePNG.signature + HandMadePNG.header(width: 1_000_000, height: 1_000_000)
    try refusal(65, "huge.png", huge + HandMadePNG.chunk("IDAT", []), "is 1000000 × 1000000 pixels")
    try refusal(65, "text.png", Array("hello".utf8), "text.png is neither a PNG, a JPEG nor an IDX file")
    try refusal(65, "some.idx", SmallDataSet.idx([0xffff_ffff, 28, 28], [1]), "more than the 156800000 allowed")
    try refusal(65, "gzip.gz", [0x1f, 0x8b, 8, 0], "cut short")
    try expectRefusal(["predict", classifier, good, folder.path + "/nothing.png"], 66, "nothing.png cannot be read")
    try expectRefusal(["predict", classifier, folder.path], 66, "not a regular file")
    try expectRefusal(
      ["predict", classifier, data.path + "/t10k-images-idx3-ubyte", "--range", "18-20"], 65,
      "has 20 images, counted from 0, and none at 20.")
    let all = try Telar.run(
      "predict", classifier, data.path + "/t10k-images-idx3-ubyte", "--first", "30", "--device", "cpu")
    #expect(all.outLines.count == 20)
    try expectRefusal(["evaluate", folder.path], 65, "is a folder: name a file in it, such as best.safetensors")
    try expectRefusal(
      ["evaluate", folder.path + "/none"], 66,
      "No such file or directory (runs keep best.safetensors and last.safetensors in STUDY/EXPERIMENT/seed-N)")
    try expectRefusal(
      ["predict", classifier, data.path + "/t10k-images-idx3-ubyte", "--range", "20-30"], 65,
      "has 20 images, counted from 0, and none at 20.")
  }

  // MARK: reconstruct

  @Test(arguments: ["png", "svg"]) func `reconstructions are drawn`(format: String) throws {
    let out = "\(folder.path)/figure.\(format)"
    let result = try Telar.run(["reconstruct", autoencoder, "--out", out] + small)
    #expect(result.status == 0, "\(result.error)")
    #expect(result.outLines.count == 10)
    let bright = (200 / 255.0 - 0.5)
    let dark = (10 / 255.0 - 0.5)
    let error = String(format: "%.6f", (bright * bright + 27 * dark * dark) / 28)
    #expect(result.outLines[1] == "test image 1 (class 1): mean squared error \(error)")
    let picture = try Data(contentsOf: URL(fileURLWithPath: out))
    #expect(picture.starts(with: format == "png" ? HandMadePNG.signature : Array("<?xml".utf8)))
    let table = try folder.text("figure.csv").split(separator: "\n")
    #expect(table.count == 21 && table[11].hasPrefix("reconstruction,class 0,0.6"))
    // Greys are those of pixels: 10 is −0.92, of which half stands for 0.27.
    #expect(table[12].split(separator: ",")[2].hasPrefix("0.2696"))
  }

  @Test func `images of one's own are reconstructed`() throws {
    let (one, two) = (try image(1), try image(2))
    let out = folder.path + "/own.png"
    let result = try Telar.run("reconstruct", autoencoder, one, two, "--json", "--out", out, "--device", "cpu")
    let objects = try result.outLines.map(object)
    #expect(objects.map { $0["image"] as? String } == [one, two] && objects.allSatisfy { $0["mse"] is Double })
    let names = try folder.text("own.csv").split(separator: "\n").dropFirst().map { $0.split(separator: ",")[1] }
    #expect(names == ["class-1.png", "class-2.png", "class-1.png", "class-2.png"])
    // Neither the figure nor its numbers are replaced unasked.
    try expectRefusal(["reconstruct", autoencoder, one, "--out", out], 73, "own.png is there already")
    let drawing = folder.path + "/own.svg"
    try expectRefusal(["reconstruct", autoencoder, one, "--out", drawing], 73, "own.csv is there already")
    let again = ["reconstruct", autoencoder, one, "--out", drawing, "--overwrite", "--device", "cpu"]
    #expect(try Telar.run(again).status == 0)
    #expect(try folder.text("own.csv").split(separator: "\n").count == 3)
  }

  @Test func `figures that cannot be made are refused`() throws {
    let idx = data.path + "/train-images-idx3-ubyte"
    let out = folder.path + "/a.png"
    let one = try image(1)
    try expectRefusal(["reconstruct", autoencoder], 64, "--out")
    try expectRefusal(["reconstruct", autoencoder, "--out", "a.jpg"], 64, "--out a.jpg is no .png or .svg")
    try expectRefusal(["reconstruct", autoencoder, "--out", out, "--invert"], 64, "for images that are named")
    try expectRefusal(["reconstruct", autoencoder, idx, one, "--out", out], 64, "41 images do not fit a figure")
    let result = try Telar.run("reconstruct", autoencoder, one, "--out", "/nonexistent/a.png", "--device", "cpu")
    #expect(result.status == 73 && result.out.isEmpty && result.error.contains("cannot create /nonexistent/a."))
    // Without gnuplot the numbers are there, and the exit code says that the figure is not.
    let bare = try Telar.run(
      ["reconstruct", autoencoder, one, "--out", out, "--device", "cpu"], environment: ["PATH": "/nonexistent"])
    #expect(bare.status == 73 && bare.outLines.count == 1)
    #expect(bare.error.contains("gnuplot is not installed") && bare.error.contains("\(folder.path)/a.csv"))
  }

  // MARK: export

  @Test func `an ONNX file is written, the same each time`() throws {
    let out = folder.path + "/a.onnx"
    let result = try Telar.run("export", classifier, "--onnx", out)
    #expect(result.status == 0 && result.error.isEmpty)
    #expect(result.out == "\(out): 3 operators, [N, 1, 28, 28] to [N, 10]\n")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: out))
    // What is there is replaced where that is said.
    try expectRefusal(["export", autoencoder, "--onnx", out], 73, "a.onnx is there already: --overwrite replaces it.")
    #expect(try Data(contentsOf: URL(fileURLWithPath: out)) == bytes)
    #expect(try Telar.run("export", classifier, "--onnx", out, "--overwrite").status == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: out)) == bytes)
    for text in ["AveragePool", "classifier.0.weight", "kind 9", "cross_entropy", "A classifier. Input: pixels from"] {
      #expect(bytes.range(of: Data(text.utf8)) != nil, "\(text)")
    }
    let second = folder.path + "/b.onnx"
    #expect(try Telar.run("export", autoencoder, "--onnx", second).status == 0)
    let other = try Data(contentsOf: URL(fileURLWithPath: second))
    #expect(other.range(of: Data("(pixel - 0.5) / 0.5".utf8)) != nil && other.range(of: Data("optimizer".utf8)) == nil)
  }

  @Test func `files that cannot be written are refused`() throws {
    try expectRefusal(["export", classifier], 64, "--onnx")
    try expectRefusal(["export", classifier, "--onnx", ""], 64, "--onnx names no file")
    try expectRefusal(["export", classifier, "--onnx", "/nonexistent/a.onnx"], 73, "cannot create /nonexistent/a.onnx")
  }

  // MARK: All of them

  /// Each command on a checkpoint, with all else that it needs.
  private func commands(_ checkpoint: String) throws -> [[String]] {
    [
      ["evaluate", checkpoint] + small, ["predict", checkpoint, try image(1)],
      ["reconstruct", checkpoint, "--out", folder.path + "/a.png"] + small,
      ["export", checkpoint, "--onnx", folder.path + "/a.onnx"],
    ]
  }

  @Test func `broken checkpoints are refused by every command`() throws {
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: classifier)))
    var long = bytes
    long[7] = 0x7f
    var unlike = bytes
    unlike[20] ^= 0x55
    for (name, bytes) in [
      ("empty", []), ("text", Array("hello world, this is no checkpoint".utf8)), ("cut", Array(bytes.dropLast(1))),
      ("long", long), ("unlike", unlike),
    ] {
      for command in try commands(folder.write(name, bytes)) {
        try expectRefusal(command, 65, "\(folder.path)/\(name):")
      }
    }
    for command in try commands(folder.path + "/nothing") {
      try expectRefusal(command, 66, "nothing: cannot be opened")
    }
  }

  @Test func `a network whose parts code wires is refused with that reason`() throws {
    let path = folder.path + "/skip.safetensors"
    try TestDevices.cpu.use { device in
      let network = try Network(on: device, inputShape: nil, seed: 1) {
        Part("encoder") { Conv2d(1, 1, kernelSize: 1) }
        Part("decoder") { Conv2d(1, 1, kernelSize: 1) }
      }
      try network.save(to: path, metadata: CheckpointInfo(loss: .reconstruction).metadata)
    }
    for command in try commands(path) {
      try expectRefusal(command, 65, "is of a network whose parts are wired by code")
    }
  }

  @Test func `a pickle is called one`() throws {
    let pickle: [UInt8] = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]
    for command in try commands(folder.write("model.pt", pickle)) {
      try expectRefusal(command, 65, "model.pt: is not a safetensors file: it is a Python pickle")
    }
  }

  @Test func `a file of PyTorch's is told what it lacks`() throws {
    let path = folder.path + "/pytorch.safetensors"
    var writer = SafetensorsWriter()
    writer.metadata["format"] = "pt"
    writer.add("encoder.0.weight", shape: [1], [Float(0)])
    try writer.write(to: path)
    for command in try commands(path) {
      try expectRefusal(command, 65, "has no architecture in its metadata, as files that PyTorch writes")
    }
  }

  @Test func `a network of another sort is told what it is`() throws {
    try expectRefusal(["predict", autoencoder, try image(1)], 65, "is an autoencoder, which tells no classes")
    try expectRefusal(
      ["reconstruct", classifier, "--out", folder.path + "/a.png"], 65, "is a classifier, which reconstructs nothing")
  }

  @Test(
    arguments: [
      (["evaluate"], "Missing expected argument '<checkpoint>'"),
      (["evaluate", "a", "--split", "all"], "The value 'all' is invalid for '--split"),
      (["predict", "a"], "Missing expected argument '<image>"),
      (["predict", "a", "b", "--top", "0"], "--top 0 is not"),
      (["predict", "a", "b", "--first", "0"], "--first 0 is not 1 to 200000"),
      (["predict", "a", "b", "--first", "1", "--range", "1-2"], "give --first or --range, not both"),
      (["predict", "a", "b", "--range", "2-1"], "--range 2-1 is no range such as 100-109"),
      (["predict", "a", "b", "--range", "1-"], "--range 1- is no range"),
      (["predict", "a", "b", "--range", "+1"], "--range +1 is no range"),
      (["predict", "a", "b", "--range", "1-99999999999999999999"], "is no range"),
      (["export", "--onnx", "a"], "Missing expected argument '<checkpoint>'"),
    ])
  func `wrong usage is refused with 64`(arguments: [String], part: String) throws {
    try expectRefusal(arguments, 64, part)
  }
}
