import ArgumentParser
import Telar
import TelarBench

struct ParityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity",
    abstract: "Hold every operator of one device against another's.",
    discussion: """
      Every operator with its gradients on random shapes, and a training step of eight networks. Exits 1 when one \
      differs by more than its bound, or when a kernel writes other bits the second time, and names the first.

      EXAMPLE
        telar parity --device opencl:0 --against cpu
      """)

  @Option(help: ArgumentHelp("The device to check.", valueName: "name"), completion: Completions.device)
  var device = "opencl"

  @Option(help: ArgumentHelp("The device that is trusted.", valueName: "name"), completion: Completions.device)
  var against = "cpu"

  @Option(help: ArgumentHelp("Random shapes for each operator.", valueName: "count"))
  var cases = 6

  @Option(help: ArgumentHelp("What shapes and values are drawn from.", valueName: "number"))
  var seed: UInt64 = 1

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    guard 1...10_000 ~= cases else { throw ValidationError("--cases \(cases) is not 1 to 10000") }
  }

  func run() throws {
    let devices = try [device, against].map { try DeviceCatalog.choose($0, workload: .announced).device }
    let names = devices.map(\.properties.identifier)
    Console.note("Holding \(names[0]) against \(names[1]).")
    var count = 0
    let first = try Parity(seed: seed, casesPerOperator: cases).run(devices[0], against: devices[1]) { result in
      count += 1
      Console.result(json ? result.json : result.line)
    }
    if let first { throw CheckFailed(description: "\(names[0]) differs from \(names[1]), first in \(first.name).") }
    if !json { Console.result("All \(count) comparisons of \(names[0]) with \(names[1]) are within their bounds") }
  }
}
