import Foundation
import TestSupport
import Testing

/// What becomes of results that nobody takes, and of text that a terminal would act on.
@Suite("Standard output and standard error")
struct StreamTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Runs a line of shell in which `"$0"` is telar.
  private func shell(_ line: String, _ arguments: [String] = []) throws -> (status: Int32, error: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "set -o pipefail; " + line, Telar.executable.path] + arguments
    process.environment = Telar.process([]).environment
    process.standardInput = FileHandle.nullDevice
    let error = try folder.write("error", [])
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: error)
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try folder.text("error"))
  }

  @Test(arguments: [
    (#""$0" study --list >/dev/full"#, "No space left on device"), (#""$0" study --list >&-"#, "Bad file descriptor"),
    (#""$0" --help >/dev/full"#, "No space left on device"),
    (#"{ sleep 0.2; "$0" study --list; } | true"#, "Broken pipe"),
  ])
  func `results that cannot be written are an error`(line: String, reason: String) throws {
    let output = try shell(line)
    #expect(output.status == 74)
    #expect(output.error == "telar: cannot write to standard output: \(reason).\n")
  }

  // The reader is gone before the run begins: of one that reads a line, it is chance when it goes.
  @Test(arguments: ["; } | true", ">/dev/full; }", ">&-; }"])
  func `a run goes on when nobody takes its results, and is saved`(end: String) throws {
    let data = try TemporaryFolder()
    try SmallDataSet.write(into: data)
    let study =
      #"{ sleep 0.2; "$0" study borgnino h64-adam --epochs 3 --device cpu --json --allow-other-data --data "$1" --out "$2" "#
    let output = try shell(study + end, [data.path, folder.path + "/runs"])
    #expect(output.status == 74, "\(output.error)")
    #expect(output.error.contains("Standard output cannot be written any more: "))
    #expect(output.error.hasSuffix("The runs are saved.\n"))
    let run = "runs/borgnino/h64-adam/seed-0"
    #expect(try folder.text(run + "/metrics.jsonl").split(separator: "\n").count == 3)
    #expect(folder.contents().contains(run + "/result.json"))
  }

  @Test func `a run goes on without standard error, and writes nothing of it elsewhere`() throws {
    let data = try TemporaryFolder()
    try SmallDataSet.write(into: data)
    let study = #""$0" study borgnino h64-adam --epochs 1 --device cpu --allow-other-data --data "$1" --out "$2""#
    #expect(try shell(study + " <&- 2>&-", [data.path, folder.path + "/runs"]).status == 0)
    #expect(try shell(study + " --overwrite 2> >(true)", [data.path, folder.path + "/runs"]).status == 0)
    for file in folder.contents() where file.hasSuffix(".jsonl") || file.hasSuffix(".json") {
      #expect(try !folder.text(file).contains("borgnino/h64-adam:"), "\(file)")
    }
  }

  /// A pipe whose writing end does not block, read slowly: everything arrives.
  @Test func `a stream that does not block loses nothing`() throws {
    let whole = try Telar.run("study", "--list", "--json").out
    let pipe = Pipe()
    let end = pipe.fileHandleForWriting.fileDescriptor
    #expect(fcntl(end, F_SETFL, O_NONBLOCK) == 0)
    #if os(Linux)
      // As small as pipes become, so that it is full at once.
      _ = fcntl(end, 1031, 4096)
    #endif
    let process = Telar.process(["study", "--list", "--json"])
    process.standardOutput = pipe
    try process.run()
    try pipe.fileHandleForWriting.close()
    Thread.sleep(forTimeInterval: 0.3)
    let read = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(String(decoding: read, as: UTF8.self) == whole && whole.utf8.count > 4096)
  }

  @Test func `names in a checkpoint are shown with control characters escaped`() throws {
    let network = #"{"\u001b[31mpart":[{"layer":"\u001b[2J\u009b"}]}"#
    let quoted = network.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let header = #"{"__metadata__":{"network":"\#(quoted)","loss":"mse"}}"#
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    let path = try folder.write("c.safetensors", length + Array(header.utf8))
    for arguments in [["evaluate", path], ["export", path, "--onnx", folder.path + "/o.onnx"]] {
      let output = try Telar.run(arguments)
      #expect(output.status == 65 && output.error.contains("[31mpart"), "\(output.error)")
      #expect(!output.error.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
    }
  }

  @Test func `names in files and of files are shown with control characters escaped`() throws {
    let name = "\u{1b}[31mred\u{9b}\u{202e}.jsonl"
    let path = try folder.write(name, Array(#"{"op":"\#u{1b}]0;x\#u{7}"}"#.utf8))
    let output = try Telar.run("bench", "compare", path, path)
    #expect(output.status == 65)
    #expect(output.error.contains(#"\u{1b}[31mred\u{9b}\u{202e}.jsonl: line 1"#))
    let line = #"{"op":"\u001b[2J","pass":"\u009b","shape":"\u202e","device":"\u007f","seconds":1}"#
    let lines = try folder.write("lines.jsonl", Array(line.utf8))
    let faster = try folder.write("faster.jsonl", Array(line.replacing(":1}", with: ":0.1}").utf8))
    for arguments in [["bench", "compare", lines, faster], ["bench", "compare", lines, faster, "--json"]] {
      let output = try Telar.run(arguments)
      #expect(output.status == 0 && output.out.contains("2J"))
      #expect(!output.out.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
      #expect(!output.out.contains("\u{202e}"))
    }
  }
}
