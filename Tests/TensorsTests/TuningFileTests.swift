import Foundation
import Tensors
import TestSupport
import Testing

/// Tuning files: what is written is read, what is broken is refused with its place, and who finds what where.
@Suite struct TuningFileTests {
  private let folder: TemporaryFolder
  private let cpu: DeviceProperties

  init() throws {
    folder = try TemporaryFolder()
    cpu = try TestDevices.cpu.use { $0.properties }
  }

  private var own: TunedKernel { .vector(rows: cpu.registerTiles[0].rows, vectors: cpu.registerTiles[0].vectors) }

  @Test(
    arguments: [
      "gemm nn 100x512x784", "gemm nt 1x2x3", "gemm tn 1x2x3", "gemm tt 1x2x3",
      "conv2d forward 100x14x13x32>7x6x64 k3x2 s2x1 p1x0 d1x2 g4",
      "conv2d+pool forward 100x28x28x1>28x28x32 k3x3 s1x1 p1x1 d1x1 g1 pool2x2",
      "conv2d transposed 1x2x3x4>5x6x7 k1x1 s1x1 p0x0 d1x1 g1",
      "conv2d weight_gradient 1x2x3x4>5x6x7 k1x1 s1x1 p0x0 d1x1 g1",
    ])
  func productsHaveTheirText(_ text: String) throws {
    #expect(try #require(TunedProduct(text)).text == text)
  }

  @Test(
    arguments: [
      "", "gemm", "gemm nn", "gemm nn 1x2", "gemm nn 1x2x3x4", "gemm nn 1x2x03", "gemm nn 1x2x-3", "gemm xx 1x2x3",
      "gemm nn 1x2x99999999999999999999", "gemm nn 1x2x3 ", "conv2d forward 1x2x3x4>5x6x7", "gemm nn 1x2x٣",
    ])
  func otherTextIsNoProduct(_ text: String) { #expect(TunedProduct(text) == nil) }

  @Test func whatIsWrittenIsRead() throws {
    var file = TuningFile()
    var other = cpu
    other.name = "A \"GPU\"\n"
    other.instructionSet = ""
    let products = try ["gemm nn 1x2x3", "gemm tt 4x5x6"].map { try #require(TunedProduct($0)) }
    let tile = try #require(TunedKernel("tile 64x64x16 4x8"))
    file.merge([products[0]: tile, products[1]: .vector(rows: 6, vectors: 2)], for: other)
    file.merge([:], for: cpu)
    let path = folder.path + "/a/b/tuning.json"
    try file.write(to: path)
    let read = try TuningFile(path: path)
    #expect(read == file && read.text == file.text)
    #expect(read.choices(for: cpu) == [:] && read.choices(for: other)?[products[0]] == tile)
    // Not by its number, but by name, driver and instruction set.
    other.identifier = "opencl:7"
    #expect(read.choices(for: other)?.count == 2)
    other.driver += " newer"
    #expect(read.choices(for: other) == nil)
    // A search that finds the own choice best takes an earlier one away, and leaves the others.
    other.driver = cpu.driver
    file.merge([products[0]: nil], for: other)
    #expect(file.choices(for: other) == [products[1]: .vector(rows: 6, vectors: 2)])
  }

  @Test(
    arguments: [
      ("", "the text ends"), ("[]", "lacks the members format"),
      (#"{"format":2,"devices":[]}"#, "its format is 2, not 1"),
      (#"{"format":1,"devices":[{}]}"#, "devices[0] lacks the members device, driver"),
      (device(#""gemm 1":"vector 6x2""#), #""gemm 1" is no product"#),
      (device(#""gemm nn 1x2x3":"vector 6""#), #"the kernel of gemm nn 1x2x3 is "vector 6", not one like"#),
      (device(#""gemm nn 1x2x3":62"#), "the kernel of gemm nn 1x2x3 is 62, not one like"),
      (device(#""gemm nn 1x2x3":"vector 6x2","gemm nn 1x2x3":"vector 6x1""#), "stands there twice"),
    ])
  func brokenFilesAreRefused(_ text: String, _ problem: String) throws {
    let path = try folder.write("broken.json", Array(text.utf8))
    let error = #expect(throws: TuningFileError.self) { try TuningFile(path: path) }
    #expect(error?.kind == .malformed && error?.path == path)
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
  }

  private static func device(_ choices: String) -> String {
    #"{"format":1,"devices":[{"device":"d","driver":"v","instruction_set":"","choices":{\#(choices)}}]}"#
  }

  @Test func theShippedFileIsOne() throws { _ = try TuningFile.shipped() }

  @Test func aFileLongerThanAnyIsNotRead() throws {
    let path = folder.path + "/long.json"
    #expect(FileManager.default.createFile(atPath: path, contents: Data("{".utf8)) && truncate(path, 3 << 30) == 0)
    let error = #expect(throws: TuningFileError.self) { try TuningFile(path: path) }
    #expect(error?.kind == .malformed && error?.problem.contains("more than the") == true)
  }

  @Test func theFirstFileThatKnowsTheDeviceCounts() throws {
    let product = try #require(TunedProduct("gemm nn 1x2x3")), foreign = try #require(TunedProduct("gemm nn 3x2x1"))
    var file = TuningFile()
    file.merge([product: own, foreign: .vector(rows: 99, vectors: 99)], for: cpu)
    let user = ["XDG_CONFIG_HOME": folder.path]
    #expect(try TuningFile.tuning(for: cpu, user).tuning.source != folder.path + "/telar/tuning.json")
    try file.write(to: folder.path + "/telar/tuning.json")
    let (tuning, unknown) = try TuningFile.tuning(for: cpu, user)
    #expect(tuning.choices == [product: own] && unknown == ["gemm nn 3x2x1: vector 99x99"])
    #expect(tuning.json.text == #"{"file":"\#(folder.path)/telar/tuning.json","choices":1}"#)
    #expect(try TuningFile.tuning(for: cpu, user.merging(["TELAR_TUNING": ""]) { $1 }).tuning.json == .null)
    let none = folder.path + "/none"
    let error = #expect(throws: TuningFileError.self) { try TuningFile.tuning(for: cpu, ["TELAR_TUNING": none]) }
    #expect(error?.kind == .missing && error?.path == none)
  }
}
