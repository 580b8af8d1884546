import ArgumentParser
import Telar

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract: "List the devices that there are, and the one that would be chosen.",
    discussion: """
      The first column is the name that --device takes. `opencl` alone is the best OpenCL device by type and compute \
      units; `auto`, the default, is what a short training run measures to be the fastest, and is remembered.
      """)

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func run() throws {
    let devices = DeviceCatalog.list()
    let choice = try DeviceCatalog.choose("auto", workload: .announced)
    let chosen = choice.device.properties.identifier
    let tuning = try TuningFile.tuning(for: choice.device.properties).tuning
    if json {
      for device in devices {
        Console.result(JSON.object(try Self.members(device, chosen: chosen, reason: choice.reason)).text)
      }
      DeviceCatalog.problems().forEach { Console.note($0) }
      return
    }
    let rows =
      [["device", "name", "kind", "units", "driver"]]
      + devices.map { device in
        let p = device.properties
        return [p.identifier, p.name, p.kind.rawValue, String(p.computeUnits), device.problem ?? p.driver]
      }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    for (index, row) in rows.enumerated() {
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      let isChosen = index > 0 && row[0] == chosen
      Console.result((isChosen ? "* " : "  ") + cells.dropLast().joined(separator: "  ") + "  " + row.last!)
    }
    for problem in DeviceCatalog.problems() { ["", problem].forEach(Console.result) }
    Console.result("")
    Console.result("auto takes \(chosen): \(choice.reason ?? "it was asked for").")
    if let sentence = tuning.sentence { Console.result(sentence) }
  }

  private static func members(_ device: DeviceDescription, chosen: String, reason: String?) throws -> JSON.Members {
    let p = device.properties
    var members = p.members
    members["problem"] = device.problem.map(JSON.string) ?? .null
    members["tuning"] = try TuningFile.tuning(for: p).tuning.json
    members["chosen"] = .boolean(p.identifier == chosen)
    members["reason"] = p.identifier == chosen ? reason.map(JSON.string) ?? .null : .null
    return members
  }
}

extension DeviceProperties {
  /// What the device is and its limits.
  var members: JSON.Members {
    [
      "device": .string(identifier), "name": .string(name), "kind": .string(kind.rawValue),
      "vendor": .string(vendor), "driver": .string(driver), "isa": .string(instructionSet),
      "compute_units": .integer(computeUnits), "family": .string(family.rawValue),
      "max_work_group": .integer(maximumWorkGroupSize), "local_memory_bytes": .integer(localMemoryBytes),
      "max_allocation_bytes": .integer(maximumAllocationBytes), "global_memory_bytes": .integer(globalMemoryBytes),
      "vector_width": .integer(preferredVectorWidth), "fp16": .boolean(supportsHalf), "fp64": .boolean(supportsDouble),
    ]
  }
}
