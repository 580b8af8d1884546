import Foundation
import TelarBench
import TestSupport
import Testing

@Suite("Saved results")
struct BenchComparisonTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func saved(_ name: String, _ lines: [String]) throws -> SavedResults {
    try SavedResults(path: folder.write(name, Array(lines.joined(separator: "\n").utf8)))
  }

  private func op(_ pass: String, _ seconds: Double) -> String {
    #"{"op":"conv2d","pass":"\#(pass)","shape":"1×2","device":"cpu","seconds":\#(seconds),"gflops":null}"#
  }

  @Test func `what became slower and faster is named, the most first`() throws {
    let old = try saved(
      "old", ["a", "b", "c", "d", "e", "f"].map { op($0, 0.001) } + [#"{"summary":{"device":"cpu"}}"#, ""])
    let new = try saved(
      "new",
      [op("a", 0.0012), op("b", 0.002), op("c", 0.00109), op("d", 0.0005), op("e", 0.00095), op("g", 1)])
    let comparison = try BenchComparison(old: old, new: new, threshold: 10)
    #expect(comparison.slower.map(\.new.name) == ["conv2d b 1×2, cpu", "conv2d a 1×2, cpu"])
    #expect(abs(comparison.slower[1].percent - 20) < 1e-9)
    #expect(comparison.faster.map(\.new.name) == ["conv2d d 1×2, cpu"])
    #expect(comparison.similar == 2)
    #expect(comparison.onlyInOld.map(\.name) == ["conv2d f 1×2, cpu"])
    #expect(comparison.onlyInNew.map(\.name) == ["conv2d g 1×2, cpu"])
    #expect(try BenchComparison(old: old, new: new, threshold: 100).slower.isEmpty)
  }

  @Test func `a lower rate is slower, and several rounds count by their median`() throws {
    func train(_ rate: Double) -> String { #"{"net":"n","device":"cpu","batch":100,"images_per_s":\#(rate)}"# }
    func gemm(_ rate: Double) -> String { #"{"m":8,"n":8,"k":8,"device":"cpu","gflops":\#(rate),"peak_fraction":0.5}"# }
    let peer = #"{"mode":"","peer":"pytorch 2","net":"n","device":"cpu","batch":100,"images_per_s":50}"#
    let old = try saved("old", [train(100), gemm(10), peer, train(500), train(110)])
    let new = try saved("new", [train(88), gemm(11.5), peer])
    #expect(old.results.map(\.value) == [110, 10, 50])
    #expect(
      old.results.map(\.name) == ["n batch 100, cpu", "gemm 8×8×8, cpu", "n batch 100, cpu pytorch 2"])
    let comparison = try BenchComparison(old: old, new: new, threshold: 10)
    #expect(comparison.slower.map(\.old.unit) == [.imagesPerSecond])
    #expect(abs(comparison.slower[0].percent - 25) < 1e-9)
    #expect(comparison.faster.map(\.old.unit) == [.gflops])
    #expect(comparison.similar == 1)
  }

  @Test(
    arguments: [
      ("{", "line 2 is no JSON object"), ("[1]", "line 2 is no JSON object"),
      ("{}", "line 2 is no result of telar bench train, gemm or ops"),
      (#"{"op":"x","pass":"y","device":"cpu","seconds":1}"#, "line 2 lacks shape, a text or a whole number"),
      (#"{"op":"x","pass":"y","shape":"z","device":"cpu","seconds":0}"#, "line 2 lacks seconds, a number above 0"),
      (#"{"net":"x","device":"cpu","batch":1,"images_per_s":null}"#, "line 2 lacks images_per_s, a number above 0"),
      (#"{"m":1,"n":1,"k":1.5,"device":"cpu","gflops":1}"#, "line 2 lacks k, a text or a whole number"),
    ])
  func `a line that is no result is named`(line: String, problem: String) throws {
    let error = #expect(throws: SavedResultsError.self) { try saved("bad", [op("a", 1), line]) }
    #expect(error?.kind == .malformed && error?.description == "\(folder.path)/bad: \(problem)")
  }

  @Test func `lines may end as on Windows`() throws {
    let text = op("a", 1) + "\r\n\r\n" + op("b", 2) + "\r\n"
    let results = try SavedResults(path: folder.write("windows", [0xef, 0xbb, 0xbf] + Array(text.utf8)))
    #expect(results.results.map(\.value) == [1000, 2000])
    let error = #expect(throws: SavedResultsError.self) {
      try SavedResults(path: folder.write("broken", Array((text + "{\r\n").utf8)))
    }
    #expect(error?.problem == "line 4 is no JSON object")
  }

  @Test func `a file longer than any is not read`() throws {
    let path = try folder.write("long", Array(op("a", 1).utf8))
    #expect(truncate(path, 3 << 30) == 0)
    let error = #expect(throws: SavedResultsError.self) { try SavedResults(path: path) }
    #expect(error?.kind == .malformed && error?.problem.contains("more than the") == true)
  }

  @Test func `a file without results, or with others, holds nothing to compare`() throws {
    #expect(throws: SavedResultsError.self) { try saved("empty", []) }
    #expect(throws: SavedResultsError.self) { try saved("summary", [#"{"summary":{}}"#]) }
    let a = try saved("a", [op("a", 1)])
    let b = try saved("b", [op("b", 1)])
    let error = #expect(throws: SavedResultsError.self) { try BenchComparison(old: a, new: b, threshold: 10) }
    #expect(error?.description == "\(b.path): it has no result in common with \(a.path)")
    #expect(throws: SavedResultsError(.missing, path: "/none", "there is no such file, or it is not readable")) {
      try SavedResults(path: "/none")
    }
  }
}
