import ArgumentParser
import Telar
import TelarBench

struct ConformanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conformance",
    abstract: "Check a device against golden cases computed elsewhere.",
    discussion: """
      Runs every case of every golden file in the folder: operators with their gradients (op-*.safetensors) and \
      training runs of whole networks (net-*.safetensors), each of them twice. Prints for each file how many cases \
      passed and the worst error as a fraction of its bound, and names each case that fails, also one that has other \
      bits the second time. Exits 1 when a case fails.

      EXAMPLE
        telar conformance Tests/ConformanceTests/Golden --device opencl:0
      """)

  @Argument(help: ArgumentHelp("The folder of the golden files.", valueName: "folder"), completion: .directory)
  var folder: String

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print one JSON object a case: file, case, device, ok, worst, and error where worst is null.")
  var json = false

  func run() throws {
    let golden = try GoldenFolder(folder)
    let device = try device.open()
    var (passed, count) = (0, 0)
    _ = try golden.run(on: device) { file in
      passed += file.passed
      count += file.cases.count
      if json { return file.cases.forEach { Console.result($0.json) } }
      Console.result(file.summary)
      file.cases.filter { !$0.isPassed }.forEach { Console.result($0.failureLine) }
    }
    let summary = "\(passed) of \(count) cases passed on \(device.properties.identifier)"
    guard passed == count else { throw CheckFailed(description: summary + ".") }
    if !json { Console.result(summary) }
  }
}
