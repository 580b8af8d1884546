import Foundation
import TelarData
import TestSupport
import Testing

/// Folders of images: what is read, and what newcomers do wrong.
@Suite struct ImageFolderTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func grey(_ value: UInt8, _ height: Int = 2, _ width: Int = 2) -> [UInt8] {
    HandMadePNG.file(
      width: UInt32(width), height: UInt32(height),
      rows: (0..<height).map { y in (0..<width).map { x in value &+ UInt8(truncatingIfNeeded: y * width + x) } })
  }

  private func colour(_ value: UInt8) -> [UInt8] {
    HandMadePNG.file(width: 2, height: 2, .rgb, rows: [[UInt8](repeating: value, count: 6), [1, 2, 3, 4, 5, 6]])
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    let path = folder.path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try folder.write(name, bytes)
  }

  private func problem(_ name: String = "", _ options: ImageDataset.Options = .init()) -> String {
    let path = name.isEmpty ? folder.path : folder.path + "/" + name
    let error = #expect(throws: DataError.self) { try ImageDataset.load(path, options) }
    let text = "\(error as Any? ?? "none")".replacingOccurrences(of: folder.path, with: "DIR")
    #expect(!text.contains("\n"))
    return text
  }

  @Test func `folders are classes, in the order of their names`() throws {
    for (index, name) in ["train/b/2.png", "train/b/deep/1.png", "train/a/x.PNG", "val/a/1.png", "test/b/9.png"]
      .enumerated()
    {
      try write(name, grey(UInt8(10 * index)))
    }
    try write("train/a/notes.txt", [1])
    try write("train/.hidden/1.png", [1])
    let data = try ImageDataset.load(folder.path)
    #expect(data.format == "folder" && data.classNames == ["a", "b"] && data.classCount == 2)
    #expect(data.size == ImageSize(height: 2, width: 2, channels: 1))
    #expect(data.training.labels == [0, 1, 1])
    #expect(data.training.pixels == [20, 21, 22, 23, 0, 1, 2, 3, 10, 11, 12, 13])
    #expect(data.validation?.labels == [0] && data.validation?.pixels.first == 30 && data.test?.labels == [1])
    #expect(data.sums.keys.sorted() == ["test", "train", "val"])
    #expect(data.notes == ["val/ has no images of b", "test/ has no images of a"])
    // From the cache there are the same.
    let again = try ImageDataset.load(folder.path)
    #expect(again.sums == data.sums && again.training.pixels == data.training.pixels)
  }

  @Test func `a set without splits is divided by class`() throws {
    for index in 0..<10 { try write("a/\(index).png", grey(UInt8(index))) }
    for index in 0..<5 { try write("b/\(index).png", grey(UInt8(100 + index))) }
    var options = ImageDataset.Options()
    options.validationShare = 0.3
    let data = try ImageDataset.load(folder.path, options)
    #expect(data.validation?.labels == [0, 0, 0, 1, 1] && data.training.count == 10 && data.test == nil)
    let firsts = stride(from: 0, to: 60, by: 4).map { (data.training.pixels + data.validation!.pixels)[$0] }
    #expect(Set(firsts) == Set((0..<10).map { UInt8($0) } + (100..<105).map { UInt8($0) }))
    #expect(try ImageDataset.load(folder.path, options).sums == data.sums)
    options.splitSeed = 7
    #expect(try ImageDataset.load(folder.path, options).sums != data.sums)
    try write("c/0.png", grey(1))
    #expect(problem().contains("the class c has one image"))
  }

  @Test func `grey, colour and size are as asked for`() throws {
    try write("a/1.png", grey(0, 4, 6))
    try write("a/2.png", grey(9, 4, 6))
    try write("b/1.png", colour(3))
    try write("b/2.png", colour(4))
    #expect(problem().contains("b/1.png is coloured, and 1.png is not: convert all with --color grey or --color rgb"))
    var options = ImageDataset.Options()
    options.preparation.channels = 3
    #expect(
      problem("", options).contains("b/1.png is 2 × 2 pixels, and 1.png is 6 × 4: bring all to one size with --resize"))
    options.preparation.size = .init(height: 3, width: 5)
    let data = try ImageDataset.load(folder.path, options)
    #expect(data.size == ImageSize(height: 3, width: 5, channels: 3) && data.preparation == options.preparation)
    options.preparation.channels = 4
    #expect(try ImageDataset.load(folder.path, options).training.pixels[3] == 255)
  }

  @Test func `newcomers' folders get a line that says what to do`() throws {
    try write("set/train/a/1.png", grey(1))
    try write("set/train/b/1.png", grey(2))
    try write("set/val/a/1.png", grey(3))
    #expect(problem() == "DIR: its folder set holds the data set: name DIR/set.")
    #expect(
      problem("set/train/a").contains(
        "it holds images itself, and not a folder for each class: name the folder above it, DIR/set/train"))
    try FileManager.default.createDirectory(atPath: folder.path + "/set/train/c", withIntermediateDirectories: true)
    #expect(
      problem("set") == "DIR/set: the class train/c has no images: put PNG or JPEG files there, or remove the folder.")
    try FileManager.default.removeItem(atPath: folder.path + "/set/train/c")
    try write("set/val/d/1.png", grey(1))
    #expect(
      problem("set") == "DIR/set: val/d is a class that train lacks: remove it, or put images of it into train/d.")
    try FileManager.default.removeItem(atPath: folder.path + "/set/val/d")
    try FileManager.default.removeItem(atPath: folder.path + "/set/train/b")
    #expect(problem("set").contains("it has images of one class, a, and a classifier needs two"))
    try FileManager.default.removeItem(atPath: folder.path + "/set/train")
    #expect(problem("set").contains("it has a folder val and none named train"))
  }

  @Test func `unreadable files are named, or left out`() throws {
    for index in 0..<4 {
      try write("train/a/\(index).png", grey(UInt8(index)))
      try write("train/b/\(index).png", grey(UInt8(index)))
    }
    try write("val/a/0.png", grey(1))
    try write("train/a/0.png", Array(grey(1).dropLast(9)))
    try write("train/b/2.gif", Array("GIF89a".utf8))
    try write("train/b/3.jpg", [0xff, 0xd8, 0xff, 0xe0, 0, 2])
    #expect(problem().contains("DIR: train/a/0.png is a damaged PNG"))
    #expect(problem().contains("(telar data names 2 more of the 11 images)"))
    var options = ImageDataset.Options()
    options.skipsUnreadable = true
    let data = try ImageDataset.load(folder.path, options)
    #expect(data.training.labels == [0, 0, 0, 1, 1, 1, 1])
    #expect(data.training.pixels.prefix(4) == [1, 2, 3, 4] && data.validation?.pixels == [1, 2, 3, 4])
    #expect(data.unreadable.map { ($0.path as NSString).lastPathComponent } == ["0.png", "2.gif", "3.jpg"])
    #expect(data.unreadable[1].problem == "is a GIF file; only PNG and JPEG are read")
  }

  @Test func `a decompression bomb is refused by its header`() throws {
    let header = HandMadePNG.signature + HandMadePNG.header(width: 60_000, height: 60_000, .rgb)
    let bomb = header + HandMadePNG.chunk("IDAT", HandMadePNG.zlib([0, 0])) + HandMadePNG.chunk("IEND", [])
    let error = #expect(throws: ImageFileError.self) { try ImageFile.raster(bomb, path: "bomb.png") }
    #expect(error?.problem == "announces 60000 × 60000 pixels, more than the 67108864 allowed")
    for index in 0..<3 {
      try write("a/\(index).png", grey(0, 60, 60))
      try write("b/\(index).png", grey(1, 60, 60))
    }
    var options = ImageDataset.Options()
    options.memoryLimit = 6 * 3_600 - 1
    #expect(problem("", options).contains("DIR has 1 MiB of pixels, more than"))
  }
}
