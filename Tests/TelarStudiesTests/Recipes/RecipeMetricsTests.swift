import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

/// Recipes that measure more than loss and accuracy.
@Suite("Metrics in recipes")
struct RecipeMetricsTests {
  let folder: TemporaryFolder
  let data: ImageDataset

  init() throws {
    folder = try TemporaryFolder()
    data = try ImageDataset.small()
  }

  private static let networks = """
    networks.classifier.layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }]
    networks.autoencoder.layers = [{ layer = "Conv2d", in_channels = 1, out_channels = 1, kernel_size = 3, padding = 1 }]

    """

  private func recipe(_ settings: String, loss: String = "cross_entropy", rest: String = "") throws -> Recipe {
    try Recipe(
      text: """
        name = "measured"
        \(Self.networks)
        [[experiments]]
        name = "a"
        loss = "\(loss)"
        epochs = 2
        parts = ["\(loss == "mse" ? "autoencoder" : "classifier")"]
        \(settings)
        \(rest)
        """)
  }

  private func run(_ recipe: Recipe) throws -> StudyResult {
    var options = StudyOptions()
    options.outputFolder = folder.path
    options.batchSize = 10
    options.isOverwriting = true
    let runner = StudyRunner(
      recipe.study, options, data: data, device: try CPUDevice(threads: 2), version: "test")
    return try runner.run(recipe.usualExperiments) { $0.epochs }
  }

