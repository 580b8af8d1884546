// Lists the devices of the machine and checks one: what `telar doctor` does, in the program's own process.
//
//   swift run -c release DriverCheck [DEVICE]
import Foundation
import Telar
import TelarBench

for device in DeviceCatalog.list() {
  let properties = device.properties
  let state = device.problem.map { "cannot be used: \($0)" } ?? "\(properties.computeUnitsLabel), \(properties.driver)"
  print("\(properties.identifier): \(properties.name), \(state)")
}
for problem in DeviceCatalog.problems() { print("Problem: \(problem)") }

// The first OpenCL device, if there is one, unless another is named.
let identifiers = DeviceCatalog.list().filter { $0.problem == nil }.map(\.properties.identifier)
let name = CommandLine.arguments.dropFirst().first ?? identifiers.first { $0.hasPrefix("opencl:") } ?? "cpu"
print("\nChecking \(name)")

var failures = 0
for check in DeviceCheck.all(for: name) {
  print("\(check.title): ", terminator: "")
  fflush(nil)
  // A check opens the device for itself. A driver that crashes takes the program with it, which is why `telar doctor` runs
  // each in a process of its own.
  let finding: Finding
  do { finding = try check.run(on: name) } catch { finding = Finding(isPassed: false, summary: "\(error)") }
  print(finding.isPassed ? "ok," : "FAILED,", finding.summary)
  for detail in finding.details { print("  \(detail)") }
  if !finding.isPassed { failures += 1 }
}
print(failures == 0 ? "\nNo fault was found." : "\n\(failures) checks failed.")
exit(failures == 0 ? 0 : 1)
