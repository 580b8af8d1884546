import ArgumentParser
import Foundation
import Telar
import TelarBench

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check the drivers and devices of this machine.",
    discussion: """
      Looks for drivers and says why others are not found; then checks every OpenCL device and the processor, or the one \
      named: whether it adds and draws random numbers, every operator against golden cases and against the processor in \
      both families of kernels, and what launches and copies cost. Each check runs in a process of its own, so a driver \
      that hangs or crashes is named and the rest goes on. Exits 1 when a check fails, 69 when there is no OpenCL device.

      EXAMPLE
        telar doctor --out doctor.txt             attach the file to a report of a bug
      """)

  @Option(help: ArgumentHelp("Check this device only.", valueName: "name"), completion: Completions.device)
  var device: String?

  @Option(help: ArgumentHelp("Write all that was found to a file, too.", valueName: "file"), completion: .file())
  var out: String?

  @OptionGroup var output: OutputOptions

  @Option(help: ArgumentHelp("Seconds after which a check is ended.", valueName: "seconds"))
  var limit = 600

  /// In a child: what to do for its parent, a check of ``DeviceCheck`` or `list`.
  @Option(help: .hidden)
  var check: String?

  func validate() throws {
    guard 1...86_400 ~= limit else { throw ValidationError("--limit \(limit) is not 1 to 86400") }
  }

  func run() throws {
    if let check { return try DoctorChild(check: check, device: device ?? "").run() }
    if let out { try output.check(out) }
    var report = DoctorReport()
    report.addSystem()
    let (listed, broken) = try DoctorChild.list(limit: limit)
    report.addDrivers(problems: listed.problems + broken)
    report.addDevices(listed.devices)

    let chosen = try chosen(among: listed.devices)
    var failures = broken
    for one in chosen {
      report.add("Checks of \(one)")
      for check in DeviceCheck.all(for: one) {
        let (finding, seconds) = DoctorChild.run(check, on: one, limit: limit)
        report.add(check, finding, seconds: seconds)
        guard !finding.isPassed else { continue }
        failures.append("\(one), \(check.title): \(finding.summary)")
        if check == .opening {
          report.add("  The other checks were left out.")
          break
        }
      }
    }
    report.add("Verdict")
    let hasOpenCL = listed.devices.contains { $0.properties.identifier.hasPrefix("opencl:") && $0.problem == nil }
    if failures.isEmpty { report.add("  No fault was found on \(chosen.joined(separator: " and ")).") }
    for failure in failures { report.add("  \(failure)") }
    if !hasOpenCL { report.add("  There is no OpenCL device.") }
    try write(report)
    if let first = failures.first { throw CheckFailed(description: "a check failed: \(first).") }
    if !hasOpenCL, device == nil {
      throw CheckFailed(description: "there is no OpenCL device.", exitCode: ExitStatus.noDevice)
    }
  }

  /// The identifiers of the devices to check.
  private func chosen(among devices: [DeviceDescription]) throws -> [String] {
    if let device { return [try DeviceCatalog.identifier(of: device, among: devices)] }
    let processor = devices.first { $0.properties.identifier.hasPrefix("cpu") }
    let others = devices.filter { !$0.properties.identifier.hasPrefix("cpu") && $0.problem == nil }
    return (others + [processor].compactMap { $0 }).map(\.properties.identifier)
  }

  private func write(_ report: DoctorReport) throws {
    guard let out else { return }
    try AtomicFile.write(report.text, to: out)
    Console.note("All of it, with the details, is in \(out).")
  }
}
