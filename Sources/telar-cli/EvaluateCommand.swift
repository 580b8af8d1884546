import ArgumentParser
import Telar
import TelarStudies

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the network of a checkpoint on the data set.",
    discussion: """
      Prints the loss in evaluation mode; of an autoencoder also PSNR and SSIM, the means over the images; of a \
      classifier the accuracy, how many images of each class (row) it takes for each class (column), and precision, \
      recall and F1 by class and their means over the classes, that of recall being the balanced accuracy. Classes have \
      the names that the checkpoint gives them, else those of the data, else their numbers. The checkpoint must say what \
      its network is, as those of telar do.

      EXAMPLE
        telar evaluate runs/aldecoa/case-1/seed-0/best.safetensors
      """)

  enum Split: String, ExpressibleByArgument, CaseIterable {
    case train, val, test
  }

  @Argument(
    help: ArgumentHelp("A safetensors file of a network.", valueName: "checkpoint"), completion: Completions.checkpoint)
  var checkpoint: String

  @OptionGroup var data: DataOptions
  @OptionGroup var reading: ReadingOptions

  @Option(
    help: ArgumentHelp(
      "Measure on the training images, the validation images or the test images, on which most studies validate.",
      valueName: "images"))
  var split = Split.test

  @Option(
    help: ArgumentHelp(
      "Count an image as right whose class is among the so many most probable; by default 5 of more than 10 classes.",
      valueName: "count"))
  var topK: Int?

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if let topK, topK < 1 { throw ValidationError("--top-k \(topK) is not 1 or more") }
  }

  func run() throws {
    let checkpoint = try Checkpoint(checkpoint)
    try checkpoint.checkUse(as: topK == nil ? nil : .classification)
    // Images are brought to the size that they had in training.
    var options = ImageDataset.Options()
    options.preparation = checkpoint.preparation ?? options.preparation
    let data = try data.load(reading.options(options))
    guard let images = data.splits.first(where: { $0.name == split.rawValue })?.images else {
      throw UsageError(
        "\(data.path) has no \(split.rawValue) images: give --split \(data.splits.map(\.name).joined(separator: " or "))"
      )
    }
    let network = try TrainedNetwork(checkpoint, on: device.open())
    let evaluation = try network.evaluate(images, top: topK)
    let own = checkpoint.info.classNames
    if evaluation.confusion != nil, own != nil, own != images.classNames {
      Console.note("Note: the names of the classes are the checkpoint's, and not this data's.")
    }
    let names = (evaluation.confusion ?? []).indices.map { className($0, in: own ?? images.classNames) }
    if json {
      Console.result(JSON.object(members(evaluation, names)).text)
    } else {
      lines(evaluation, names).forEach(Console.result)
    }
    guard evaluation.loss.isFinite else {
      throw CheckFailed(description: "the loss of \(checkpoint.path) is not finite.")
    }
  }

  private func members(_ evaluation: Evaluation, _ names: [String]) -> JSON.Members {
    var members: JSON.Members = [
      "checkpoint": .string(checkpoint), "split": .string(split.rawValue),
      "images": .integer(evaluation.imageCount), "loss": .number(evaluation.loss),
    ]
    members["accuracy"] = evaluation.accuracy.map(JSON.number)
    for (metric, value) in evaluation.metrics.sorted(by: { $0.key < $1.key }) { members[metric.name] = .number(value) }
    guard let scores = evaluation.scores else { return members }
    func list(_ values: [Double?]) -> JSON { .array(values.map { $0.map(JSON.number) ?? .null }) }
    members["class_names"] = .array(names.map(JSON.string))
    members["precision"] = list(scores.precisions)
    members["recall"] = list(scores.recalls)
    members["f1"] = list(scores.f1s)
    members["confusion"] = .array(scores.counts.map { .array($0.map(JSON.integer)) })
    return members
  }

  private func lines(_ evaluation: Evaluation, _ names: [String]) -> [String] {
    let isClassifier = evaluation.confusion != nil
    var lines = [
      "images    \(evaluation.imageCount) of the \(split.rawValue) files",
      "loss      \(Column.loss(evaluation.loss, decimals: 5)) \(isClassifier ? "cross entropy" : "mean squared error")",
    ]
    for metric in [EvaluationMetric.psnr, .ssim] {
      guard let value = evaluation.metrics[metric] else { continue }
      lines.append(Column.left(metric.title, 10) + Metric.validation(metric).text(value))
    }
    guard let accuracy = evaluation.accuracy, let scores = evaluation.scores else { return lines }
    func share(_ value: Double) -> String { Column.number(value * 100, decimals: 2) + " %" }
    lines += [
      "accuracy  " + share(accuracy), "balanced  " + share(scores.balancedAccuracy) + " accuracy",
    ]
    for case (.topAccuracy(let count), let value) in evaluation.metrics {
      lines.append(Column.left("top \(count)", 10) + share(value) + " accuracy")
    }
    let titles = names.enumerated().map { "\($0) \($1)" }
    return lines + [""] + confusionLines(scores, titles) + [""] + scoreLines(scores, titles)
  }

  /// How many images of each class are taken for each.
  private func confusionLines(_ scores: ClassScores, _ titles: [String]) -> [String] {
    let corner = "taken for"
    let titleWidth = (titles + [corner]).map(\.count).max()! + 1
    let imageCount = scores.counts.joined().reduce(0, +)
    let width = max(String(imageCount).count, String(titles.count).count, 3) + 1
    func right(_ text: String) -> String { String(repeating: " ", count: max(1, width - text.count)) + text }
    let heading = Column.left(corner, titleWidth) + titles.indices.map { right(String($0)) }.joined() + "   recall"
    return [heading]
      + scores.counts.enumerated().map { label, row in
        Column.left(titles[label], titleWidth) + row.map { right(String($0)) }.joined() + cell(scores.recalls[label], 7)
      }
  }

  /// Precision, recall and F1 of each class, and their means.
  private func scoreLines(_ scores: ClassScores, _ titles: [String]) -> [String] {
    let mean = "macro mean"
    let titleWidth = (titles + [mean]).map(\.count).max()! + 1
    func line(_ title: String, _ count: Int, _ values: [Double?]) -> String {
      Column.left(title, titleWidth) + Column.right(Double(count), 7, decimals: 0) + values.map { cell($0, 9) }.joined()
    }
    return [Column.left("class", titleWidth) + " images  precision     recall         F1"]
      + titles.indices.map { label in
        line(
          titles[label], scores.counts[label].reduce(0, +),
          [scores.precisions[label], scores.recalls[label], scores.f1s[label]])
      }
      + [
        line(
          mean, scores.counts.joined().reduce(0, +), [scores.macroPrecision, scores.macroRecall, scores.macroF1])
      ]
  }

  /// A share in percent, `width` columns and two; a dash where there is none.
  private func cell(_ share: Double?, _ width: Int) -> String {
    share.map { Column.right($0 * 100, width, decimals: 1) + " %" } ?? String(repeating: " ", count: width + 1) + "-"
  }
}
