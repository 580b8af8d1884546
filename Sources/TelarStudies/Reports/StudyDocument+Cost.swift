import TelarIO
import TelarTraining

extension StudyDocument {
  /// Training time, launches and parameters, and frozen encoders compared with trained ones.
  var costSection: Document.Section? {
    guard !folder.experiments.isEmpty else { return nil }
    var blocks: [Document.Block] = [
      .paragraph(
        "As measured in these runs, on a machine that may have had other work. Training time is without measuring on "
          + "validation and training images; images a second are those of the run's middle epoch."),
      .table(costTable),
    ]
    if let table = timeToAccuracyTable { blocks.append(.table(table)) }
    if let table = frozenTable { blocks.append(.table(table)) }
    return Document.Section(id: "cost", title: "Time and size", blocks: blocks)
  }

  private var costTable: Document.Table {
    var columns: [Document.Table.Column] = [.init("experiment")]
    columns += ["trained parameters", "of all"].map { .init($0, isNumeric: true) } + [.init("frozen")]
    columns += ["launches a step", "images/s", "seconds an epoch", "training time of a run"].map {
      .init($0, isNumeric: true)
    }
    let rows = folder.experiments.map { result -> [Document.Cell] in
      let cost = Cost(result)
      let speed = cost.imagesPerSecond.map { spread in
        Text.whole(spread.mean) + (spread.deviation.map { " ± " + Text.whole($0) } ?? "")
      }
      let texts: [String?] = [
        cost.trained.map(Text.whole), cost.all.map { grouped($0) }, cost.frozen.joined(separator: ", "),
        cost.launches.map { Text.decimal($0.mean, 0) }, speed, cost.secondsPerEpoch?.text(decimals: 2),
        cost.seconds.map { Text.duration($0.mean) },
      ]
      return [cell(result.experiment.name)] + texts.map { .init($0 ?? "") }
    }
    // Drops empty columns, such as frozen parameters where there are none.
    let kept = columns.indices.filter { column in rows.contains { $0[column].lines != [""] } }
    return Document.Table(
      caption: "What training cost, mean ± standard deviation over the seeds.", columns: kept.map { columns[$0] },
      rows: rows.map { row in kept.map { row[$0] } })
  }

  /// Runs of the same network with and without frozen parts.
  private var frozenTable: Document.Table? {
    struct Key: Hashable {
      var network: JSON
      var batch: JSON?
    }
    var groups: [(key: Key, results: [ExperimentResult])] = []
    for result in folder.experiments {
      let record = result.runs[0].record
      guard let network = record.at("network") else { continue }
      let key = Key(network: network, batch: record.at("settings", "batch_size"))
      if let index = groups.firstIndex(where: { $0.key == key }) {
        groups[index].results.append(result)
      } else {
        groups.append((key, [result]))
      }
    }
    let rows = groups.compactMap { _, results -> [Document.Cell]? in
      let frozen = results.filter { !Cost($0).frozen.isEmpty }
      let trained = results.filter { Cost($0).frozen.isEmpty }
      func mean(_ results: [ExperimentResult], _ value: (Cost) -> Spread?) -> Double? {
        Spread(results.compactMap { value(Cost($0))?.mean })?.mean
      }
      guard let a = mean(frozen, \.imagesPerSecond), let b = mean(trained, \.imagesPerSecond), a > 0, b > 0 else {
        return nil
      }
      func launches(_ results: [ExperimentResult]) -> String {
        mean(results, \.launches).map { Text.decimal($0, 0) } ?? ""
      }
      func seconds(_ results: [ExperimentResult]) -> String {
        mean(results, \.secondsPerEpoch).map { Text.decimal($0, 2) } ?? ""
      }
      return [
        .init(frozen.map(\.experiment.name).joined(separator: ", ")),
        .init(trained.map(\.experiment.name).joined(separator: ", ")), .init(launches(frozen)),
        .init(launches(trained)),
        .init(seconds(frozen)), .init(seconds(trained)), .init("\(Text.decimal(a / b, 2)) times"),
      ]
    }
    guard !rows.isEmpty else { return nil }
    return Document.Table(
      caption:
        "The same network with a frozen encoder and with a trained one: launches a step, seconds an epoch, and how "
        + "many times the images a second are with the frozen one.",
      columns: [
        .init("frozen"), .init("trained"), .init("launches, frozen", isNumeric: true),
        .init("launches, trained", isNumeric: true), .init("s an epoch, frozen", isNumeric: true),
        .init("s an epoch, trained", isNumeric: true), .init("images/s, frozen to trained", isNumeric: true),
      ], rows: rows)
  }
}

/// The cost of an experiment's runs.
struct Cost {
  let trained: Double?
  /// All parameters of the network, including frozen ones; `nil` without a checkpoint.
  let all: Int?
  let frozen: [String]
  let launches: Spread?
  let imagesPerSecond: Spread?
  let seconds: Spread?
  let secondsPerEpoch: Spread?

  init(_ result: ExperimentResult) {
    let runs = result.runs
    trained = runs[0].trainedParameters
    frozen = (runs[0].record.at("frozen")?.elements ?? []).compactMap(\.string)
    launches = Spread(runs.compactMap(\.launchesPerStep))
    imagesPerSecond = Spread(runs.compactMap(\.imagesPerSecond))
    seconds = Spread(runs.compactMap(\.trainingSeconds))
    secondsPerEpoch = Spread(runs.compactMap { run in run.trainingSeconds.map { $0 / Double(run.history.count) } })
    // Batch norm's running statistics are not parameters.
    let kept = ["running_mean", "running_var", "num_batches_tracked"]
    all = (try? SafetensorsFile(runs[0].checkpoint)).map { file in
      file.tensors.reduce(0) { sum, tensor in
        kept.contains(where: tensor.key.hasSuffix) ? sum : sum &+ tensor.value.count
      }
    }
  }
}
