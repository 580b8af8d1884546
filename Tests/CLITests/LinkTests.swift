import Foundation
import TestSupport
import Testing

/// Where the commands write: where the user says, and through no link below that.
@Suite("Links and permissions")
struct LinkTests {
  let data: TemporaryFolder
  let output: TemporaryFolder
  /// Where nothing may change.
  let elsewhere: TemporaryFolder

  init() throws {
    data = try TemporaryFolder()
    output = try TemporaryFolder()
    elsewhere = try TemporaryFolder()
    try SmallDataSet.write(into: data)
  }

  private func study(_ more: String...) throws -> Telar.Output {
    try Telar.run(
      ["study", "molina", "base", "--data", data.path, "--allow-other-data", "--epochs", "1", "--batch-size", "16"]
        + ["--device", "cpu", "--out", output.path + "/runs"] + more)
  }

  @Test func `the folder that is named may be a link`() throws {
    symlink(elsewhere.path, output.path + "/runs")
    #expect(try study().status == 0)
    #expect(elsewhere.contents().contains("molina/base/seed-0/result.json"))
  }

  /// The run's own folder, those above it, and all with `--overwrite`, which removes a run's files.
  @Test(arguments: ["molina", "molina/base", "molina/base/seed-0"])
  func `links below it are not followed`(place: String) throws {
    #expect(try study().status == 0)
    let (path, moved) = ("\(output.path)/runs/\(place)", "\(elsewhere.path)/moved")
    try FileManager.default.moveItem(atPath: path, toPath: moved)
    symlink(moved, path)
    let before = elsewhere.contents()
    let result = try study("--overwrite")
    #expect(result.status == 73, "\(result.error)")
    #expect(result.error.contains("\(place): it is a symbolic link, and none is followed there"))
    #expect(elsewhere.contents() == before)
  }

  @Test func `a run's files that are links are replaced, not followed`() throws {
    #expect(try study().status == 0)
    let run = output.path + "/runs/molina/base/seed-0"
    let names = ["metrics.jsonl", "best.safetensors", "last.safetensors", "loss.csv", "result.json"]
    for name in names {
      try elsewhere.write(name, Array("mine".utf8))
      unlink("\(run)/\(name)")
      symlink("\(elsewhere.path)/\(name)", "\(run)/\(name)")
    }
    let result = try study("--overwrite")
    #expect(result.status == 0, "\(result.error)")
    for name in names { #expect(try elsewhere.text(name) == "mine") }
    #expect(elsewhere.contents() == names.sorted())
  }

  @Test func `a link that leads nowhere is there already, and a private file stays private`() throws {
    #expect(try study().status == 0)
    let checkpoint = output.path + "/runs/molina/base/seed-0/last.safetensors"
    let link = output.path + "/a.onnx"
    symlink(elsewhere.path + "/nothing", link)
    let refused = try Telar.run("export", checkpoint, "--onnx", link)
    #expect(refused.status == 73 && refused.error.contains("a.onnx is there already: --overwrite replaces it."))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == elsewhere.path + "/nothing")
    #expect(try Telar.run("export", checkpoint, "--onnx", link, "--overwrite").status == 0)
    #expect(elsewhere.contents() == [])
    chmod(link, 0o600)
    #expect(try Telar.run("export", checkpoint, "--onnx", link, "--overwrite").status == 0)
    let mode = try FileManager.default.attributesOfItem(atPath: link)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let tuning = output.path + "/tuning.json"
    symlink(elsewhere.path + "/nothing", tuning)
    let tuned = try Telar.run("tune", "--net", "molina-mlp", "--device", "cpu", "--seconds", "0.01", "--out", tuning)
    #expect(tuned.status == 66, "\(tuned.error)")
  }
}
