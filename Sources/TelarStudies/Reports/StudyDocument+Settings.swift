import TelarIO
import TelarTraining

extension StudyDocument {
  /// The settings that all experiments share, then those that differ.
  var settingSection: Document.Section? {
    let experiments = folder.experiments.map { result in
      (name: result.experiment.name, settings: RunDescription(result.runs[0].record).settings)
    }
    guard !experiments.isEmpty else { return nil }
    var names: [String] = []
    for setting in experiments.flatMap(\.settings) where !names.contains(setting.name) { names.append(setting.name) }
    func value(_ settings: [(name: String, value: String)], _ name: String) -> String {
      settings.first { $0.name == name }?.value ?? ""
    }
    let differing = names.filter { name in Set(experiments.map { value($0.settings, name) }).count > 1 }
    let common = names.filter { !differing.contains($0) }
    var blocks: [Document.Block] = []
    if experiments.count > 1 { blocks.append(.paragraph("In all experiments:")) }
    blocks.append(
      .list(
        common.map { "\($0): \(value(experiments[0].settings, $0))" }
          + ["seeds: " + Set(runs.map(\.seed)).sorted().map(String.init).joined(separator: ", ")]))
    if !differing.isEmpty {
      blocks.append(
        .table(
          Document.Table(
            caption: "Settings in which the experiments differ.",
            columns: [.init("experiment")] + differing.map { .init($0) },
            rows: experiments.map { experiment in
              [cell(experiment.name)] + differing.map { .init(value(experiment.settings, $0)) }
            })))
    }
    return Document.Section(id: "settings", title: "Settings", blocks: blocks)
  }

  /// The assumptions where the text is open.
  var assumptionSection: Document.Section? {
    guard !study.assumptions.isEmpty else { return nil }
    return Document.Section(
      id: "readings", title: "Where the text is open",
      blocks: [
        .paragraph("What the text does not state, or not clearly, and what is assumed here."), .list(study.assumptions),
      ])
  }

  /// Device, program and data.
  var machineSection: Document.Section? {
    guard !runs.isEmpty else { return nil }
    var machines: [(cells: [String], count: Int)] = []
    for run in runs {
      let cells = machine(run.record)
      if let index = machines.firstIndex(where: { $0.cells == cells }) {
        machines[index].count += 1
      } else {
        machines.append((cells, 1))
      }
    }
    var blocks: [Document.Block] = [
      .table(
        Document.Table(
          caption: "What the runs were made on, and by.",
          columns: [
            "device", "name", "driver", "instruction set", "compute units", "kernels", "tuned choices", "telar",
            "build",
          ].map { .init($0) } + [.init("runs", isNumeric: true)],
          rows: machines.map { machine in machine.cells.map { .init($0) } + [.init(String(machine.count))] }))
    ]
    if let first = runs.compactMap({ $0.record.at("started")?.string }).min(), let last = runs.compactMap(ended).max() {
      blocks.append(.paragraph("Begun at \(Text.time(first)), ended at \(Text.time(last))."))
    }
    blocks.append(contentsOf: dataBlocks)
    return Document.Section(id: "machine", title: "Device and data", blocks: blocks)
  }

  /// The time at which a run ended.
  func ended(_ run: RunResult) -> String? {
    run.folder.members(of: RunFolder.resultName)?.at("ended")?.string
  }

  private func machine(_ record: JSON.Members) -> [String] {
    func text(_ json: JSON?) -> String { json?.string ?? json?.integer.map(String.init) ?? "" }
    let device = record.at("device")
    return [
      text(device?["identifier"]), text(device?["name"]), text(device?["driver"]), text(device?["instruction_set"]),
      text(device?["compute_units"]), text(device?["family"]), text(record.at("tuning", "choices")).ifEmpty("none"),
      text(record.at("version")), text(record.at("build")),
    ]
  }

  private var dataBlocks: [Document.Block] {
    var sets: [JSON] = []
    for sums in runs.compactMap({ $0.record.at("data", "sha256") }) where !sets.contains(sums) && sets.count < 10 {
      sets.append(sums)
    }
    let isFashion = runs.allSatisfy { $0.record.at("data", "is_fashion_mnist")?.boolean == true }
    let known = isFashion ? " They are those of Fashion-MNIST as it was published." : ""
    return sets.map { sums in
      var rows: [[Document.Cell]] = []
      if case .object(let files) = sums {
        rows = files.prefix(20).map { [.init($0), .init($1.string ?? "")] }
      }
      return .table(
        Document.Table(
          caption: "The data's files.\(known)", columns: [.init("file"), .init("SHA-256")], rows: rows))
    }
  }
}

extension String {
  fileprivate func ifEmpty(_ other: String) -> String { isEmpty ? other : self }
}
