import ArgumentParser
import Foundation
import Telar
import TelarStudies

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Say what there is in a data set.",
    discussion: """
      Prints the format that was found, splits, classes with the number of their images, mean and deviation of the \
      channels of the training images, images that are there more than once, and files that cannot be read. The formats:

        a folder of IDX files         as MNIST, KMNIST and EMNIST have them
        CIFAR-10, CIFAR-100           the binary version
        a folder of images a class    PNG and JPEG; in train, val and test, or divided
        NumPy arrays                  an .npz file, or a folder of .npy files

      YourOwnImages.md of the documentation says which names and kinds of files there may be. What is given here by \
      options stands under [data] in a recipe.

      EXAMPLES
        telar data photos --resize 64 --crop --out sheet.png
        telar data cifar-10-batches-bin --json
      """)

  /// The classes and images a class of a contact sheet.
  private static let (sheetRows, sheetColumns) = (20, 12)

  @Argument(help: ArgumentHelp("A file or folder; by default Fashion-MNIST.", valueName: "path"), completion: .file())
  var path: String?

  @OptionGroup var reading: ReadingOptions

  @Option(
    help: ArgumentHelp("Draw the first images of each class, a .png or .svg.", valueName: "file"),
    completion: Completions.figure)
  var out: String?

  @OptionGroup var output: OutputOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if let out, FigureFormat(rawValue: (out as NSString).pathExtension) == nil {
      throw ValidationError("--out \(out) is no .png or .svg")
    }
  }

  func run() throws {
    if let out { try output.check(out, (out as NSString).deletingPathExtension + ".csv") }
    var options = reading.options()
    options.allowsOtherData = true
    options.skipsUnreadable = true
    let data = try DataOptions.load(path, options)
    let report = DatasetReport(data)
    if json {
      Console.result(JSON.object(report.json).text)
    } else {
      report.lines.forEach(Console.result)
    }
    if let out { try draw(data, to: out) }
    guard data.unreadable.isEmpty else {
      throw CheckFailed(
        description: "\(data.unreadable.count) files cannot be read: remove or replace them before training.",
        exitCode: ExitStatus.badData)
    }
  }

  private func draw(_ data: ImageDataset, to path: String) throws {
    let images = data.training
    var chosen = [[Int]](repeating: [], count: data.classCount)
    for (index, label) in images.labels.enumerated() where chosen[Int(label)].count < Self.sheetColumns {
      chosen[Int(label)].append(index)
    }
    let shown = chosen.enumerated().filter { !$0.element.isEmpty }.prefix(Self.sheetRows)
    let columns = shown.map(\.element.count).max() ?? 1
    let blank = [Float](repeating: 1, count: data.size.byteCount)
    var grid = ImageGrid(
      title: (data.path as NSString).lastPathComponent, height: data.size.height, width: data.size.width,
      channels: data.size.channels, columnNames: [String](repeating: "", count: columns),
      rows: shown.map { label, indices in
        let pictures = indices.map { images.selecting([$0]).pixels.map { Float($0) / 255 } }
        return ImageGrid.Row(
          name: className(label, in: data.classNames),
          images: pictures + [[Float]](repeating: blank, count: columns - pictures.count))
      })
    grid.scale = max(1, 64 / max(data.size.height, data.size.width))
    let stem = (path as NSString).deletingPathExtension
    switch try grid.write(to: stem, format: FigureFormat(rawValue: (path as NSString).pathExtension)!) {
    case .drawn(let path): Console.note("The figure is \(path), its numbers are beside it as CSV.")
    case .csvOnly(let path, let reason): throw NoPicture(description: "\(reason) The numbers are in \(path).")
    }
  }
}

extension DatasetReport {
  /// The most classes that are listed for people.
  private static let mostLines = 100

  fileprivate var json: JSON.Members {
    let data = dataset
    func counts(_ numbers: [Int]) -> JSON { .array(numbers.map(JSON.integer)) }
    var members: JSON.Members = [
      "path": .string(data.path), "format": .string(data.format), "image_shape": counts(data.size.shape),
      "classes": .integer(data.classCount), "class_names": data.classNames.map { .array($0.map(JSON.string)) } ?? .null,
      "is_fashion_mnist": .boolean(data.isFashionMNIST),
    ]
    members["splits"] = .array(
      splits.map { split in
        .object([
          "split": .string(split.name), "images": .integer(split.count), "class_counts": counts(split.classCounts),
          "duplicates": .integer(split.duplicates), "contradictions": .integer(split.contradictions),
        ])
      })
    members["overlaps"] = .array(
      overlaps.map {
        .object(["split": .string($0.split), "other": .string($0.other), "images": .integer($0.count)])
      })
    members["mean"] = .array(data.statistics.mean.map(JSON.number))
    members["deviation"] = .array(data.statistics.deviation.map(JSON.number))
    members["sha256"] = .object(
      data.sums.sorted { $0.key < $1.key }.reduce(into: [:]) { $0[$1.key] = .string($1.value) })
    if let preparation = data.preparation { members["preparation"] = preparation.json }
    members["notes"] = .array(data.notes.map(JSON.string))
    members["unreadable"] = .array(
      data.unreadable.map { .object(["file": .string($0.path), "problem": .string($0.problem)]) })
    return members
  }

  fileprivate var lines: [String] {
    let data = dataset
    let names = (0..<data.classCount).map { className($0, in: data.classNames) }
    let width = min(40, max(12, (names.prefix(Self.mostLines).map(\.count).max() ?? 0) + 2))
    func row(_ title: String, _ cells: [String]) -> String {
      Column.left(title, width) + cells.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
    }
    func numbers(_ values: [Double]) -> String {
      values.map { Column.number($0, decimals: 4) }.joined(separator: "  ")
    }
    let description = DatasetRegistry.formats.first { $0.name == data.format }?.description ?? data.format
    var lines = [
      "\(data.path): \(description)",
      Column.left("image", width)
        + " \(data.size.text), \(["grey", "", "colour", "colour and opacity"][data.size.channels - 1])",
      Column.left("mean", width) + " " + numbers(data.statistics.mean),
      Column.left("deviation", width) + " " + numbers(data.statistics.deviation), "",
      row("", splits.map(\.name)), row("images", splits.map { "\($0.count)" }),
    ]
    for (label, name) in names.enumerated().prefix(Self.mostLines) {
      lines.append(row(name, splits.map { "\($0.classCounts[label])" }))
    }
    if names.count > Self.mostLines { lines.append("… and \(names.count - Self.mostLines) more classes") }
    lines += [""] + remarks
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  /// What is worth looking at, a sentence each.
  private var remarks: [String] {
    var remarks: [String] = []
    for split in splits where split.duplicates > 0 {
      let contradictions =
        split.contradictions == 0 ? "" : ", \(split.contradictions) of them with another class than the first"
      remarks.append("duplicates: \(split.duplicates) images of \(split.name) repeat an earlier one\(contradictions)")
    }
    remarks += overlaps.map { "duplicates: \($0.count) images of \($0.split) are in \($0.other) too" }
    return remarks + dataset.notes.map { "note: \($0)" }
      + dataset.unreadable.map { "unreadable: \($0.path) \($0.problem)" }
  }
}
