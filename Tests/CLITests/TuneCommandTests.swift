import Foundation
import TestSupport
import Testing

@Suite("telar tune")
struct TuneCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `a search leaves a file that other commands read`() throws {
    let user = ["XDG_CONFIG_HOME": folder.path]
    let result = try Telar.run(
      "tune", "--net", "molina-mlp", "--seconds", "1", "--device", "cpu", "--json", environment: user)
    #expect(result.status == 0, "\(result.error)")
    #expect(result.outLines.count == 8)
    for line in result.outLines {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect((object["product"] as? String)?.hasPrefix("gemm ") == true && object["default"] is String)
      #expect(object["winner"] != nil && object["speed_up"] is Double && object["timed"] is Int)
    }
    let written = try folder.text("telar/tuning.json")
    #expect(result.errorLines.last == "Written to \(folder.path)/telar/tuning.json.")
    #expect(written.hasPrefix("{\n  \"format\": 1,\n  \"devices\": [\n    {\n"))
    #expect(written.contains(#""driver": "compiled in""#))
  }

  @Test func `a tuning is recorded with what it was used for`() throws {
    // The kernels that the file names are the device's own, so that any processor has them.
    let searched = folder.path + "/searched.json"
    let search = try Telar.run(
      "tune", "--net", "molina-mlp", "--seconds", "0.01", "--device", "cpu", "--json", "--out", searched)
    let line = try #require(search.outLines.first)
    let first = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let (product, kernel) = (try #require(first["product"] as? String), try #require(first["default"] as? String))
    let choices = "\"choices\": {\"\(product)\": \"\(kernel)\"}"
    let text = try String(contentsOfFile: searched, encoding: .utf8)
    let start = try #require(text.range(of: "\"choices\": {"))
    let end = try #require(text[start.upperBound...].range(of: "}"))
    let tuned = text.replacingCharacters(in: start.lowerBound..<end.upperBound, with: choices)
    let path = try folder.write("tuning.json", Array(tuned.utf8))
    try SmallDataSet.write(into: folder, trainingCount: 100, testCount: 100)
    let arguments = [
      "bench", "train", "--net", "molina-mlp", "--steps", "1", "--device", "cpu", "--json", "--data", folder.path,
      "--allow-other-data",
    ]
    let with = try Telar.run(arguments, environment: ["TELAR_TUNING": path])
    #expect(with.status == 0 && with.out.contains(#""tuning":{"file":"\#(path)","choices":1}"#), "\(with.error)")
    let without = try Telar.run(arguments, environment: ["TELAR_TUNING": ""])
    #expect(without.status == 0 && without.out.contains(#""tuning":null"#), "\(without.error)")
  }

  @Test func `files that are missing or broken are refused`() throws {
    let path = try folder.write("broken.json", Array(#"{"format":3,"devices":[]}"#.utf8))
    let bench = ["bench", "gemm", "--device", "cpu", "--sizes", "8"]
    let broken = try Telar.run(bench, environment: ["TELAR_TUNING": path])
    #expect(broken.status == 65 && broken.out.isEmpty)
    #expect(broken.errorLines.last == "telar: \(path): its format is 3, not 1")
    let missing = try Telar.run(bench, environment: ["TELAR_TUNING": folder.path + "/none"])
    #expect(missing.status == 66 && missing.out.isEmpty)
    let target = try Telar.run("tune", "--device", "cpu", "--out", path)
    #expect(target.status == 65 && target.out.isEmpty)
  }

  @Test(
    arguments: [
      (["--seconds", "0"], "--seconds 0.0 is not"), (["--seconds", "nan"], "--seconds nan is not"),
      (["--batch-size", "0"], "--batch-size 0 is not 1 to 10000."), (["--net", "nope"], "no network is named 'nope'."),
      (["--out", ""], "--out names no file."),
    ])
  func `wrong flags exit with 64`(flags: [String], part: String) throws {
    let result = try Telar.run(["tune"] + flags)
    #expect(result.status == 64 && result.out.isEmpty)
    #expect(result.error.contains(part), "\(result.error)")
  }
}
