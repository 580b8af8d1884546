import Foundation
import TelarIO

/// The files of an existing figure.
struct FigureFiles {
  private let numbers: String
  /// `nil` where pictures cannot be drawn.
  private let picture: String?

  /// - Parameters:
  ///   - stem: the files' path without the extension.
  ///   - hasPicture: whether a picture belongs beside the numbers.
  init(_ stem: String, hasPicture: Bool) {
    numbers = stem + ".csv"
    picture = hasPicture ? stem + ".png" : nil
  }

  /// The path of the picture, or else of the numbers.
  var path: String { picture ?? numbers }

  /// Whether all files exist and none is older than its source: the numbers come from the data, and the picture from
  /// the numbers. Missing data files are ignored.
  func areCurrent(with data: [String]) -> Bool {
    let files = [numbers] + [picture].compactMap(\.self)
    let times = files.compactMap(Self.time)
    guard times.count == files.count, times == times.sorted() else { return false }
    return data.compactMap(Self.time).allSatisfy { $0 <= times[0] }
  }

  /// Whether the numbers on disk are those of a figure.
  func hold(_ figure: any Figure) -> Bool {
    let bytes = Array(figure.csv.utf8)
    return (try? InputFile.read(numbers, atMost: bytes.count)) == bytes
  }

  /// A file's modification date.
  private static func time(_ path: String) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
  }
}
