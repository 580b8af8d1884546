import Foundation
import TestSupport
import Testing

@Suite("telar study")
struct StudyCommandTests {
  let data: TemporaryFolder
  let output: TemporaryFolder

  init() throws {
    data = try TemporaryFolder()
    output = try TemporaryFolder()
    try SmallDataSet.write(into: data)
  }

  private func study(_ arguments: [String], environment: [String: String] = [:]) throws -> Telar.Output {
    try Telar.run(["study"] + arguments + ["--out", output.path + "/runs"], environment: environment)
  }

  private var small: [String] { ["--data", data.path, "--allow-other-data", "--epochs", "2", "--batch-size", "16"] }

  @Test(arguments: ["cpu", "opencl"])
  func `the pre-training comparison runs to the end`(device: String) throws {
    let result = try study(["aldecoa", "case-1", "case-2", "case-3", "case-4", "--device", device] + small)
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.hasPrefix("Device \(device):"))
    #expect(result.errorLines.count { $0.contains("epoch 2/2  train loss") } == 5)
    for text in [
      "pre-training: n64-p0.1", "> 90.00 %", "about 80.00 %", "about 88.00 %", "< 75.00 %", "Confusion matrices",
      "case 1 is the most accurate", "Results are in \(output.path)/runs/aldecoa:", "reconstructions:",
    ] { #expect(result.out.contains(text), "\(text)") }
    // Nothing that only a terminal understands.
    #expect(!result.error.contains("\u{1b}") && !result.error.contains("\r") && !result.out.contains("\u{1b}"))
    #expect(output.contents().contains("runs/aldecoa/results.jsonl"))
    #expect(!output.contents().contains { $0.contains("/.") })
  }

  @Test func `JSON is one object a line and nothing else`() throws {
    let result = try study(["brunello", "case-3-scratch-frozen", "--device", "cpu", "--json", "--seeds", "2"] + small)
    #expect(result.status == 0, "\(result.error)")
    let objects = try result.outLines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    let epochs = objects.filter { $0["epoch"] != nil }
    #expect(epochs.count == 4)
    #expect(epochs.map { $0["seed"] as? Int } == [0, 0, 1, 1])
    #expect(epochs.allSatisfy { $0["experiment"] as? String == "brunello/case-3-scratch-frozen" })
    #expect(epochs.allSatisfy { $0["val_loss"] is Double && $0["val_accuracy"] is Double })
    #expect(objects.count { $0["claim"] != nil } == 3)
    let ended = objects.filter { $0["event"] as? String == "ended" }
    #expect(ended.map { $0["seed"] as? Int } == [0, 1])
    #expect(ended.allSatisfy { $0["epochs_done"] as? Int == 2 && $0["val_loss"] is Double })
    #expect(ended.allSatisfy { ($0["checkpoint"] as? String)?.hasSuffix(".safetensors") == true })
    let begun = objects.filter { $0["event"] as? String == "began" }
    #expect(begun.map { $0["seed"] as? Int } == [0, 1])
    #expect(begun.allSatisfy { $0["experiment"] as? String == "brunello/case-3-scratch-frozen" })
  }