  @Test func `what is measured and monitored is read, and written again`() throws {
    let plain = try recipe("").study.experiments[0]
    #expect(plain.monitor == .loss && plain.metrics.isEmpty)
    let read = try recipe(#"metrics = ["macro_f1", "Top3_accuracy"]"# + "\nmonitor = \"val_balanced_accuracy\"")
    let experiment = read.study.experiments[0]
    #expect(experiment.metrics == [.macroF1, .topAccuracy(3)] && experiment.monitor == .metric(.balancedAccuracy))
    let written = RecipeWriter(read.study, read.study.experiments).text
    #expect(written.contains(#"metrics = ["macro_f1", "top3_accuracy"]"#) && written.contains(#"monitor = "balanced_"#))
    let again = try Recipe(text: written).study.experiments[0]
    #expect(again.metrics == experiment.metrics && again.monitor == experiment.monitor)
    #expect(!RecipeWriter(try recipe("").study, [plain]).text.contains("monitor"))
  }

  @Test(arguments: [
    (
      #"metrics = ["f1"]"#, "cross_entropy",
      #"experiments[0].metrics[0]: must be "balanced_accuracy", "ema_accuracy", "#
    ),
    (#"metrics = ["psnr"]"#, "cross_entropy", "psnr is for an autoencoder, and this is a classifier"),
    (#"metrics = ["macro_f1"]"#, "mse", "macro_f1 is for a classifier, and this is an autoencoder"),
    (#"metrics = ["ssim", "SSIM"]"#, "mse", "metrics[1]: ssim stands there twice"),
    (#"metrics = ["top10_accuracy"]"#, "cross_entropy", "top10_accuracy is always 1, as there are 10 classes"),
    (#"metrics = "macro_f1""#, "cross_entropy", "metrics"),
    (#"monitor = "val""#, "mse", #"must be "loss", "accuracy", "#),
    (#"monitor = "accuracy""#, "mse", "monitor: is for a classifier, and this is an autoencoder"),
    (#"monitor = "macro_f1""#, "mse", "monitor: macro_f1 is for a classifier"), ("monitor = 3", "mse", "monitor"),
    (
      #"claims = [{ metric = "val_macro_f1", above = 0.5 }]"#, "cross_entropy",
      #"macro_f1 is claimed of a and not measured: set metrics = ["macro_f1"]"#
    ),
    (
      #"metrics = ["psnr"]"# + "\n" + #"claims = [{ metric = "val_psnr", shape = "rises" }]"#, "mse",
      "shape: is for losses and shares"
    ),
  ]) func `what cannot be measured is refused`(settings: String, loss: String, message: String) {
    let error = #expect(throws: RecipeError.self) { try recipe(settings, loss: loss) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func `similarity takes images that are as large as its window`() throws {
    let text = """
      name = "small"
      [[experiments]]
      name = "a"
      loss = "mse"
      epochs = 1
      metrics = ["psnr", "ssim"]
      parts = [{ name = "net", layers = ["ReLU"] }]
      """
    let shape = DataShape(size: ImageSize(height: 10, width: 30, channels: 1), classCount: 3)
    let error = #expect(throws: RecipeError.self) { try Recipe(text: text, for: shape) }
    #expect(error?.description.contains("ssim takes images of 11 pixels a side at least; these are 10×30") == true)
  }

  @Test func `a classifier's metrics are in files, tables and reports`() throws {
    let recipe = try recipe(
      """
      metrics = ["macro_f1", "macro_precision", "macro_recall", "top3_accuracy"]
      monitor = "balanced_accuracy"
      validation_images = 10
      claims = [{ metric = "val_macro_f1", above = 0.01 }]
      """)
    let result = try run(recipe)
    #expect(result.failures.isEmpty)
    let runFolder = "measured/a/seed-0/"
    let names = ["top3_accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1"]
    let columns = names.map { "val_\($0)" }.joined(separator: ",")
    #expect(try folder.text(runFolder + "metrics.csv").hasPrefix("epoch,"))
    #expect(try folder.text(runFolder + "metrics.csv").split(separator: "\n")[0].hasSuffix("images_per_s," + columns))
    let history = RunFolder(folder.path + "/measured/a/seed-0").history
    #expect(history.count == 2 && history[1].validationMetrics.count == 5)
    for name in names { #expect(try folder.text(runFolder + "result.json").contains("\"test_\(name)\": "), "\(name)") }
    let record = try folder.text(runFolder + "run.json")
    #expect(record.contains(#""metrics":["macro_f1","macro_precision","macro_recall","top3_accuracy"]"#))
    #expect(record.contains(#""monitor":"balanced_accuracy""#))
    // What was measured is the same as what the confusion matrix says.
    let run = result.experiments[0].runs[0]
    let scores = ClassScores(try #require(run.confusion))
    #expect(run.value(.validation(.macroF1)) == scores.macroF1 && run.value(.test(.macroF1)) != nil)

    #expect(result.table.split(separator: "\n").allSatisfy { $0.count <= 80 })
    for text in ["val macro F1", "val top-3 accuracy", "test balanced accuracy", "a val macro F1 > 1.00 %"] {
      #expect(result.table.contains(text), "\(text): \(result.table)")
    }
    var report = Report(of: folder.path + "/measured", generator: "telar test", gnuplot: nil)
    report.findStudy = { try Study(in: $0) }
    _ = try report.write()
    let page = try folder.text("measured/report/report.md")
    for text in ["validation macro F1", "test top-3 accuracy", "best epoch by: validation balanced accuracy"] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(try folder.text("measured/report/runs.csv").contains("validation_macro_F1,"))
  }

  @Test func `an autoencoder's metrics are in files and tables`() throws {
    let result = try run(try recipe("metrics = [\"ssim\"]\nmonitor = \"psnr\"", loss: "mse"))
    let run = try #require(result.experiments.first?.runs.first)
    let loss = try #require(run.value(.validationLoss)), psnr = try #require(run.value(.validation(.psnr)))
    // The mean of logarithms is at least the logarithm of the mean.
    let least = -10 * log10(loss) - 1e-4
    #expect(psnr >= least && psnr < least + 3)
    #expect(result.table.contains("val PSNR") && result.table.contains(" dB") && result.table.contains("val SSIM"))
    #expect(try folder.text("measured/a/seed-0/metrics.jsonl").contains(#","val_psnr":"#))
  }

  @Test func `the usual runs have neither members nor columns of it`() throws {
    let result = try run(try recipe(""))
    let record = try folder.text("measured/a/seed-0/run.json")
    #expect(!record.contains("monitor") && !record.contains("\"metrics\""))
    #expect(try folder.text("measured/a/seed-0/metrics.csv").split(separator: "\n")[0].hasSuffix(",images_per_s"))
    #expect(!result.table.contains("macro"))
    // Such a run is not that of a recipe that monitors something else.
    let other = try recipe("monitor = \"accuracy\"")
    let read = StudyResult(reading: result.folder, of: other.study)
    #expect(read.experiments.isEmpty)
    #expect(read.others.map(\.difference) == [#"its settings.monitor is "loss", that asked for now "accuracy""#])
    #expect(StudyResult(reading: result.folder, of: try recipe("").study).experiments.count == 1)
  }
}
