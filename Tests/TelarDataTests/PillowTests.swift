import Foundation
import TelarData
import TelarIO
import TestSupport
import Testing

/// Images are decoded, converted and resized as Pillow does it: see Tools/data/pillow_cases.py.
@Suite struct PillowTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name, file, fit, pixels: String
    let channels: Int
    let size: [Int]?
    let shape: [Int]

    var testDescription: String { name }
  }

  static let cases: [Case] = {
    let url = Bundle.module.url(forResource: "Pillow/cases", withExtension: "json")!
    return try! JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
  }()

  @Test(arguments: cases) func `pixels are Pillow's`(_ test: Case) throws {
    let file = Array(Data(base64Encoded: test.file)!)
    let size = test.size.map { ImagePreparation.Size(height: $0[0], width: $0[1]) }
    let preparation = ImagePreparation(
      size: size, channels: test.channels, fit: ImagePreparation.Fit(rawValue: test.fit)!)
    let image = preparation.applied(to: try ImageFile.raster(file, path: test.name))
    #expect([image.height, image.width, image.channels] == test.shape)
    let expected = Array(Data(base64Encoded: test.pixels)!)
    let differing = zip(image.samples, expected).filter { $0 != $1 }
    #expect(
      image.samples == expected, "\(differing.count) of \(expected.count) differ, first \(differing.first ?? (0, 0))")
  }

  @Test func `Exif data of any kind says no more than it can`() {
    func orientation(_ bytes: [UInt8]) -> Int { bytes.withUnsafeBufferPointer { JPEGFile.exifOrientation($0) } }
    let little: [UInt8] = [0x49, 0x49, 0x2a, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]
    #expect(orientation(little) == 6)
    let big: [UInt8] = [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0]
    #expect(orientation(big) == 8)
    for count in 0..<little.count - 2 { #expect([1, 6].contains(orientation(Array(little.prefix(count))))) }
    for place in little.indices {
      for value: UInt8 in [0, 1, 9, 0x7f, 0xff] {
        var changed = little
        changed[place] = value
        #expect(1...8 ~= orientation(changed))
      }
    }
  }
}