  @Test func `results are held against runs on record`() throws {
    let experiment = ["aldecoa", "n32-p0.2", "--device", "cpu", "--json"] + small
    let recorded = try study(experiment)
    let path = try output.write("record.jsonl", Array(recorded.out.utf8))
    let same = try study(experiment + ["--against", path, "--seeds", "1", "--overwrite"])
    #expect(same.status == 0, "\(same.error)")
    #expect(same.out.hasSuffix(#"{"against":"\#(path)","inside":1,"outside":0}"# + "\n"))
    let far = recorded.out.replacingOccurrences(of: #""val_loss":0."#, with: #""val_loss":9."#)
    let other = try output.write("far.jsonl", Array(far.utf8))
    let different = try study(experiment + ["--against", other, "--seeds", "1"])
    #expect(different.status == 1)
    #expect(different.error.hasSuffix("telar: against \(other): 0 inside, 1 outside\n"))
  }

  @Test func `what was run is shown again, not made again, and never replaced unasked`() throws {
    let first = try study(["molina", "base", "--device", "cpu", "--json"] + small)
    let second = try study(["molina", "base", "--device", "auto", "--json"] + small)
    #expect(first.status == 0 && second.status == 0, "\(second.error)")
    let (made, kept) = (first.outLines, second.outLines)
    #expect(made.first!.contains(#""event":"began""#))
    #expect(kept.first!.contains(#""epochs_done":2,"event":"kept""#))
    #expect(made.dropFirst().filter { !$0.contains(#""event":"ended""#) } == Array(kept.dropFirst()))
    #expect(second.error.contains("Chosen because the runs in \(output.path)/runs/molina were made on it."))
    #expect(second.error.contains("there already: 2 epochs in \(output.path)/runs/molina/base/seed-0"))
    let other = ["molina", "base", "--device", "cpu"] + small + ["--epochs", "3"]
    let refused = try study(other)
    #expect(refused.status == 73)
    #expect(refused.error.contains("settings.epochs is 2 there and 3 here. Replace it by --overwrite"))
    let quiet = try study(other + ["--overwrite", "--quiet"])
    #expect(quiet.status == 0 && quiet.error.isEmpty, "\(quiet.error)")
    #expect(quiet.out.contains("Results are in"))
  }

  @Test func `the data set is found through the environment and checked`() throws {
    let found = try study(["aldecoa", "case-3"], environment: ["FASHION_MNIST_DIR": data.path])
    #expect(found.status == 65)
    #expect(found.error.contains("--allow-other-data"))
    #expect(found.error.contains("not bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"))
    #expect(!output.contents().contains { $0.hasPrefix("runs") })
  }

  @Test func `data that is missing or broken is refused before anything is made`() throws {
    func refusal(_ status: Int32, _ part: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      let result = try study(["aldecoa", "case-3", "--device", "cpu"] + small)
      #expect(result.status == status, "\(result.error)", sourceLocation: sourceLocation)
      #expect(
        result.errorLines.count == 1 && result.error.hasPrefix("telar: \(data.path)/"), sourceLocation: sourceLocation)
      #expect(result.error.contains(part), "\(result.error)", sourceLocation: sourceLocation)
      #expect(output.contents().isEmpty, sourceLocation: sourceLocation)
    }
    let good = try Data(contentsOf: URL(fileURLWithPath: data.path + "/train-images-idx3-ubyte"))
    let name = "train-images-idx3-ubyte"
    try data.write(name, Array(good.dropLast(1)))
    try refusal(65, "it ends after 31359 of the 31360 values")
    try data.write(name, Array(good) + [0])
    try refusal(65, "it goes on after the 31360 values")
    try data.write(name, SmallDataSet.idx([0xffff_ffff, 28, 28], [1]))
    try refusal(65, "it has 4294967295 images and its labels file 40 labels")
    try data.write(name, [0x1f, 0x8b] + (0..<500).map { UInt8(truncatingIfNeeded: $0 * 37) })
    try refusal(65, "the gzip stream is damaged")
    try FileManager.default.removeItem(atPath: data.path + "/" + name)
    try refusal(66, "not found (the folder named)")
    let missing = try Telar.run("study", "aldecoa", "--data", "/nonexistent")
    #expect(missing.status == 66)
  }

  @Test func `output that cannot be made is refused with 73`() throws {
    let file = try output.write("file", [1])
    for place in [file, file + "/runs", "/proc/runs"] {
      let result = try Telar.run(["study", "aldecoa", "case-3", "--device", "cpu", "--out", place] + small)
      #expect(result.status == 73, "\(place): \(result.error)")
      #expect(result.error.contains("telar: cannot create \(place)"))
      #expect(result.error.contains("--out"))
    }
  }

  @Test func `a record that says nothing of what is asked is refused before anything is trained`() throws {
    let line = #"{"experiment":"aldecoa/case-1","seed":0,"epoch":1,"val_loss":0.5}"#
    let path = try output.write("other.jsonl", Array((line + "\n").utf8))
    let other = try study(["molina", "--device", "cpu", "--against", path] + small)
    #expect(other.status == 64)
    #expect(other.error.contains("\(path) has no runs of molina: its runs are of aldecoa/case-1."))
    let missing = try study(["aldecoa", "case-2", "--device", "cpu", "--against", path] + small)
    #expect(missing.status == 64)
    #expect(missing.error.contains("\(path) has no runs of aldecoa/case-2; it has case-1."))
    #expect(!output.contents().contains { $0.hasPrefix("runs") })
  }

