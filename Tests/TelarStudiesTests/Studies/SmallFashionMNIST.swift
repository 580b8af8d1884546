import TelarData
import TestSupport

extension ImageDataset {
  /// A data set of the form of Fashion-MNIST that a test trains on in no time: see `SmallDataSet`.
  static func small(trainingCount: Int = 40, label: (Int) -> UInt8 = { UInt8($0 % 10) }) throws -> ImageDataset {
    let files = try TemporaryFolder()
    try SmallDataSet.write(into: files, trainingCount: trainingCount, label: label)
    return try .load(files.path, Options(allowsOtherData: true))
  }
}
