import Foundation
import TestSupport
import Testing

@Suite("telar train")
struct TrainCommandTests {
  let data: TemporaryFolder
  let output: TemporaryFolder

  init() throws {
    data = try TemporaryFolder()
    output = try TemporaryFolder()
    try SmallDataSet.write(into: data)
  }

  private static let example = URL(fileURLWithPath: #filePath + "/../../../Tools/recipes/bottleneck.toml")
    .standardized.path

  private var small: [String] { ["--data", data.path, "--allow-other-data", "--device", "cpu"] }

  private func train(_ arguments: [String]) throws -> Telar.Output {
    try Telar.run(["train"] + arguments + ["--out", output.path + "/runs"])
  }

  @Test func `the example runs to the end`() throws {
    let result = try train([Self.example, "--epochs", "1", "--batch-size", "16"] + small)
    #expect(result.status == 0, "\(result.error)")
    let names = ["ae-8", "ae-32", "fine-tuned-8", "frozen-32", "scratch-8-lr-2e-3", "scratch-32-lr-5e-3"]
    for name in names { #expect(result.out.contains("\n\(name) "), "\(name)") }
    #expect(result.out.contains("Results are in \(output.path)/runs/bottleneck:"))
    #expect(!result.out.contains("claimed"))
    let files = output.contents()
    for name in names { #expect(files.contains("runs/bottleneck/\(name)/seed-0/last.safetensors"), "\(name)") }
    #expect(try output.text("runs/bottleneck/recipe.toml") == String(contentsOfFile: Self.example, encoding: .utf8))
    #expect(try output.text("runs/bottleneck/study.json").contains(#""recipe": "recipe.toml""#))
    // What is there is taken as it is.
    let again = try train([Self.example, "frozen-8", "--epochs", "1", "--batch-size", "16"] + small)
    #expect(again.status == 0, "\(again.error)")
    #expect(again.errorLines.count { $0.contains("there already") } == 2)
  }

  @Test(arguments: [
    ("denoising", ["clean", "noisy", "on-clean", "on-noisy"]), ("sparse", ["sparse-0", "sparse-1e-5", "sparse-1e-4"]),
    ("variational", ["vae-16", "vae-64", "vae-16-light"]),
  ])
  func `the other examples run to the end`(recipe: String, names: [String]) throws {
    let path = URL(fileURLWithPath: Self.example).deletingLastPathComponent().path + "/\(recipe).toml"
    let result = try train([path, "--epochs", "1", "--batch-size", "16"] + small)
    #expect(result.status == 0, "\(result.error)")
    for name in names { #expect(result.out.contains("\n\(name) "), "\(name) in \(result.out)") }
  }

  @Test func `the residual network runs on images in colour`() throws {
    try FileManager.default.createDirectory(atPath: output.path + "/cifar", withIntermediateDirectories: true)
    for (file, count) in [("data_batch_1.bin", 20), ("test_batch.bin", 10)] {
      var bytes: [UInt8] = []
      for image in 0..<count {
        bytes.append(UInt8(image % 10))
        for place in 0..<3072 { bytes.append(UInt8(truncatingIfNeeded: place * (image + 3) >> 4)) }
      }
      try output.write("cifar/\(file)", bytes)
    }
    let path = URL(fileURLWithPath: Self.example).deletingLastPathComponent().path + "/resnet9.toml"
    let result = try train([
      path, "--epochs", "2", "--batch-size", "10", "--data", output.path + "/cifar", "--allow-other-data", "--device",
      "cpu",
    ])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.out.contains("\nresnet9 "), "\(result.out)")
  }

  @Test func `a study's recipe does the same training`() throws {
    let options = ["--epochs", "2", "--batch-size", "16", "--curve-images", "20", "--subset", "30"] + small
    let study = ["study", "aldecoa", "case-2", "n32-p0.2"]
    let first = try Telar.run(study + options + ["--out", output.path + "/runs"])
    #expect(first.status == 0, "\(first.error)")
    let printed = try Telar.run(study + options + ["--print-recipe"])
    #expect(printed.status == 0 && printed.error.isEmpty, "\(printed.error)")
    #expect(printed.out.hasPrefix("# Experiments of the study aldecoa"))
    let path = try output.write("mine.toml", Array(printed.out.utf8))
    // The recipe says itself where the data is, and the other options.
    let second = try train([path, "--device", "cpu"])
    #expect(second.status == 0, "\(second.error)")
    for run in ["case-2", "n32-p0.2", "n64-p0.1"] {
      let records = try ["aldecoa", "my-aldecoa"].map { folder in
        try output.text("runs/\(folder)/\(run)/seed-0/run.json").split(separator: "\n")
          .filter { line in !["study", "started"].contains { line.hasPrefix("  \"\($0)\"") } }
      }
      #expect(records[0] == records[1], "\(run)")
      let metrics = try ["aldecoa", "my-aldecoa"].map { folder in
        try output.text("runs/\(folder)/\(run)/seed-0/metrics.jsonl").split(separator: "\n")
          .map { $0.components(separatedBy: ",\"seconds\"")[0] }
      }
      #expect(metrics[0].count == 2 && metrics[0] == metrics[1], "\(run)")
    }
  }

  @Test func `options go before what the recipe says`() throws {
    let recipe = """
      name = "own"
      seeds = 2
      curve_images = 10
      data = { folder = "nowhere", allow_other_data = true, subset = 20 }
      networks.net.layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }]
      [[experiments]]
      name = "a"
      loss = "cross_entropy"
      epochs = 2
      parts = ["net"]
      """
    let path = try output.write("own.toml", Array(recipe.utf8))
    let missing = try train([path, "--device", "cpu"])
    #expect(missing.status == 66)
    #expect(missing.error.contains("\(output.path)/nowhere/"))
    let found = try train([path, "--device", "cpu", "--data", data.path, "--json"])
    #expect(found.status == 0, "\(found.error)")
    #expect(found.outLines.count { $0.contains(#""epoch":"#) } == 4)
    let record = try output.text("runs/own/a/seed-1/run.json")
    #expect(record.contains(#""curve_images":10,"#) && record.contains(#""subset":20,"training_images":20,"#))
    let other = try train(
      [path, "--device", "cpu", "--data", data.path, "--seeds", "1", "--subset", "8", "--curve-images", "4"]
        + ["--epochs", "1", "--overwrite", "--quiet"])
    #expect(other.status == 0 && other.error.isEmpty, "\(other.error)")
    let changed = try output.text("runs/own/a/seed-0/run.json")
    #expect(changed.contains(#""curve_images":4,"#) && changed.contains(#""subset":8,"#))
    #expect(changed.contains(#""epochs":1,"#))
  }

  @Test func `experiments are listed`() throws {
    let list = try Telar.run("train", Self.example, "--list")
    #expect(list.status == 0 && list.error.isEmpty)
    #expect(list.out.hasPrefix("bottleneck: Width of the bottleneck, with and without pre-training\n  ae-8 "))
    let settings =
      "Adam 0.005 on cross entropy; schedule cosine, minimum 0, warm up epochs 0.5; batch 100; 5 epochs; pixels 0 to 1; "
      + "stops early after 2"
    #expect(list.out.hasSuffix("\n  scratch-32-lr-5e-3  encoder, head; n 32, lr 5e-3; \(settings)\n"))
    let json = try Telar.run("train", Self.example, "--list", "--json")
    #expect(json.outLines.count == 10)
    #expect(json.out.hasPrefix(#"{"experiment":"bottleneck/ae-8","summary":"encoder, decoder; n 8","epochs":5,"#))
  }

  @Test func `what is wrong with a recipe is said before anything is done`() throws {
    func refusal(_ arguments: [String], _ status: Int32, _ message: String) throws {
      let result = try train(arguments)
      #expect(result.status == status, "\(result.error)")
      #expect(result.errorLines.count == 1 && result.error.hasPrefix("telar: "), "\(result.error)")
      #expect(result.error.contains(message), "\(result.error)")
      #expect(result.out.isEmpty && !output.contents().contains { $0.hasPrefix("runs") })
    }
    try refusal(["\(output.path)/none.toml"], 66, "none.toml: there is no such recipe")
    try refusal([output.path], 66, "is not a regular file; a recipe is a TOML file")
    let good = try String(contentsOfFile: Self.example, encoding: .utf8)
    func write(_ old: String, _ new: String) throws -> String {
      try output.write("wrong.toml", Array(good.replacingOccurrences(of: old, with: new).utf8))
    }
    try refusal([write("patience", "patients")], 65, "wrong.toml:15: defaults.early_stopping: patience is missing; is")
    try refusal([write("[defaults]", "[}")], 65, "wrong.toml:10: a setting's name is expected")
    let unpretrained = try write("experiment = \"ae-$n\"", "checkpoint = \"none.safetensors\"")
    try refusal([unpretrained], 66, "experiments[1].pretraining: \(output.path)/none.safetensors: cannot be opened")
    try refusal([Self.example, "ae-9"], 64, "no experiment of bottleneck is named 'ae-9'. Did you mean ae-8?")
    try refusal([Self.example, "--epochs", "0"], 64, "--epochs 0 is not 1 to 100,000")
    try refusal([], 64, "Missing expected argument '<recipe>'")
  }

  @Test func `train explains recipes`() throws {
    let help = try Telar.run("train", "--help")
    #expect(help.status == 0)
    for text in ["grid.variables.width = [64, 256]", "Recipes.md of the documentation", "--resume", "<recipe>"] {
      #expect(help.out.contains(text), "\(text)")
    }
  }
}
