import Foundation
import TelarData
import TestSupport
import Testing

@Suite("Fashion-MNIST")
struct FashionMNISTTests {
  let folder: TemporaryFolder
  private let allowed = ImageDataset.Options(allowsOtherData: true)
  init() throws { folder = try TemporaryFolder() }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: FashionMNIST.systemDirectory)))
  func `the published files pass`() throws {
    let data = try ImageDataset.load(FashionMNIST.systemDirectory)
    let test = try #require(data.test)
    #expect(data.isFashionMNIST && data.size == .fashionMNIST && data.classCount == 10 && data.validation == nil)
    #expect(
      data.training.classNames == FashionMNIST.classNames && test.classNames == FashionMNIST.classNames)
    #expect(
      data.training.prefix(5).classNames?[9] == "Ankle boot" && data.training.suffix(2).selecting([1]).classNames != nil
    )
    #expect(data.training.count == 60_000)
    #expect(test.count == 10_000)
    #expect(data.training.pixels.count == 60_000 * 784)
    #expect(data.training.labels.prefix(5) == [9, 0, 0, 3, 0])
    for label in 0..<10 {
      #expect(data.training.labels.count { $0 == label } == 6_000)
    }
  }

  @Test func `other data needs permission`() throws {
    try SmallDataSet.write(into: folder)
    let error = #expect(throws: DataError.self) { try ImageDataset.load(folder.path) }
    guard case .unexpectedContents(let path, _, let actual) = error else { Issue.record("\(error!)"); return }
    #expect(path == folder.path + "/train-labels-idx1-ubyte")
    #expect(error!.description.contains(actual))
    let data = try ImageDataset.load(folder.path, allowed)
    let test = try #require(data.test)
    #expect(!data.isFashionMNIST)
    #expect(data.training.classNames == nil && test.classNames == nil)
    #expect(data.training.count == 40)
    #expect(test.labels == (0..<20).map { UInt16($0 % 10) })
  }

  @Test func `images are found by their labels`() {
    let set = LabelledImages(
      count: 5, height: 1, width: 2, pixels: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], labels: [7, 3, 3, 9, 7])
    #expect(set.firstOfEachClass == [1, 0, 3])
    let shown = set.selecting(set.firstOfEachClass)
    #expect(shown.labels == [3, 7, 9] && shown.pixels == [2, 3, 0, 1, 6, 7] && shown.count == 3)
    #expect(set.prefix(9).count == 5 && set.suffix(1).pixels == [8, 9] && set.suffix(9).count == 5)
    #expect(
      className(3, in: nil) == "class 3" && className(1, in: ["a", "b"]) == "b" && className(2, in: ["a"]) == "class 2")
  }

  @Test func `the folder comes from the argument, then the variable`() throws {
    try SmallDataSet.write(into: folder)
    let elsewhere = ["FASHION_MNIST_DIR": folder.path]
    #expect(try ImageDataset.load(nil, allowed, environment: elsewhere).path == folder.path)
    // A folder that is named is the only one tried.
    let error = #expect(throws: DataError.self) {
      try ImageDataset.load("/nowhere", allowed, environment: elsewhere)
    }
    #expect(error == .missing(path: "/nowhere/train-labels-idx1-ubyte.gz", source: "the folder named"))
  }

  @Test func `what does not fit together is refused`() throws {
    func problem() throws -> String {
      let error = #expect(throws: DataError.self) { try ImageDataset.load(folder.path, allowed) }
      guard case .malformed(_, let problem) = error else { return "\(error!)" }
      return problem
    }
    try SmallDataSet.write(into: folder)
    try folder.write("train-labels-idx1-ubyte", SmallDataSet.idx([3], [1, 9, 2]))
    #expect(try problem() == "it has 40 images and its labels file 3 labels")
    try folder.write(
      "train-images-idx3-ubyte", SmallDataSet.idx([3, 28, 27], [UInt8](repeating: 0, count: 3 * 28 * 27)))
    #expect(try problem() == "its images are 28 × 27, and those of t10k-images-idx3-ubyte 28 × 28")
    // By its header, before there is memory for as much as it announces.
    let large = SmallDataSet.idx([200_000, 28, 28], [])
    try folder.write("train-images-idx3-ubyte", large)
    #expect(try problem() == "it has 200000 images and its labels file 3 labels")
    try folder.write("train-images-idx3-ubyte.gz", [])
    #expect(try problem() == "0 bytes are too few for an IDX file")
  }
}
