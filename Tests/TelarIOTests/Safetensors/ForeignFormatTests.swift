import Foundation
import TelarIO
import TestSupport
import Testing

/// Files of other formats are called what they are, with what to do.
@Suite struct ForeignFormatTests {
  /// The start of a zip archive whose first file has a name.
  private static func zip(_ name: String) -> [UInt8] {
    Array("PK\u{3}\u{4}".utf8) + [0, 0, 8, 8] + [UInt8](repeating: 0, count: 18) + [UInt8(name.utf8.count), 0, 0, 0]
      + Array(name.utf8) + [0x80, 0x02, 0x7d]
  }

  private static func text(_ string: String) -> [UInt8] { Array(string.utf8) }

  private static let cases: [(bytes: [UInt8], message: String)] = [
    (zip("archive/data.pkl"), "is a PyTorch pickle (a zip archive, as torch.save writes it); save the weights with"),
    (zip("model/.format_version"), "is a PyTorch pickle"),
    (zip("weight.npy"), "is a NumPy archive (.npz)"),
    (zip("config.json"), "is a zip archive"),
    (text("PK\u{3}\u{4}"), "is a zip archive"),
    // torch.save before 1.6 begins with its magic number.
    ([0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e], "is a Python pickle"),
    ([0x80, 0x04, 0x95, 0x1e, 0, 0, 0, 0, 0, 0, 0, 0x7d, 0x94], "is a Python pickle"),
    ([0x80, 0x05, 0x7d, 0x2e], "is a Python pickle"),
    (text("(dp0\nS'a'\np1\n"), "is a Python pickle"),
    ([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], "is an HDF5 file"),
    (text("GGUF\u{3}\0\0\0"), "is a GGUF file"),
    ([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0x76], "is a NumPy array"),
    ([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], "is packed with gzip"),
    ([0x08, 0x07, 0x12, 0x05, 0x74, 0x65, 0x6c, 0x61, 0x72], "such as an ONNX model"),
    (text("version https://git-lfs.github.com"), "git lfs pull"),
    (text("<!DOCTYPE html><html>"), "is a web page"),
    (text("{\"a\": 1}   "), "is JSON"),
    ([UInt8](repeating: 0x41, count: 257) + text("ustar"), "is a tar archive"),
    (text("nothing known"), "above the limit"),
  ]

  @Test(arguments: cases)
  func isNamed(bytes: [UInt8], message: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file(bytes, named: "model.pt")
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path) }
    #expect(error?.kind == .malformed)
    #expect(error?.description.contains("model.pt: is not a safetensors file: it ") == true)
    #expect(error?.problem.contains(message) == true, "\(error!)")
  }

  /// A header of 640 bytes has the first bytes of a pickle.
  @Test func aTruncatedFileIsNoPickle() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file([0x80, 0x02, 0, 0, 0, 0, 0, 0, 123])
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path) }
    #expect(error?.problem.contains("is truncated") == true)
  }
}
