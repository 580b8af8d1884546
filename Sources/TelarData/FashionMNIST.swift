import Foundation

/// Fashion-MNIST: 60,000 training and 10,000 test images, 28 × 28, in ten classes.
///
/// - Source: Xiao, Rasul and Vollgraf, arXiv:1708.07747.
public struct FashionMNIST: Sendable {
  /// The images of the `train` files.
  public let training: LabelledImages
  /// The images of the `t10k` files. A study decides whether it validates on them or tests on them.
  public let test: LabelledImages
  public let directory: String
  /// SHA-256 of the uncompressed files, by name.
  public let sums: [String: String]

  /// Class names by label. They hold for the published images only: see ``LabelledImages/classNames``.
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]
  /// The number of classes, also of other data.
  public static let classCount = 10
  /// The environment variable that names the data set's folder.
  public static let environmentVariable = "FASHION_MNIST_DIR"
  /// The folder of Debian's package.
  public static let systemDirectory = "/usr/share/datasets/fashion-mnist"
  /// SHA-256 of the published files, uncompressed.
  public static let publishedSums = [
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
  ]
  /// The most images in a file of other data, which bounds the memory that a hostile file can claim.
  public static let maximumImageCount = 200_000

  /// Whether all files are the published ones.
  public var isPublished: Bool { sums == Self.publishedSums }

  /// Reads and checks the four files, each plain or with `.gz`.
  ///
  /// - Parameters:
  ///   - directory: the folder; by default `$FASHION_MNIST_DIR`, then ``systemDirectory``. A folder that is named is
  ///     the only one tried, so that a run never uses other data than its user intends.
  ///   - allowOtherData: whether to accept other data of 28 × 28 images in ten classes.
  /// - Throws: ``DataError``.
  public init(
    directory: String? = nil, allowOtherData: Bool = false,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    let source: String
    if let directory {
      (self.directory, source) = (directory, "the folder named")
    } else if let directory = environment[Self.environmentVariable], !directory.isEmpty {
      (self.directory, source) = (directory, "the folder in $\(Self.environmentVariable)")
    } else {
      (self.directory, source) = (Self.systemDirectory, "the system's folder")
    }
    var files = Files(directory: self.directory, source: source, allowOtherData: allowOtherData)
    // The short files come first, so that their errors do not wait for the decompression of the long ones.
    let trainingLabels = try files.labels("train-labels-idx1-ubyte")
    let testLabels = try files.labels("t10k-labels-idx1-ubyte")
    let testPixels = try files.pixels("t10k-images-idx3-ubyte", count: testLabels.count)
    let trainingPixels = try files.pixels("train-images-idx3-ubyte", count: trainingLabels.count)
    sums = files.sums
    let names = sums == Self.publishedSums ? Self.classNames : nil
    func set(_ pixels: [UInt8], _ labels: [UInt8]) -> LabelledImages {
      LabelledImages(count: labels.count, height: 28, width: 28, pixels: pixels, labels: labels, classNames: names)
    }
    training = set(trainingPixels, trainingLabels)
    test = set(testPixels, testLabels)
  }

  /// Reads the files of one folder and keeps their check sums.
  private struct Files {
    let directory: String
    let source: String
    let allowOtherData: Bool
    var sums: [String: String] = [:]

    mutating func labels(_ name: String) throws -> [UInt8] {
      let (path, file) = try read(name, rank: 1, maximumByteCount: FashionMNIST.maximumImageCount)
      if let index = file.bytes.firstIndex(where: { $0 > 9 }) {
        throw DataError.malformed(path: path, problem: "label \(file.bytes[index]) at position \(index) is not 0 to 9")
      }
      try check(file, name, path)
      return file.bytes
    }

    /// The pixels of `count` images; any other number is an error.
    mutating func pixels(_ name: String, count: Int) throws -> [UInt8] {
      let (path, file) = try read(name, rank: 3, maximumByteCount: FashionMNIST.maximumImageCount * 28 * 28) { d in
        guard d[1] == 28, d[2] == 28 else { return "its images are \(d[1]) × \(d[2]), not 28 × 28" }
        return d[0] == count ? nil : "it has \(d[0]) images and its labels file \(count) labels"
      }
      try check(file, name, path)
      return file.bytes
    }

    private func read(
      _ name: String, rank: Int, maximumByteCount: Int, problem: ([Int]) -> String? = { _ in nil }
    ) throws -> (String, IDXFile) {
      let folder = directory.hasSuffix("/") ? directory : directory + "/"
      let candidates = [folder + name + ".gz", folder + name]
      guard let path = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
        throw DataError.missing(path: candidates[0], source: source)
      }
      return (path, try IDXFile(path: path, rank: rank, maximumByteCount: maximumByteCount, problem: problem))
    }

    private mutating func check(_ file: IDXFile, _ name: String, _ path: String) throws {
      let expected = FashionMNIST.publishedSums[name]!
      guard file.sum == expected || allowOtherData else {
        throw DataError.unexpectedContents(path: path, expectedSum: expected, actualSum: file.sum)
      }
      sums[name] = file.sum
    }
  }
}