  @Test func `a damaged record is replaced when asked`() throws {
    let arguments = ["molina", "base", "--device", "cpu"] + small
    #expect(try study(arguments).status == 0)
    _ = try output.write("runs/molina/base/seed-0/run.json", Array("{".utf8))
    let refused = try study(arguments)
    #expect(refused.status == 65)
    #expect(
      refused.error.contains(
        "base/seed-0: run.json, which says what the run is, is damaged. What is there stays as it is: ")
        && refused.error.contains(
          "best.safetensors, last.safetensors, 2 epochs of metrics. --overwrite makes the run again.")
    )
    #expect(try study(arguments + ["--overwrite"]).status == 0)
  }

  @Test func `claims are not judged by runs that are not the text's`() throws {
    let result = try study(["molina", "base", "adam", "--device", "cpu", "--json"] + small)
    let claims = result.outLines.filter { $0.contains(#""claim":"#) }
    #expect(claims.count == 7 && claims.allSatisfy { $0.contains(#""held":null"#) }, "\(result.out)")
    #expect(claims.contains { $0.contains(#""not_judged":"other data than Fashion-MNIST""#) })
  }

  /// Files may not grow past a limit, which is what a full disk is like.
  @Test func `a full disk ends the run, and it can be gone on with`() throws {
    let arguments = ["molina", "base", "--device", "cpu", "--data", data.path, "--allow-other-data", "--epochs", "2"]
    let whole = try Telar.run(["study"] + arguments + ["--out", output.path + "/whole"])
    #expect(whole.status == 0, "\(whole.error)")
    let out = output.path + "/limited"
    let command = ([Telar.executable.path, "study"] + arguments + ["--out", out]).map { "'\($0)'" }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // 100 blocks of 512 bytes, or of 1,024: less than a checkpoint has.
    process.arguments = ["-c", "trap '' XFSZ; ulimit -f 100; exec \(command.joined(separator: " "))"]
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 74, "\(said)")
    #expect(said.contains("telar: cannot write \(out)/molina/base/seed-0/"), "\(said)")
    #expect(!output.contents().contains { $0.contains("/.") })
    let resumed = try Telar.run(["study"] + arguments + ["--out", out, "--resume"])
    #expect(resumed.status == 0, "\(resumed.error)")
    let files = try ["whole", "limited"].map {
      try Data(contentsOf: URL(fileURLWithPath: "\(output.path)/\($0)/molina/base/seed-0/last.safetensors"))
    }
    #expect(files[0] == files[1])
  }

  /// A process that trains for long, and the folder of its run.
  private func longRun(_ arguments: [String] = []) throws -> (process: Process, folder: String) {
    let process = Telar.process(
      ["study", "brunello", "ae-3", "--data", data.path, "--allow-other-data", "--device", "cpu"]
        + ["--epochs", "5000", "--out", output.path + "/runs"] + arguments)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    return (process, output.path + "/runs/brunello/ae-3/seed-0")
  }

  private func wait(for path: String) {
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: path) { usleep(50_000) }
  }

  @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143)), (SIGUSR1, Int32(75)), (SIGUSR2, Int32(75))])
  func `a signal ends a run after the step, and it can be gone on with`(signal: Int32, status: Int32) throws {
    let (process, folder) = try longRun()
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    wait(for: folder + "/metrics.jsonl")
    kill(process.processIdentifier, signal)
    // As by `timeout`, to the process and to its group.
    kill(process.processIdentifier, signal)
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit)
    #expect(process.terminationStatus == status)
    #expect(said.contains("Finishing the step and saving; once more ends at once."))
    #expect(said.contains("; all is saved. To go on: \(Telar.executable.path) study brunello ae-3 --data"))
    #expect(said.hasSuffix(" --resume\n"))
    // What is there is whole.
    let lines = try String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8)
    #expect(lines.hasSuffix("}\n"))
    #expect(!output.contents().contains { $0.contains("/.") })
    #expect(FileManager.default.fileExists(atPath: folder + "/state.safetensors"))
  }

  @Test func `a second signal ends a run at once`() throws {
    let (process, folder) = try longRun()
    try process.run()
    wait(for: folder + "/metrics.jsonl")
    kill(process.processIdentifier, SIGINT)
    usleep(400_000)
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
  }

  /// Three epochs whole, and three epochs with a process that is killed again and again.
  @Test func `a run killed at any moment goes on to the same bits`() throws {
    let arguments =
      ["molina", "adam", "--device", "cpu", "--batch-size", "1", "--epochs", "40"]
      + ["--data", data.path, "--allow-other-data"]
    let whole = try Telar.run(["study"] + arguments + ["--out", output.path + "/whole"])
    #expect(whole.status == 0, "\(whole.error)")
    var generator = SystemRandomNumberGenerator()
    var kills = 0
    while true {
      let process = Telar.process(["study"] + arguments + ["--out", output.path + "/killed", "--resume"])
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      if kills < 12 {
        usleep(UInt32.random(in: 20_000...250_000, using: &generator))
        kill(process.processIdentifier, SIGKILL)
        kills += 1
      }
      process.waitUntilExit()
      if process.terminationReason == .exit {
        #expect(process.terminationStatus == 0)
        break
      }
    }
    for name in ["best.safetensors", "last.safetensors"] {
      let files = try ["whole", "killed"].map {
        try Data(contentsOf: URL(fileURLWithPath: "\(output.path)/\($0)/molina/adam/seed-0/\(name)"))
      }
      #expect(files[0] == files[1], "\(name) after \(kills) kills")
    }
    #expect(output.contents().filter { $0.contains("/.") } == [], "temporary files are left")
  }
}
