import Foundation
import TelarIO

/// The files of a figure that was made before.
struct FigureFiles {
  private let numbers: String
  /// `nil` where pictures cannot be drawn.
  private let picture: String?

  /// - Parameters:
  ///   - stem: their path without its ending.
  ///   - hasPicture: whether there is to be a picture beside the numbers.
  init(_ stem: String, hasPicture: Bool) {
    numbers = stem + ".csv"
    picture = hasPicture ? stem + ".png" : nil
  }

  /// The picture, or the numbers.
  var path: String { picture ?? numbers }

  /// Whether all files are there, and none is older than what it was made from: the picture comes from the numbers, and
  /// these from the data. Data that are not there count for nothing.
  func areCurrent(with data: [String]) -> Bool {
    let files = [numbers] + [picture].compactMap(\.self)
    let times = files.compactMap(Self.time)
    guard times.count == files.count, times == times.sorted() else { return false }
    return data.compactMap(Self.time).allSatisfy { $0 <= times[0] }
  }

  /// Whether the numbers are those of a figure.
  func hold(_ figure: any Figure) -> Bool {
    let bytes = Array(figure.csv.utf8)
    return (try? InputFile.read(numbers, atMost: bytes.count)) == bytes
  }

  /// When a file was changed last.
  private static func time(_ path: String) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
  }
}
