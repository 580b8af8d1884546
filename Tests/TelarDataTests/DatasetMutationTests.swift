import Foundation
import TelarData
import TestSupport
import Testing

/// Files of every format with bytes changed, cut and put together anew: each is read, or refused by name.
@Suite struct DatasetMutationTests {
  /// Changes a few bytes, cuts the file, or repeats a part of it.
  private func mutated(_ file: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = file
    for _ in 0...Int.random(in: 0..<4, using: &random) {
      guard !bytes.isEmpty else { return bytes }
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1..<9, using: &random)))
      case 1: bytes.insert(contentsOf: bytes[..<place].suffix(Int.random(in: 1..<40, using: &random)), at: place)
      case 2: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random) / 4)
      case 3: bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random)!
      default: bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
    }
    return bytes
  }

  @Test func `mutated images are read or refused`() throws {
    var random = SeededGenerator(seed: 1)
    var refused = 0
    for test in PillowTests.cases where test.size == nil {
      let file = Array(Data(base64Encoded: test.file)!)
      for _ in 0..<200 {
        do throws(ImageFileError) {
          let image = try ImageFile.raster(mutated(file, &random), path: "x")
          #expect(image.samples.count == image.height * image.width * image.channels)
        } catch {
          refused += 1
          #expect(error.path == "x" && !error.problem.isEmpty && !error.problem.contains("\n"), "\(error)")
        }
      }
    }
    #expect(refused > 1_000)
  }

  /// Reads a mutated file thousands of times.
  private func check(
    _ name: String, _ file: [UInt8], in folder: TemporaryFolder, path: String? = nil, count: Int, seed: UInt64
  ) throws -> Int {
    var random = SeededGenerator(seed: seed)
    var options = ImageDataset.Options()
    options.memoryLimit = 1 << 24
    var refused = 0
    for _ in 0..<count {
      try folder.write(name, mutated(file, &random))
      do {
        let data = try ImageDataset.load(path ?? folder.path, options)
        #expect(data.training.pixels.count == data.training.count * data.size.byteCount)
      } catch let error as DataError {
        refused += 1
        #expect(!error.description.contains("\n"))
      }
    }
    try folder.write(name, file)
    return refused
  }

  @Test func `mutated IDX and CIFAR files are read or refused`() throws {
    let folder = try TemporaryFolder()
    try SmallDataSet.write(into: folder, trainingCount: 6, testCount: 3)
    for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"] {
      let file = Array(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + name)))
      #expect(try check(name, file, in: folder, count: 400, seed: 2) > 50)
      let packed = gzip(file)
      #expect(try check(name + ".gz", packed, in: folder, count: 400, seed: 3) > 50)
      try FileManager.default.removeItem(atPath: folder.path + "/" + name + ".gz")
    }
    let cifar = try TemporaryFolder()
    let record = [UInt8](repeating: 3, count: 3_073)
    try cifar.write("test_batch.bin", record)
    #expect(try check("data_batch_1.bin", record, in: cifar, count: 300, seed: 4) > 50)
  }

  @Test func `mutated arrays and archives are read or refused`() throws {
    let folder = try TemporaryFolder()
    let images = NumPy.array("|u1", [6, 3, 2], (0..<36).map { UInt8($0) })
    let labels = NumPy.array("<i4", [6], (0..<6).flatMap { littleEndian(Int32($0 % 2)) })
    try folder.write("labels.npy", labels)
    #expect(try check("images.npy", images, in: folder, count: 1_000, seed: 5) > 200)
    #expect(try check("labels.npy", labels, in: folder, count: 1_000, seed: 6) > 200)
    for isDeflated in [false, true] {
      let archive = NumPy.archive([("images.npy", images), ("labels.npy", labels)], isDeflated: isDeflated)
      let path = folder.path + "/set.npz"
      #expect(try check("set.npz", archive, in: folder, path: path, count: 1_500, seed: 7) > 500)
    }
  }
}
