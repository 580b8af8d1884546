import ArgumentParser
import Telar
import TelarStudies

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the network of a checkpoint on the data set.",
    discussion: """
      Prints the loss in evaluation mode; of a classifier also the accuracy, how many images of each class (row) it \
      takes for each class (column), and the share of each class that it finds. Classes have the names that the \
      checkpoint gives them, else those of the data, else their numbers. The checkpoint must say what its network is, \
      as those of telar do.

      EXAMPLE
        telar evaluate runs/aldecoa/case-1/seed-0/best.safetensors
      """)

  enum Split: String, ExpressibleByArgument, CaseIterable {
    case train, val, test
  }

  @Argument(help: ArgumentHelp("A safetensors file of a network.", valueName: "checkpoint"))
  var checkpoint: String

  @OptionGroup var data: DataOptions
  @OptionGroup var reading: ReadingOptions

  @Option(
    help: ArgumentHelp(
      "Measure on the training images, the validation images or the test images, on which most studies validate.",
      valueName: "images"))
  var split = Split.test

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let checkpoint = try Checkpoint(checkpoint)
    try checkpoint.checkUse()
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
    let evaluation = try network.evaluate(images)
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
    guard let accuracy = evaluation.accuracy, let recalls = evaluation.recalls, let confusion = evaluation.confusion
    else { return members }
    members["accuracy"] = .number(accuracy)
    members["class_names"] = .array(names.map(JSON.string))
    members["recall"] = .array(recalls.map { $0.map(JSON.number) ?? .null })
    members["confusion"] = .array(confusion.map { .array($0.map(JSON.integer)) })
    return members
  }

  private func lines(_ evaluation: Evaluation, _ names: [String]) -> [String] {
    let isClassifier = evaluation.confusion != nil
    var lines = [
      "images    \(evaluation.imageCount) of the \(split.rawValue) files",
      "loss      \(Column.loss(evaluation.loss, decimals: 5)) \(isClassifier ? "cross entropy" : "mean squared error")",
    ]
    guard let accuracy = evaluation.accuracy, let recalls = evaluation.recalls, let confusion = evaluation.confusion
    else { return lines }
    let titles = names.enumerated().map { "\($0) \($1)" }
    let corner = "taken for"
    let titleWidth = (titles + [corner]).map(\.count).max()! + 1
    let width = max(String(evaluation.imageCount).count, String(names.count).count, 3) + 1
    func right(_ text: String) -> String { String(repeating: " ", count: max(1, width - text.count)) + text }
    lines += [
      "accuracy  \(Column.number(accuracy * 100, decimals: 2)) %", "",
      Column.left(corner, titleWidth) + names.indices.map { right(String($0)) }.joined() + "   recall",
    ]
    for (label, row) in confusion.enumerated() {
      let recall = recalls[label].map { Column.right($0 * 100, 7, decimals: 1) + " %" } ?? "        -"
      lines.append(
        Column.left(titles[label], titleWidth) + row.map { right(String($0)) }.joined() + recall)
    }
    return lines
  }
}
