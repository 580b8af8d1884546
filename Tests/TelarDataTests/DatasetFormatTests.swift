import Foundation
import TelarData
import TestSupport
import Testing

/// Data sets of each format.
@Suite struct DatasetFormatTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func problem(_ path: String? = nil, _ options: ImageDataset.Options = .init()) -> String {
    let error = #expect(throws: DataError.self) { try ImageDataset.load(path ?? folder.path, options) }
    return "\(error as Any? ?? "none")".replacingOccurrences(of: folder.path, with: "DIR")
  }

  // MARK: IDX

  private func writeIDX(
    _ prefix: String = "", shape: [UInt32] = [3, 5], labels: [UInt8] = [0, 1, 2, 2], test: String = "t10k"
  ) throws -> [UInt8] {
    let size = shape.reduce(1, *)
    let pixels = (0..<labels.count * Int(size)).map { UInt8(truncatingIfNeeded: $0 * 7) }
    for kind in ["train", test] {
      try folder.write("\(prefix)\(kind)-labels-idx1-ubyte", SmallDataSet.idx([UInt32(labels.count)], labels))
      try folder.write(
        "\(prefix)\(kind)-images-idx\(shape.count + 1)-ubyte", SmallDataSet.idx([UInt32(labels.count)] + shape, pixels))
    }
    return pixels
  }

  @Test func `IDX files have any size, channels and classes`() throws {
    let pixels = try writeIDX(shape: [3, 5, 3], labels: [0, 1, 2, 200])
    let data = try ImageDataset.load(folder.path)
    #expect(data.format == "idx" && data.size == ImageSize(height: 3, width: 5, channels: 3))
    #expect(data.classCount == 201 && data.training.pixels == pixels && data.test?.labels == [0, 1, 2, 200])
    #expect(data.training.selecting([1]).pixels == Array(pixels[45..<90]) && data.notes.isEmpty)
    #expect(!data.isFashionMNIST && data.sums.count == 4 && data.validation == nil)
  }

  @Test func `EMNIST is turned back, and its labels lowered`() throws {
    let pixels = try writeIDX("emnist-letters-", labels: [1, 2, 3, 3], test: "test")
    let data = try ImageDataset.load(folder.path)
    #expect(data.size == ImageSize(height: 5, width: 3, channels: 1) && data.training.labels == [0, 1, 2, 2])
    #expect(data.classCount == 3 && data.notes.count == 2)
    #expect(data.training.pixels.prefix(4) == [pixels[0], pixels[5], pixels[10], pixels[1]])
    // Two sets in a folder are told apart by their names.
    _ = try writeIDX("emnist-digits-", test: "test")
    #expect(problem().contains("holds several data sets; name one, as --data DIR/emnist-digits"))
    #expect(try ImageDataset.load(folder.path + "/emnist-digits").training.labels == [0, 1, 2, 2])
    // Labels without a zero that are not 1 to n stay.
    _ = try writeIDX("emnist-digits-", labels: [1, 3, 3, 4], test: "test")
    #expect(try ImageDataset.load(folder.path + "/emnist-digits").training.labels == [1, 3, 3, 4])
  }

  @Test func `what IDX files cannot be is named`() throws {
    _ = try writeIDX(shape: [3, 5, 2])
    #expect(problem().contains("its images have 2 channels, not 1, 3 or 4"))
    #expect(problem("/nowhere/x").contains("/nowhere/x/train-labels-idx1-ubyte.gz not found"))
    _ = try writeIDX(shape: [3, 5, 3])
    var options = ImageDataset.Options()
    options.memoryLimit = 200
    #expect(problem(nil, options).contains("DIR has 1 MiB of pixels, more than the 1 MiB"))
    options.memoryLimit = 2 * 4 * 45
    #expect(try ImageDataset.load(folder.path, options).training.count == 4)
  }

  @Test func `a folder of nothing that is known says what is`() throws {
    try folder.write("readme.txt", [1])
    #expect(problem().contains("it is no data set that is known: a folder of IDX files"))
    try folder.write("data_batch_1", [1])
    #expect(problem().contains("download the binary version"))
  }

  // MARK: CIFAR

  private func record(_ label: [UInt8], _ seed: Int) -> [UInt8] {
    label + (0..<3_072).map { UInt8(truncatingIfNeeded: $0 / 1_024 * 50 + $0 % 1_024 + seed) }
  }

  @Test func `CIFAR's planes become pixels`() throws {
    try folder.write("data_batch_1.bin", record([3], 0) + record([9], 1))
    try folder.write("data_batch_10.bin", record([1], 2))
    try folder.write("data_batch_2.bin", record([0], 3))
    try folder.write("test_batch.bin", record([2], 4))
    let data = try ImageDataset.load(folder.path)
    #expect(data.format == "cifar" && data.size.text == "32×32×3" && data.classCount == 10)
    #expect(data.training.labels == [3, 9, 0, 1] && data.test?.labels == [2])
    #expect(data.training.pixels.prefix(6) == [0, 50, 100, 1, 51, 101])
    #expect(data.classNames?[3] == "cat")
    try folder.write("test_batch.bin", record([10], 4))
    #expect(problem().contains("label 10 of image 0 is not 0 to 9"))
    try folder.write("test_batch.bin", record([1], 4) + [1])
    #expect(problem().contains("its 3074 bytes are not records of 3073"))
    try folder.write("batches.meta.txt", Array("a\nb\n".utf8))
    #expect(problem().contains("it does not name 10 classes"))
  }

  @Test func `CIFAR-100 has fine labels`() throws {
    let inside = folder.path + "/cifar-100-binary"
    try FileManager.default.createDirectory(atPath: inside, withIntermediateDirectories: true)
    try folder.write("cifar-100-binary/train.bin", record([7, 99], 0))
    try folder.write("cifar-100-binary/test.bin", record([7, 0], 0))
    let data = try ImageDataset.load(folder.path)
    #expect(data.training.labels == [99] && data.classCount == 100 && data.classNames == nil)
    try FileManager.default.removeItem(atPath: inside + "/test.bin")
    #expect(problem().contains("DIR/cifar-100-binary/test.bin not found"))
  }

  // MARK: NumPy

  @Test func `NumPy's arrays of any kind become bytes`() throws {
    let bytes = (0..<24).map { UInt8($0 * 10) }
    let floats = bytes.flatMap { littleEndian(Float($0).bitPattern) }
    let wide = bytes.flatMap { [0, 0, 0, $0] as [UInt8] }
    let units = bytes.flatMap { littleEndian((Double($0) / 255).bitPattern) }
    for (kind, values) in [("|u1", bytes), ("<f4", floats), (">i4", wide), ("<f8", units)] {
      try folder.write("x_train.npy", NumPy.array(kind, [4, 2, 3], values))
      try folder.write("y_train.npy", NumPy.array("<i8", [4, 1], [1, 0, 2, 1].flatMap { littleEndian(UInt64($0)) }))
      try folder.write("x_test.npy", NumPy.array(kind, [4, 2, 3], values))
      try folder.write("y_test.npy", NumPy.array("|u1", [4], [0, 0, 2, 1]))
      let data = try ImageDataset.load(folder.path)
      #expect(data.training.pixels == bytes && data.training.labels == [1, 0, 2, 1], "\(kind)")
      #expect(data.format == "numpy" && data.classCount == 3 && data.test?.labels == [0, 0, 2, 1])
    }
  }

  @Test func `an npz file's channels may come first`() throws {
    // [4, 3, 1, 2]: red, green and blue planes of two pixels.
    let images = NumPy.array("|u1", [4, 3, 1, 2], (0..<24).map { UInt8($0) })
    let labels = NumPy.array("<u2", [4], [0, 0, 1, 0, 0, 0, 1, 0])
    for isDeflated in [false, true] {
      let path = try folder.write(
        "set.npz", NumPy.archive([("images.npy", images), ("labels.npy", labels)], isDeflated: isDeflated))
      #expect(problem(path).contains("say --channels-first"))
      var options = ImageDataset.Options()
      options.areChannelsFirst = true
      options.validationShare = 0.5
      let data = try ImageDataset.load(path, options)
      #expect(data.size == ImageSize(height: 1, width: 2, channels: 3))
      #expect(data.training.count == 2 && data.validation?.count == 2 && data.test == nil)
      #expect(data.training.labels.sorted() == [0, 1] && data.validation?.labels.sorted() == [0, 1])
      #expect(data.notes.count == 1)
      let all = data.training.pixels + data.validation!.pixels
      #expect(
        Set(stride(from: 0, to: 24, by: 6).map { Array(all[$0..<$0 + 3]) }) == [
          [0, 2, 4], [6, 8, 10], [12, 14, 16], [18, 20, 22],
        ])
    }
  }

  @Test func `what arrays cannot be is named`() throws {
    func write(_ kind: String, _ shape: [Int], _ values: [UInt8], order: String = "False") throws {
      try folder.write("images.npy", NumPy.array(kind, shape, values, order: order))
    }
    try folder.write("labels.npy", NumPy.array("|u1", [2], [0, 1]))
    try write("|u1", [2, 1, 2], [1, 2, 3, 4], order: "True")
    #expect(problem().contains("it is stored by columns (fortran_order)"))
    try write("|O", [2, 1, 1], [1, 2])
    #expect(problem().contains("its values are \"|O\", which is not read"))
    try write("|u1", [3, 1, 1], [1, 2, 3])
    #expect(problem().contains("it has 3 images, and there are 2 labels"))
    try write("|u1", [2, 1, 1], [1])
    #expect(problem().contains("its header announces 2 bytes of values, and there are 1"))
    try write("<f4", [2, 1, 1], [2, 300].flatMap { littleEndian(Float($0).bitPattern) })
    #expect(problem().contains("value 300.0 at position 1 is not from 0 to 1, or from 0 to 255"))
    try write("<f4", [2, 1, 1], [Float.nan, 1].flatMap { littleEndian($0.bitPattern) })
    #expect(problem().contains("value nan at position 0"))
    try write("<i2", [2, 1, 1], [255, 255, 1, 0])
    #expect(problem().contains("value -1.0 at position 0 is not from 0 to 255"))
    try write("|u1", [4_000_000_000, 4_000_000_000, 4_000_000_000], [])
    #expect(problem().contains("more values than any file holds"))
    try write("|u1", [2, 1, 1], [1, 2])
    try folder.write("labels.npy", NumPy.array("<f4", [2], [UInt8](repeating: 0, count: 8)))
    #expect(problem().contains("labels are integers, and these are floats"))
    try folder.write("labels.npy", NumPy.array("|u1", [2], [0, 0]))
    #expect(problem().contains("the class class 0 has one image") || problem().contains("all its labels are 0"))
    try folder.write("y_train.npy", [1])
    try FileManager.default.removeItem(atPath: folder.path + "/labels.npy")
    #expect(problem().contains("it has no arrays train_images and train_labels"))
  }

  @Test func `a bomb in an archive is refused before it is unpacked`() throws {
    let zeros = NumPy.archive([("images.npy", [UInt8](repeating: 0, count: 1 << 22))], isDeflated: true)
    let archive = try ZipArchive(zeros, path: "bomb")
    #expect(zeros.count < 10_000)
    #expect(throws: DataError.tooLarge(path: "bomb", byteCount: 1 << 22, limit: 1 << 20)) {
      try archive.contents(of: archive.entries[0], atMost: 1 << 20)
    }
    // One that announces less than it holds.
    var lying = archive.entries[0]
    lying.count = 1_000
    #expect(throws: DataError.self) { try archive.contents(of: lying, atMost: 1 << 20) }
    #expect(try archive.contents(of: archive.entries[0], atMost: 1 << 23).count == 1 << 22)
  }

  // MARK: All

  @Test func `mean and deviation are those of all pixels of a channel`() {
    let images = LabelledImages(
      count: 2, height: 1, width: 2, channels: 3, pixels: [0, 255, 51, 255, 255, 51, 0, 255, 51, 255, 255, 51],
      labels: [0, 1])
    let statistics = ChannelStatistics(of: images)
    #expect(statistics.mean == [0.5, 1, 0.2] && statistics.deviation == [0.5, 0, 0])
  }

  @Test func `any data set can be brought to another size and to grey`() throws {
    _ = try writeIDX(shape: [3, 5, 3])
    var options = ImageDataset.Options()
    options.preparation = ImagePreparation(size: .init(height: 2, width: 2), channels: 1)
    let data = try ImageDataset.load(folder.path, options)
    #expect(data.size == ImageSize(height: 2, width: 2, channels: 1) && data.training.pixels.count == 16)
    let plain = try ImageDataset.load(folder.path)
    #expect(data.sums != plain.sums && data.preparation == options.preparation)
    #expect(ImagePreparation(json: options.preparation.json) == options.preparation)
  }
}

func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}
