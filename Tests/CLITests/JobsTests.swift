import Foundation
import TestSupport
import Testing

/// `--jobs` and `--shard`: the runs of a comparison in several processes.
@Suite("Several runs at once", .serialized)
struct JobsTests {
  let data: TemporaryFolder
  let output: TemporaryFolder

  init() throws {
    data = try TemporaryFolder()
    output = try TemporaryFolder()
    try SmallDataSet.write(into: data)
  }

  private func arguments(_ folder: String, _ more: [String]) -> [String] {
    [
      "study", "aldecoa", "case-1", "case-2", "n32-p0.2", "--seeds", "2", "--data", data.path, "--allow-other-data",
      "--batch-size", "16", "--device", "cpu", "--out", "\(output.path)/\(folder)",
    ] + (more.contains("--epochs") ? [] : ["--epochs", "2"]) + more
  }

  private func study(_ folder: String, _ more: String...) throws -> Telar.Output {
    try Telar.run(arguments(folder, more))
  }

  /// The bytes of every network below a folder.
  private func networks(_ folder: String) throws -> [String: Data] {
    let names = output.contents().filter { $0.hasPrefix(folder + "/") && $0.hasSuffix("last.safetensors") }
    return try names.reduce(into: [:]) { networks, name in
      let path = output.path + "/" + name
      networks[String(name.dropFirst(folder.count))] = try Data(contentsOf: URL(fileURLWithPath: path))
    }
  }

  @Test func `runs have the bits that they have one after the other`() throws {
    let alone = try study("alone", "--threads", "2"), together = try study("together", "--jobs", "3")
    #expect(alone.status == 0 && together.status == 0, "\(together)")
    let (expected, found) = (try networks("alone"), try networks("together"))
    #expect(expected.count == 8 && found == expected)
    // The table is that of the runs, whoever made them.
    #expect(together.out.contains("about 80.00 %"))
    #expect(together.errorLines.count { $0.contains(": done after 2 epochs") } == 8, "\(together.error)")
    #expect(!together.error.contains("\u{1b}") && !output.contents().contains { $0.contains("/.") })
    let again = try study("together", "--jobs", "auto")
    #expect(again.status == 0 && again.out.contains("about 80.00 %"), "\(again)")
  }

  @Test func `results as JSON are those of one process`() throws {
    func events(_ output: Telar.Output) throws -> Set<String> {
      Set(
        try output.outLines.compactMap { line in
          let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
          guard let event = object["event"] as? String, let experiment = object["experiment"] else { return nil }
          return "\(event) \(experiment) \(object["seed"] ?? "") \(object["epoch"] ?? "")"
        })
    }
    let alone = try study("alone", "--json"), together = try study("together", "--json", "--jobs", "2")
    #expect(together.status == 0, "\(together.error)")
    #expect(try events(together) == events(alone))
  }

  /// Three parts, made in any order, are the whole.
  @Test func `parts of a comparison add up to it`() throws {
    for part in ["3/3", "1/3", "2/3"] {
      let result = try study("parts", "--shard", part)
      #expect(result.status == 0, "\(result)")
    }
    #expect(try study("whole").status == 0)
    #expect(try networks("parts") == networks("whole"))
    let slurm = try Telar.run(
      arguments("slurm", ["--shard", "auto"]),
      environment: [
        "SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "1",
        "SLURM_ARRAY_TASK_COUNT": "2",
      ])
    #expect(slurm.status == 0, "\(slurm)")
    let count = try networks("slurm").count
    #expect(0 < count && count < 8)
    for wrong in ["0/3", "4/3", "1", "auto"] {
      let refused = try study("wrong", "--shard", wrong)
      #expect(refused.status == 64 && refused.errorLines.count == 1, "\(refused)")
    }
  }

  #if os(Linux)
    /// The worker of one run is killed: it is named, the others end, and it is resumed.
    @Test func `a worker that dies is named, and its run goes on later`() throws {
      let process = Telar.process(arguments("killed", ["--epochs", "200", "--jobs", "2"]))
      let errors = output.path + "/errors"
      try output.write("errors", [])
      process.standardError = FileHandle(forWritingAtPath: errors)
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      var victim: pid_t?
      while victim == nil, process.isRunning {
        victim = Self.children(of: process.processIdentifier).first { Self.commandLine($0).contains("--worker") }
        usleep(20_000)
      }
      usleep(300_000)
      kill(try #require(victim), SIGKILL)
      usleep(300_000)
      process.interrupt()
      process.waitUntilExit()
      let text = try String(contentsOfFile: errors, encoding: .utf8)
      #expect(process.terminationStatus == 130, "\(text)")
      #expect(text.contains("its process was ended by signal 9"), "\(text)")
      #expect(Self.children(of: process.processIdentifier).isEmpty)
      let resumed = try study("killed", "--epochs", "200", "--jobs", "3", "--resume")
      #expect(resumed.status == 0, "\(resumed)")
      // A temporary file that the killed process left is removed on resume.
      #expect(!output.contents().contains { $0.contains("/.") })
      #expect(try study("straight", "--epochs", "200").status == 0)
      #expect(try networks("killed") == networks("straight"))
    }

    private static func children(of parent: pid_t) -> [pid_t] {
      let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")) ?? []
      return tasks.flatMap { task in
        let text = (try? String(contentsOfFile: "/proc/\(parent)/task/\(task)/children", encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { pid_t($0) }
      }
    }

    private static func commandLine(_ process: pid_t) -> String {
      (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)) ?? ""
    }
  #endif
}
