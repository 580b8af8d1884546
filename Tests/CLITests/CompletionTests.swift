import Foundation
import TelarStudies
import TestSupport
import Testing

/// Completion scripts and the man page, which are made of the command's own help.
@Suite("Completions")
struct CompletionTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let root = URL(fileURLWithPath: #filePath + "/../../..").standardized.path

  /// Runs a program in the folder, with the command on its path; `nil` where there is none of that name.
  private func output(
    _ program: String, _ arguments: String..., input: String = ""
  ) throws -> (status: Int32, out: String)? {
    let path = try #require(ProcessInfo.processInfo.environment["PATH"])
    let files = program.contains("/") ? [program] : path.split(separator: ":").map { "\($0)/\(program)" }
    guard let file = files.first(where: FileManager.default.isExecutableFile) else { return nil }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: file)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["PATH": Telar.executable.deletingLastPathComponent().path + ":" + path, "TELAR": Telar.executable.path]
    ) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    let (out, source) = (folder.path + "/out", folder.path + "/in")
    try input.write(toFile: source, atomically: true, encoding: .utf8)
    _ = FileManager.default.createFile(atPath: out, contents: nil)
    process.standardInput = FileHandle(forReadingAtPath: source)
    process.standardOutput = FileHandle(forWritingAtPath: out)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOfFile: out, encoding: .utf8))
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `a shell takes its script`(shell: String) throws {
    let script = try Telar.run("--generate-completion-script", shell)
    #expect(script.status == 0)
    // Where the shell is not installed, only that the studies are in it.
    if let checked = try output(shell, "-n", input: script.out) { #expect(checked.status == 0) }
    for name in ["study", "explain", "aldecoa", "molina"] { #expect(script.out.contains(name), "\(name)") }
  }

  /// What bash offers for a line, completed at its end.
  private func bash(_ words: [String]) throws -> [String] {
    let script = try Telar.run("--generate-completion-script", "bash").out
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    let ends = words.suffix(2).map { "'\($0)'" }
    let driver = """
      COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1); COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
      _telar telar \(ends[1]) \(ends[0])
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let result = try #require(try output("bash", "-c", script + driver))
    return result.out.split(separator: "\n").map(String.init)
  }

  @Test func `bash completes names`() throws {
    #expect(try bash(["telar", "stu"]) == ["study"])
    #expect(try bash(["telar", "study", ""]).contains("aldecoa"))
    #expect(try bash(["telar", "study", "mol"]) == ["molina"])
    let experiments = try bash(["telar", "study", "brunello", "ae-"])
    #expect(experiments == Study.brunello.experiments.map(\.name).filter { $0.hasPrefix("ae-") })
    #expect(try bash(["telar", "study", "molina", "adam", "op"]).contains("open"))
    #expect(try bash(["telar", "study", "molina", "--device", "c"]).contains("cpu"))
    #expect(try bash(["telar", "explain", "brunello-f"]) == ["brunello-finetune"])
    #expect(try bash(["telar", "report", "runs", "--format", "h"]) == ["html"])
    #expect(try bash(["telar", "bench", "train", "--net", "molina"]) == ["molina-mlp"])
    #expect(try bash(["telar", "study", "nope", ""]) == [])
  }

  @Test func `bash completes the files that a command takes, and the experiments in them`() throws {
    let recipe = """
      name = "own"
      [[experiments]]
      name = "wide"
      loss = "cross_entropy"
      epochs = 1
      parts = [{ name = "net", layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }] }]
      """
    try folder.write("own.toml", Array(recipe.utf8))
    try folder.write("best.safetensors", [])
    try folder.write("notes.txt", [])
    #expect(try bash(["telar", "train", ""]) == ["own.toml"])
    #expect(try bash(["telar", "evaluate", ""]) == ["best.safetensors"])
    #expect(try bash(["telar", "train", "own.toml", ""]) == ["wide"])
    #expect(try bash(["telar", "explain", "b"]).contains("best.safetensors"))
    #expect(try bash(["telar", "explain", "own.toml", "w"]) == ["wide"])
    try folder.write("own.toml", Array("name = ".utf8))
    #expect(try bash(["telar", "train", "own.toml", ""]) == [])
  }

  @Test func `the man page says what help says`() throws {
    let dump = try Telar.run("--experimental-dump-help")
    #expect(dump.status == 0)
    let page = try #require(try output("python3", Self.root + "/Tools/manual.py", "0.0.0", input: dump.out))
    #expect(page.status == 0)
    for text in [
      ".TH TELAR 1", "\\fB\\-\\-batch\\-size\\fR \\fIcount\\fR", ".SS \"telar bench ops\"", "hold the results against",
    ] {
      #expect(page.out.localizedCaseInsensitiveContains(text), "\(text)")
    }
    // Options for the command's own children are not in it.
    #expect(!page.out.contains("worker"))
    guard let shown = try output("groff", "-man", "-Tutf8", "-ww", input: page.out) else { return }
    #expect(shown.status == 0)
  }

  /// No word is longer than a line, and no line longer than the terminal.
  @Test(
    arguments: [
      [], ["devices"], ["study"], ["train"], ["data"], ["report"], ["evaluate"], ["predict"], ["reconstruct"],
      ["export"], ["conformance"], ["parity"], ["doctor"], ["tune"], ["explain"], ["bench"], ["bench", "train"],
      ["bench", "gemm"], ["bench", "ops"], ["bench", "compare"],
    ])
  func `help fits eighty columns`(command: [String]) throws {
    for line in try Telar.run(command + ["--help"]).outLines {
      #expect(line.count <= 80, "\(line)")
    }
  }

  @Test func `installing puts five files, and uninstalling takes them away`() throws {
    let (tool, prefix) = (Self.root + "/Tools/install.sh", folder.path + "/a prefix")
    func files() throws -> Set<String> {
      let all = FileManager.default.enumerator(atPath: prefix)?.allObjects as? [String] ?? []
      var isFolder: ObjCBool = false
      return Set(
        all.filter {
          FileManager.default.fileExists(atPath: prefix + "/" + $0, isDirectory: &isFolder) && !isFolder.boolValue
        })
    }
    let installed = try #require(try output(tool, prefix))
    #expect(installed.status == 0)
    let expected: Set = [
      "bin/telar", "share/bash-completion/completions/telar", "share/zsh/site-functions/_telar",
      "share/fish/vendor_completions.d/telar.fish", "share/man/man1/telar.1",
    ]
    #expect(try files() == expected)
    #expect(try output(prefix + "/bin/telar", "--version")?.status == 0)
    let page = try String(contentsOfFile: prefix + "/share/man/man1/telar.1", encoding: .utf8)
    #expect(page.contains("\"telar \(try Telar.run("--version").out.dropLast())\""))
    #expect(try output(tool, "--remove", prefix)?.status == 0)
    #expect(try files().isEmpty)
  }

  /// The version stands in one place; what a reader is shown agrees with it.
  @Test func `the documents name the version`() throws {
    let version = try Telar.run("--version").out.dropLast()
    for (file, text) in [
      ("README.md", "from: \"\(version)\""), ("Examples/README.md", "from: \"\(version)\""),
      ("CHANGELOG.md", "## \(version)"),
    ] {
      let contents = try String(contentsOfFile: Self.root + "/" + file, encoding: .utf8)
      #expect(contents.contains(text), "\(file)")
    }
  }
}
