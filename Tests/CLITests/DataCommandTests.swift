import Foundation
import TestSupport
import Testing

/// `telar data`, and training and predicting on images of one's own.
@Suite("Own images")
struct DataCommandTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (split, count) in [("train", 6), ("val", 3)] {
      for (name, colour) in [("red", [200, 30, 20]), ("blue", [10, 40, 220])] as [(String, [UInt8])] {
        let path = folder.path + "/set/\(split)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for index in 0..<count {
          try folder.write("set/\(split)/\(name)/\(index).png", image(colour, UInt8(10 * index), side: 8 + index % 2))
        }
      }
    }
  }

  private func image(_ colour: [UInt8], _ change: UInt8, side: Int) -> [UInt8] {
    HandMadePNG.file(
      width: UInt32(side), height: UInt32(side), .rgb,
      rows: [[UInt8]](
        repeating: (0..<side).flatMap { x in [colour[0] &+ UInt8(x), colour[1] &+ change, colour[2] &+ UInt8(x)] },
        count: side))
  }

  private var set: String { folder.path + "/set" }

  @Test func `a data set is described`() throws {
    let sizes = try Telar.run("data", set)
    #expect(
      sizes.status == 65
        && sizes.out.contains("unreadable: \(set)/train/blue/1.png is 9 × 9 pixels, and 0.png is 8 × 8"))
    #expect(sizes.error.contains("cannot be read: remove or replace them before training."))
    let data = try Telar.run("data", set, "--resize", "8")
    #expect(data.status == 0 && data.error.isEmpty)
    #expect(data.outLines[0] == "\(set): a folder of PNG and JPEG images a class")
    #expect(data.outLines[1] == "image        8×8×3, colour")
    #expect(data.out.contains("                 train       val\n"))
    #expect(data.out.contains("images              12         6\n"))
    #expect(data.out.contains("blue                 6         3\n"))
    #expect(data.outLines.contains("duplicates: 6 images of val are in train too"))
    #expect(data.outLines.allSatisfy { $0.count <= 80 || $0.contains(set) })
    let json = try Telar.run("data", set, "--resize", "8", "--json")
    #expect(json.outLines.count == 1)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any])
    #expect(object["class_names"] as? [String] == ["blue", "red"] && object["image_shape"] as? [Int] == [8, 8, 3])
    #expect((object["mean"] as? [Double])?.count == 3 && object["format"] as? String == "folder")
  }

  @Test func `a contact sheet is drawn`() throws {
    let sheet = folder.path + "/sheet.png"
    let drawn = try Telar.run("data", set, "--resize", "8", "--out", sheet)
    #expect(drawn.status == 0 && FileManager.default.fileExists(atPath: sheet))
    #expect(try Telar.run("data", set, "--resize", "8", "--out", sheet).status == 73)
    #expect(try Telar.run("data", set, "--resize", "8", "--out", folder.path + "/sheet.gif").status == 64)
  }

  @Test func `wrong options and folders get a line`() throws {
    for (arguments, text) in [
      (["--resize", "0"], "--resize 0 is no size such as 64 or 48x64"), (["--crop"], "--crop is for --resize"),
      (["--validation-share", "1"], "is not between 0 and 1"), (["--color", "green"], "'green' is invalid"),
    ] {
      let wrong = try Telar.run(["data", set] + arguments)
      #expect(wrong.status == 64 && wrong.errorLines.count == 1 && wrong.error.contains(text), "\(wrong.error)")
    }
    let level = try Telar.run("data", folder.path)
    #expect(
      level.status == 65 && level.error == "telar: \(folder.path): its folder set holds the data set: name \(set).\n")
    #expect(try Telar.run("data", "/nowhere").status == 66)
  }

  @Test func `a recipe trains on a folder, and its checkpoint predicts any image`() throws {
    try folder.write(
      "own.toml",
      Array(
        """
        name = "own"
        [data]
        path = "set"
        resize = 6
        [[experiments]]
        name = "net"
        loss = "cross_entropy"
        epochs = 40
        batch_size = 4
        normalization = "computed"
        optimizer = { name = "Adam", learning_rate = 0.01 }
        [[experiments.parts]]
        name = "net"
        layers = [
          { layer = "Conv2d", in_channels = "$channels", out_channels = 4, kernel_size = 3 },
          "ReLU",
          "Flatten",
          { layer = "Linear", in_features = 64, out_features = "$classes" },
        ]
        """.utf8))
    let recipe = folder.path + "/own.toml", runs = folder.path + "/runs"
    let trained = try Telar.run("train", recipe, "--out", runs, "--device", "cpu", "--quiet")
    #expect(trained.status == 0, "\(trained.error)")
    let checkpoint = runs + "/own/net/seed-0/last.safetensors"
    // Of another size than the network takes.
    let photo = try folder.write("photo.png", image([190, 50, 30], 3, side: 17))
    let predicted = try Telar.run("predict", checkpoint, photo, "--device", "cpu", "--top", "1")
    #expect(predicted.out.hasPrefix("\(photo): 1 red "), "\(predicted.out)\(predicted.error)")
    let evaluated = try Telar.run("evaluate", checkpoint, "--data", set, "--split", "val", "--device", "cpu", "--json")
    #expect(evaluated.out.contains(#""images":6"#) && evaluated.out.contains(#""class_names":["blue","red"]"#))
    #expect(evaluated.out.contains(#""accuracy":1"#), "\(evaluated.out)\(evaluated.error)")
    #expect(
      try Telar.run("evaluate", checkpoint, "--data", set, "--device", "cpu").error.contains(
        "has no test images: give --split"))
    let report = try Telar.run("report", runs + "/own")
    #expect(report.status == 0, "\(report.error)")
    let again = try Telar.run("train", recipe, "--out", runs, "--device", "cpu", "--quiet")
    #expect(again.status == 0, "\(again.error)")
    let other = try Telar.run("study", "molina", "base", "--data", set, "--out", runs, "--device", "cpu")
    #expect(other.status == 65 && other.error.contains("bring all to one size"))
    #expect(try Telar.run("train", recipe, "--list").out.contains("pixels by the data's mean and deviation"))
  }
}
