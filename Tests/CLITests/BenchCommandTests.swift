import Foundation
import TestSupport
import Testing

@Suite("telar bench")
struct BenchCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func object(_ line: Substring) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func `operators are measured, saved and compared`() throws {
    let result = try Telar.run(
      "bench", "ops", "--device", "cpu", "--net", "molina-mlp", "--op", "adam", "cross_entropy", "--batch-size", "1",
      "--json")
    #expect(result.status == 0, "\(result.error)")
    let lines = try result.outLines.map(object)
    let summary = try #require(lines.last?["summary"] as? [String: Any])
    #expect(summary["peak_gflops"] is Double && summary["convolutions_of_roof"] != nil)
    #expect(
      lines.dropLast().map { "\($0["op"]!) \($0["pass"]!) \($0["shape"]!)" } == [
        "cross_entropy forward and gradient 1×10", "adam step 109386",
      ])
    for line in lines.dropLast() {
      #expect(line["networks"] as? [String] == ["molina-mlp"])
      #expect((line["device"] as? String)?.hasPrefix("cpu:") == true && line["launches"] is Int)
      for key in ["seconds", "net_seconds"] { #expect(line[key] is Double, "\(key)") }
      for key in ["gflops", "gbytes_per_s", "roof_fraction", "peak_fraction"] { #expect(line[key] != nil, "\(key)") }
    }
    let path = try folder.write("ops.jsonl", Array(result.out.utf8))
    let same = try Telar.run("bench", "compare", path, path)
    #expect(same.status == 0 && same.out == "0 slower, 0 faster, 2 within 10 %\n" && same.error.isEmpty)
  }

  @Test func `a driver that compiles kernels is announced, once`() throws {
    let environment = ["XDG_CACHE_HOME": folder.path]
    for expected in [1, 0] {
      let result = try Telar.run(
        "bench", "gemm", "--sizes", "16", "--device", "opencl", environment: environment)
      #expect(result.status == 0, "\(result.error)")
      #expect(result.errorLines.count { $0.hasPrefix("Building kernels for opencl:") } == expected)
    }
  }

  private func train(_ rates: [(String, Double)]) -> [UInt8] {
    Array(rates.map { #"{"net":"\#($0)","device":"cpu","batch":100,"images_per_s":\#($1)}"# + "\n" }.joined().utf8)
  }

  @Test func `a regression is named and exits with 1`() throws {
    let old = try folder.write("old", train([("a", 100), ("b", 100), ("c", 100), ("d", 100)]))
    let new = try folder.write("new", train([("a", 80), ("b", 160), ("c", 95), ("e", 100)]))
    let result = try Telar.run("bench", "compare", old, new)
    #expect(result.status == 1)
    #expect(
      result.out == """
        slower      +25.0 %  a batch 100, cpu: 100.0000 → 80.0000 images/s
        faster      −37.5 %  b batch 100, cpu: 100.0000 → 160.0000 images/s
        only in old          d batch 100, cpu
        only in new          e batch 100, cpu
        1 slower, 1 faster, 1 within 10 %

        """)
    #expect(result.error == "telar: 1 slower by more than 10 %, first a batch 100, cpu.\n")
    let lenient = try Telar.run("bench", "compare", old, new, "--threshold", "25.5", "--json")
    #expect(lenient.status == 0 && lenient.error.isEmpty)
    #expect(
      lenient.outLines == [
        #"{"what":"faster","name":"b batch 100, cpu","old":100.0,"new":160.0,"unit":"images/s","percent":-37.5}"#,
        #"{"what":"only in old","name":"d batch 100, cpu"}"#, #"{"what":"only in new","name":"e batch 100, cpu"}"#,
      ])
  }

  @Test func `files that are missing or broken are refused`() throws {
    let good = try folder.write("good", train([("a", 100)]))
    let bad = try folder.write("bad", train([("a", 100)]) + Array("{\"net\":\n".utf8))
    let missing = try Telar.run("bench", "compare", good, folder.path + "/none")
    #expect(missing.status == 66 && missing.out.isEmpty)
    #expect(missing.error == "telar: \(folder.path)/none: there is no such file, or it is not readable\n")
    let broken = try Telar.run("bench", "compare", bad, good)
    #expect(broken.status == 65 && broken.out.isEmpty)
    #expect(broken.error == "telar: \(bad): line 2 is no JSON object\n")
  }
}
