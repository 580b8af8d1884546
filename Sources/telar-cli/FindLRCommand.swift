import ArgumentParser
import Foundation
import Telar
import TelarStudies

struct FindLRCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find-lr",
    abstract: "Try learning rates on the experiments of a recipe.",
    discussion: """
      Trains each experiment for some steps while its learning rate rises from --min to --max, and suggests the rate at \
      which the loss falls most steeply (Smith 2017). The loss is that of each step's batch; smoothed, it is an \
      exponential mean. The test ends when that exceeds four times its least value. All other settings are the \
      experiment's, but for its schedule. No run is made, and none is changed.

      EXAMPLES
        telar find-lr mine.toml
        telar find-lr mine.toml mlp-64 --min 1e-5 --max 1 --steps 200 --out rates.png
      """)

  /// The most experiments, whose curves a figure can tell apart.
  private static let mostExperiments = 12
  /// About as many lines of a table show the curve.
  private static let tableLength = 20

  @Argument(help: ArgumentHelp("The recipe's file.", valueName: "recipe"))
  var recipe: String

  @Argument(help: ArgumentHelp("Experiments of the recipe; all of them when none is named.", valueName: "experiment"))
  var experiments: [String] = []

  @Option(help: ArgumentHelp("The rate of the first step.", valueName: "rate"))
  var min = 1e-7

  @Option(help: ArgumentHelp("The rate of the last step.", valueName: "rate"))
  var max = 10.0

  @Option(help: ArgumentHelp("Steps of training, a batch each.", valueName: "count"))
  var steps = 100

  @Option(help: ArgumentHelp("Images a batch; by default as the experiment has.", valueName: "count"))
  var batchSize: Int?

  @Option(help: ArgumentHelp("Draw the curves as a figure, a .png or .svg.", valueName: "file"))
  var out: String?

  @OptionGroup var output: OutputOptions

  @Option(help: ArgumentHelp("Where runs are whose weights an experiment begins with.", valueName: "folder"))
  var runs = "runs"

  @OptionGroup var device: DeviceOptions
  @OptionGroup var data: DataOptions

  @Flag(help: "Print one JSON object an experiment.")
  var json = false

  func validate() throws {
    guard min > 0, min < max, max <= 1e30 else {
      throw ValidationError("--min \(min) and --max \(max) are no rates above 0, the first the smaller one")
    }
    guard 10...100_000 ~= steps else { throw ValidationError("--steps \(steps) is not 10 to 100,000") }
    if let out, Self.format(of: out) == nil { throw ValidationError("--out \(out) is no .png or .svg") }
  }

  private var options: StudyOptions {
    var options = StudyOptions()
    options.batchSize = batchSize
    options.outputFolder = runs
    return options
  }

  func run() throws {
    try options.validate()
    let stem = out.map { ($0 as NSString).deletingPathExtension }
    if let out, let stem { try output.check(out, stem + ".csv") }
    let source = try Recipe.dataSource(path: recipe)
    var data = data
    data.data = data.data ?? source.path
    let images = try data.load(source.options)
    let recipe = try Recipe(path: recipe, for: images.shape)
    let study = recipe.study
    let chosen = experiments.isEmpty ? recipe.usualExperiments : try study.experiments(named: experiments)
    guard chosen.count <= Self.mostExperiments else {
      throw UsageError("the recipe has \(chosen.count) experiments: name \(Self.mostExperiments) at most")
    }
    try recipe.checkCheckpoints(of: chosen)
    var options = options
    options.subset = recipe.data.subset
    let runner = StudyRunner(
      study, options, data: images, device: try device.open(), version: telarVersion,
      observe: { event in if case .note(let text) = event { Console.note(text) } })
    let range = LearningRateSweep(minimum: min, maximum: max, steps: steps)
    var results: [(experiment: Experiment, result: LearningRateSweep.Result)] = []
    for experiment in chosen {
      Console.progress("\(study.name)/\(experiment.name): \(steps) steps")
      let result = try runner.sweep(experiment, range)
      Console.progress("")
      results.append((experiment, result))
      if json {
        Console.result(Self.json(result, "\(study.name)/\(experiment.name)").text)
      } else {
        if results.count > 1 { Console.result("") }
        lines(result, experiment, of: study).forEach(Console.result)
      }
    }
    guard let out, let stem else { return }
    let outcome = try Self.chart(results, study).write(to: stem, format: Self.format(of: out)!)
    switch outcome {
    case .drawn(let path): Console.note("The figure is \(path), its numbers are beside it as CSV.")
    case .csvOnly(let path, let reason): throw NoPicture(description: "\(reason) The numbers are in \(path).")
    }
  }

  private static func format(of path: String) -> FigureFormat? {
    FigureFormat(rawValue: (path as NSString).pathExtension)
  }

  // MARK: Results

  private static func json(_ result: LearningRateSweep.Result, _ name: String) -> JSON {
    .object([
      "experiment": .string(name), "suggested_learning_rate": result.suggestion.map(JSON.number) ?? .null,
      "diverged": .boolean(result.hasDiverged),
      "points": .array(
        result.points.map { point in
          .object([
            "learning_rate": .number(point.rate), "loss": .number(point.loss),
            "smoothed_loss": .number(point.smoothedLoss),
          ])
        }),
    ])
  }

  private static func text(_ rate: Double) -> String { String(format: "%.2e", rate) }

  private func lines(_ result: LearningRateSweep.Result, _ experiment: Experiment, of study: Study) -> [String] {
    let optimizer = type(of: experiment.optimizer).name
    var lines = [
      "\(study.name)/\(experiment.name): \(optimizer), batches of \(batchSize ?? experiment.batchSize)", "",
      "  step  learning rate        loss    smoothed",
    ]
    let every = Swift.max(1, (result.points.count + Self.tableLength - 1) / Self.tableLength)
    for (index, point) in result.points.enumerated() {
      let isSteepest = index == result.steepest
      guard index % every == 0 || isSteepest || index == result.points.count - 1 else { continue }
      func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: Swift.max(1, width - text.count)) + text
      }
      lines.append(
        right(String(index + 1), 6) + right(Self.text(point.rate), 15) + right(lossText(point.loss), 12)
          + right(lossText(point.smoothedLoss), 12) + (isSteepest ? "  falls most steeply" : ""))
    }
    lines.append("")
    if let suggestion = result.suggestion {
      lines.append("Suggested learning rate: \(String(format: "%.1e", suggestion))")
    } else {
      lines.append("No rate is suggested: the loss falls nowhere. Try another --min, --max or more --steps.")
    }
    if result.hasDiverged, let last = result.points.last {
      lines.append("The loss exceeded four times its least at \(Self.text(last.rate)), where the test ended.")
    }
    return lines
  }

  /// The smoothed losses over the rates, each before the losses themselves.
  private static func chart(
    _ results: [(experiment: Experiment, result: LearningRateSweep.Result)], _ study: Study
  ) -> LineChart {
    let curves = results.enumerated().flatMap { index, entry in
      let (name, points) = (entry.experiment.name, entry.result.points)
      return [
        LineChart.Series(
          name: "\(name), each batch", points: points.map { ($0.rate, $0.loss) }, colour: index, stroke: .thin),
        LineChart.Series(
          name: name, points: points.map { ($0.rate, $0.smoothedLoss) }, colour: index, stroke: .solid),
      ]
    }
    var chart = LineChart(
      title: "\(study.name): learning-rate range test", xLabel: "learning rate", yLabel: "loss of a batch, smoothed",
      hasLogarithmicY: true, series: curves)
    chart.hasLogarithmicX = true
    chart.marks = results.compactMap { experiment, result in
      result.suggestion.map { rate in
        LineChart.Mark(
          x: rate, label: (results.count > 1 ? "\(experiment.name) " : "") + String(format: "%.1e", rate))
      }
    }
    return chart
  }
}
