import ArgumentParser
import Telar

/// The choice of images in files.
struct ImageOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Take this many of the first images of each IDX file.", valueName: "count"))
  var first: Int?

  @Option(
    help: ArgumentHelp(
      "Take these images of each IDX file, counted from 0: 100-109, or 100 for one.", valueName: "range"))
  var range: String?

  @Flag(help: "Exchange black and white: Fashion-MNIST is white on black.")
  var invert = false

  func validate() throws {
    if let first, !(1...ImageReader.mostImages).contains(first) {
      throw ValidationError("--first \(first) is not 1 to \(ImageReader.mostImages)")
    }
    guard first == nil || range == nil else { throw ValidationError("give --first or --range, not both") }
    if let range, Self.parsed(range) == nil {
      throw ValidationError("--range \(range) is no range such as 100-109")
    }
  }

  /// Reads the images of the files in the network's input size.
  func read(_ paths: [String], for checkpoint: Checkpoint) throws -> [NamedImage] {
    try ImageReader(
      checkpoint.imageSize(), range: range.flatMap(Self.parsed), first: first, isInverted: invert,
      preparation: checkpoint.preparation
    ).read(paths)
  }

  private static func parsed(_ text: String) -> ClosedRange<Int>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    // `Int` accepts signs too.
    let digits: ClosedRange<Character> = "0"..."9"
    guard 1...2 ~= ends.count, ends.allSatisfy({ $0.allSatisfy(digits.contains) }),
      let lower = Int(ends[0]), let upper = Int(ends[ends.count - 1]), lower <= upper
    else { return nil }
    return lower...upper
  }
}
