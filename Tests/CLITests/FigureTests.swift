import Foundation
import TelarStudies
import TestSupport
import Testing

/// When figures are drawn, and what becomes of them when something is in the way.
@Suite("Figures of commands", .enabled(if: GnuPlot.installed != nil))
struct FigureTests {
  let data: TemporaryFolder
  let output: TemporaryFolder
  /// A search path with what the test puts there.
  let programs: TemporaryFolder

  init() throws {
    data = try TemporaryFolder()
    output = try TemporaryFolder()
    programs = try TemporaryFolder()
    try SmallDataSet.write(into: data)
  }

  private var run: String { output.path + "/runs/aldecoa/n64-p0.1/seed-0" }

  private var arguments: [String] {
    [
      "study", "aldecoa", "n64-p0.1", "n64-p0.2", "--data", data.path, "--allow-other-data", "--epochs", "1",
      "--batch-size", "16",
    ]
      + ["--device", "cpu", "--out", output.path + "/runs"]
  }

  private func study(_ environment: [String: String] = [:]) throws -> Telar.Output {
    let result = try Telar.run(arguments, environment: environment)
    #expect(result.status == 0, "\(result.error)")
    return result
  }

  private func program(_ text: String) throws {
    let path = try programs.write("gnuplot", Array("#!/bin/sh\n\(text)\n".utf8))
    chmod(path, 0o755)
  }

  private var pictures: [String] { output.contents().filter { $0.hasSuffix(".png") } }

  private func time(_ path: String) throws -> Date {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
  }

  private func setTime(_ path: String, _ seconds: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date.now.addingTimeInterval(seconds)], ofItemAtPath: path)
  }

  @Test func `figures are made when one is missing or older than its data, and only then`() throws {
    let before = try study(["PATH": programs.path])
    #expect(before.error.contains("gnuplot is not installed") && pictures.isEmpty)
    // Since then gnuplot was installed.
    #expect(!(try study()).error.contains("gnuplot"))
    #expect(pictures.count == 5 && pictures.contains("runs/aldecoa/n64-p0.1/seed-0/reconstructions.png"))
    let times = try pictures.map { try time("\(output.path)/\($0)") }
    _ = try study()
    #expect(try pictures.map { try time("\(output.path)/\($0)") } == times)

    // A start that was ended between a figure's numbers and its picture, and one that was ended before.
    unlink(run + "/loss.png")
    unlink(run + "/reconstructions.csv")
    try setTime(output.path + "/runs/aldecoa/n64-p0.2/seed-0/metrics.jsonl", 60)
    _ = try study()
    #expect(pictures.count == 5 && FileManager.default.fileExists(atPath: run + "/reconstructions.csv"))
    let now = try Dictionary(uniqueKeysWithValues: zip(pictures, pictures.map { try time("\(output.path)/\($0)") }))
    let changed = zip(pictures, times).filter { now[$0] != $1 }.map(\.0)
    #expect(!changed.contains("runs/aldecoa/n64-p0.2/seed-0/reconstructions.png"))
    #expect(changed.count == 4, "\(changed)")
  }

  @Test func `the figure of several is made again when they are others`() throws {
    #expect(try Telar.run(arguments + ["n64-p0.5"]).status == 0)
    #expect(try output.text("runs/aldecoa/loss-dropout.csv").contains("n64-p0.5"))
    try FileManager.default.removeItem(atPath: output.path + "/runs/aldecoa/n64-p0.5")
    _ = try study()
    let numbers = try output.text("runs/aldecoa/loss-dropout.csv")
    #expect(numbers.contains("n64-p0.2") && !numbers.contains("n64-p0.5"))
  }

  @Test func `reconstructions that cannot be read end nothing`() throws {
    _ = try study()
    for name in ["reconstructions.csv", "reconstructions.png"] { unlink("\(run)/\(name)") }
    try Data("no tensors".utf8).write(to: URL(fileURLWithPath: run + "/samples.safetensors"))
    #expect(try study().error.contains("Not shown: \(run)/samples.safetensors: "))
  }

  /// Waits for the program that stands for gnuplot to have been started; its number.
  private func startedChild() throws -> pid_t {
    for _ in 0..<1000 {
      if let text = try? programs.text("child"), text.hasSuffix("\n"), let number = pid_t(text.dropLast()) {
        return number
      }
      usleep(20_000)
    }
    throw CocoaError(.fileNoSuchFile)
  }

  private func isRunning(_ process: pid_t) -> Bool {
    guard let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
    return !state.contains(") Z")
  }

  @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
  func `a signal while a report's figures are drawn ends all and leaves nothing`(signal: Int32, status: Int32) throws {
    _ = try study(["PATH": programs.path])
    try program("echo $$ > '\(programs.path)/child'; exec sleep 60")
    let process = Telar.process(
      ["report", output.path + "/runs/aldecoa"], environment: ["PATH": programs.path + ":/usr/bin:/bin"])
    let before = output.contents()
    try process.run()
    let child = try startedChild()
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == status)
    for _ in 0..<100 where isRunning(child) { usleep(20_000) }
    #expect(!isRunning(child))
    #expect(output.contents().filter { $0 != "runs/aldecoa/report" } == before)
  }

  @Test func `a signal while a study's figures are drawn lets one be done, and the rest is drawn when it goes on`()
    throws
  {
    try program("echo $$ > '\(programs.path)/child'; sleep 1; exec \(GnuPlot.installed!.executable) \"$@\"")
    let process = Telar.process(arguments, environment: ["PATH": programs.path + ":/usr/bin:/bin"])
    try process.run()
    _ = try startedChild()
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 143)
    #expect(pictures.count == 1 && !output.contents().contains { $0.contains("/.") })
    _ = try study()
    #expect(pictures.count == 5)
  }

  @Test func `a report needs no folder for temporary files`() throws {
    _ = try study(["PATH": programs.path])
    let result = try Telar.run("report", output.path + "/runs/aldecoa", environment: ["TMPDIR": "/nonexistent/folder"])
    #expect(result.status == 0 && !result.error.contains("gnuplot"), "\(result.error)")
    #expect(pictures.contains { $0.hasPrefix("runs/aldecoa/report/figures/") })
  }

  /// The limit counts a user's threads, but none of root's.
  @Test(.enabled(if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")))
  func `where no thread can be made, nothing hangs`() throws {
    // The build's folder may be closed to other users.
    let program = programs.path + "/telar"
    try FileManager.default.copyItem(atPath: Telar.executable.path, toPath: program)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
    process.arguments =
      ["--reuid=54321", "--regid=54321", "--clear-groups", "prlimit", "--nproc=1", program, "--version"]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let end = ContinuousClock.now + .seconds(60)
    while process.isRunning, ContinuousClock.now < end { usleep(20_000) }
    #expect(!process.isRunning)
    guard process.isRunning else { return #expect(process.terminationStatus == 0) }
    kill(process.processIdentifier, SIGKILL)
  }
}
