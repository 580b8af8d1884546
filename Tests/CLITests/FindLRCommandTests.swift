import Foundation
import TestSupport
import Testing

@Suite("telar find-lr")
struct FindLRCommandTests {
  let data: TemporaryFolder
  let output: TemporaryFolder

  init() throws {
    data = try TemporaryFolder()
    output = try TemporaryFolder()
    try SmallDataSet.write(into: data)
  }

  private func recipe() throws -> String {
    let text = """
      name = "mine"
      networks.classifier.layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }]
      networks.net.layers = [{ layer = "Conv2d", in_channels = 1, out_channels = 1, kernel_size = 3, padding = 1 }]
      [defaults]
      epochs = 1
      batch_size = 8
      [[experiments]]
      name = "ae"
      loss = "mse"
      parts = ["net"]
      [[experiments]]
      name = "tuned"
      loss = "mse"
      parts = ["net"]
      pretraining = { experiment = "ae", parts = ["net"] }
      [[experiments]]
      name = "cl"
      loss = "cross_entropy"
      parts = ["classifier"]
      """
    return try output.write("mine.toml", Array(text.utf8))
  }

  private var small: [String] {
    ["--data", data.path, "--allow-other-data", "--device", "cpu", "--runs", output.path + "/runs"]
  }

  @Test func `a table shows the curve and what is suggested`() throws {
    let result = try Telar.run(["find-lr", try recipe(), "cl", "--steps", "60", "--max", "100"] + small)
    #expect(result.status == 0, "\(result.error)")
    let lines = result.out.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    try #require(lines.count > 10)
    #expect(lines[0] == "mine/cl: Adam, batches of 8" && lines[1] == "")
    #expect(lines[2] == "  step  learning rate        loss    smoothed")
    #expect(lines[3].hasPrefix("     1       1.00e-07      2.") && lines.allSatisfy { $0.count <= 80 })
    #expect(lines.count { $0.hasSuffix("  falls most steeply") } == 1)
    let suggested = lines.compactMap { $0.firstMatch(of: /^Suggested learning rate: (\d\.\de-?\d+)$/)?.1 }
    let rate = try #require(suggested.first.flatMap { Double($0) })
    #expect(rate > 1e-5 && rate < 1)
    #expect(!output.contents().contains { $0.hasPrefix("runs") })
  }

  @Test func `all experiments are in the figure and the objects`() throws {
    let out = output.path + "/rates.svg"
    let result = try Telar.run(
      ["find-lr", try recipe(), "--steps", "30", "--min", "1e-5", "--max", "0.1", "--json", "--out", out] + small)
    #expect(result.status == 0 || result.error.contains("gnuplot"), "\(result.error)")
    let objects = try result.outLines.compactMap {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }
    #expect(objects.map { $0["experiment"] as? String } == ["mine/ae", "mine/tuned", "mine/cl"])
    for object in objects {
      let points = try #require(object["points"] as? [[String: Double]])
      try #require(points.count == 30)
      #expect(points[0].count == 3 && object["diverged"] as? Bool == false)
      #expect(abs(points[29]["learning_rate"]! - 0.1) < 1e-12)
    }
    #expect(result.error.contains("Note: tuned begins with random weights here, as ae has no run under"))
    let csv = try output.text("rates.csv")
    #expect(csv.split(separator: "\n").count == 1 + 3 * 2 * 30 && csv.contains("\"ae, each batch\",1e-05,"))
    // Nothing is replaced that is there.
    let again = try Telar.run(["find-lr", try recipe(), "--out", out] + small)
    #expect(again.status == 73 && again.error.contains("rates."))
  }

  @Test func `runs that are there give their weights, and stay as they are`() throws {
    let path = try recipe()
    let trained = try Telar.run(
      [
        "train", path, "ae", "--out", output.path + "/runs", "--data", data.path, "--allow-other-data", "--device",
        "cpu",
      ])
    #expect(trained.status == 0, "\(trained.error)")
    func files() -> [String: Data] {
      output.contents().filter { $0.hasPrefix("runs/") }.reduce(into: [:]) { files, name in
        files[name] = try? Data(contentsOf: URL(fileURLWithPath: output.path + "/" + name))
      }
    }
    let before = files()
    let result = try Telar.run(["find-lr", path, "tuned", "--steps", "20", "--json"] + small)
    #expect(result.status == 0 && !result.error.contains("random weights"), "\(result.error)")
    #expect(files() == before)
    let scratch = try Telar.run(["find-lr", path, "ae", "--steps", "20", "--json"] + small)
    let losses = try [result, scratch].map { output -> Double in
      let text = try #require(output.out.firstMatch(of: /"loss":([0-9.e-]+)/)?.1)
      return try #require(Double(text))
    }
    #expect(losses[0] < losses[1])
  }

  @Test func `wrong arguments are refused`() throws {
    let path = try recipe()
    for (arguments, message) in [
      (["--min", "0"], "no rates above 0"), (["--min", "1", "--max", "1"], "no rates above 0"),
      (["--steps", "9"], "--steps 9 is not 10 to 100,000"), (["--out", "x.pdf"], "is no .png or .svg"),
      (["nothing"], "no experiment of mine is named 'nothing'"), (["--batch-size", "0"], "--batch-size 0"),
    ] {
      let result = try Telar.run(["find-lr", path] + arguments + small)
      #expect(result.status == 64 && result.error.contains(message), "\(result.error)")
    }
  }
}
