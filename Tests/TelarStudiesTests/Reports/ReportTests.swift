import Foundation
import TelarIO
import TelarStudies
import TestSupport
import Testing

/// What reports say of runs, and how they say it.
@Suite struct ReportTests {
  let folder: TemporaryFolder
  let output: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    output = try TemporaryFolder()
  }

  /// Reports a folder and returns the page.
  func page(_ place: String = "molina") throws -> Parsed {
    let report = Report(of: "\(folder.path)/\(place)", formats: [.html], generator: "telar test")
    let paths = try report.write(to: output.path)
    #expect(paths == [output.path + "/report.html"])
    let text = try output.text("report.html")
    let page = Parsed(text)
    #expect(page.problem == nil)
    // Nothing is fetched from anywhere, and nothing runs but the script that the page's policy admits.
    #expect(!text.contains("http:") && !text.contains("https:") && !text.contains("@import"))
    #expect(page.count("script") == 1 && text.contains("<script>\(Page.script)</script>"))
    let policy = try #require(page.elements.first { $0.attributes["http-equiv"] == "Content-Security-Policy" })
    #expect(policy.attributes["content"]?.contains("default-src 'none'") == true)
    #expect(policy.attributes["content"]?.contains("script-src 'sha256-\(Page.scriptSum)'") == true)
    for element in page.elements {
      for (name, value) in element.attributes {
        #expect(!name.hasPrefix("on"))
        if name == "src" { #expect(value.hasPrefix("data:image/png;base64,")) }
        if name == "href" { #expect(value.hasPrefix("#") || value.hasSuffix("/report.html")) }
      }
    }
    let anchors = Set(page.elements.compactMap { $0.attributes["id"] })
    for case let link? in page.elements.map({ $0.attributes["href"] }) where link.hasPrefix("#") {
      #expect(anchors.contains(String(link.dropFirst())), "\(link)")
    }
    return page
  }

  func writeAdam(_ accuracies: [Double]) throws {
    for (seed, accuracy) in accuracies.enumerated() {
      var run = RunFixture("adam", losses: curve(to: 0.3, from: 0.5), accuracies: curve(to: accuracy, from: 0.86))
      run.seed = seed
      try run.write(into: folder)
    }
  }

  func writeBase(seeds: Int = 1) throws { try RunFixture.writeBase(seeds: seeds, into: folder) }

  // MARK: Claims

  @Test func `claims stand beside results with the difference and a verdict`() throws {
    try writeBase(seeds: 3)
    let page = try page()
    // 70 % in epoch 5 and 80 % in the end are claimed; 0.2 + 0.54 · 4 / 29 and 0.74 are there.
    let others = Study.molina.experiments.reduce(Study.molina.comparisons.count - 2) { $0 + $1.claims.count }
    for part in [
      "Of 2 claims of the text about them, 0 held, 2 did not, 0 cannot be told apart, and 0 could not be judged.",
      "\(others) more are about experiments that were not run.",
      "base validation accuracy > 70.00 % in epoch 5 ✗ did not hold 27.45 ± 0.14 % in epoch 5 27.11 % to 27.79 % "
        + "−42.55 points 0 of 3",
      "base validation accuracy about 80.00 % ✗ did not hold 74.00 ± 1.00 % 71.52 % to 76.48 % ± 0.86 points "
        + "−6.00 points 0 of 3",
      "Where the text contradicts itself",
      "3 runs of 1 experiment ended, with 3 seeds.",
      "Not run: adam, no-dropout,",
    ] { #expect(page.text.contains(part), "\(part)") }
  }

  @Test func `tables for programs have numbers in their columns of numbers`() throws {
    try writeBase(seeds: 2)
    try writeAdam([0.89, 0.902])
    _ = try Report(of: folder.path + "/molina", generator: "telar test", gnuplot: nil).write(to: output.path)
    func rows(_ name: String) throws -> [[String: String]] {
      let lines = try output.text(name).split(separator: "\n")
        .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
      return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
    }
    let claims = try rows("claims.csv")
    let last = try #require(claims.first { $0["experiment"] == "base" && $0["claim"] == "about 80.00 %" })
    #expect(last["metric"] == "validation accuracy" && last["claimed_value"] == "0.8" && last["seeds"] == "2")
    #expect(abs(try #require(Double(last["value"] ?? "")) - 0.735) < 1e-9)
    #expect(abs(try #require(Double(last["difference"] ?? "")) + 0.065) < 1e-9)
    #expect(last["seeds_that_meet_it"] == "0" && last["verdict"] == "cannot be told apart")
    #expect(last["reason"]?.hasSuffix("would tell") == true && Int(last["more_seeds"] ?? "") != nil)
    let comparisons = try rows("comparisons.csv")
    let adam = try #require(comparisons.first { $0["experiment"] == "adam" })
    #expect(abs(try #require(Double(adam["value"] ?? "")) - 0.896) < 1e-9 && adam["larger"] == "adam")
    let numeric = [
      "low", "high", "effect_size", "exact_p", "p", "p_holm", "more_seeds", "claimed_value", "value",
      "standard_deviation", "difference", "seeds", "seeds_that_meet_it", "training_loss",
      "validation_loss", "test_loss", "training_accuracy", "validation_accuracy", "epochs", "launches_per_step",
    ]
    for row in try claims + comparisons + rows("runs.csv") {
      for name in numeric {
        if let cell = row[name], !cell.isEmpty { #expect(Double(cell) != nil, "\(name): \(cell)") }
      }
    }
  }

  @Test func `a loss is shown with its digits, however small it is`() throws {
    for (seed, loss) in [1.15e-7, 1.35e-7].enumerated() {
      var run = RunFixture("ae-1", losses: [1e-3, loss])
      (run.study, run.seed) = ("brunello", seed)
      try run.write(into: folder)
    }
    let text = try page("brunello").text
    #expect(text.contains("1.250e-7\u{a0}±\u{a0}1.414e-8") || text.contains("1.250e-7 ± 1.414e-8"))
    #expect(text.contains("1.150e-7") && text.contains("1.350e-7"))
  }

  @Test func `experiments that are called as seeds are, hide no others`() throws {
    for name in ["seed-0", "seed-1", "base"] {
      try RunFixture(name, losses: [2, 1], accuracies: [0.2, 0.3]).write(into: folder)
    }
    for hasStudyFile in [true, false] {
      if !hasStudyFile { unlink(folder.path + "/molina/study.json") }
      #expect(try page().text.contains("3 runs of 3 experiments ended"))
      #expect(try page("molina/seed-0").text.contains("1 run of 1 experiment ended"))
      #expect(try page("molina/seed-0/seed-0").text.contains("1 run of 1 experiment ended"))
    }
    // Only the names that runs give to folders are theirs.
    try FileManager.default.copyItem(
      atPath: folder.path + "/molina/base/seed-0", toPath: folder.path + "/molina/base/seed-00")
    #expect(try page("molina/base").text.contains("1 run of 1 experiment ended"))
  }

  @Test func `seeds that meet a claim are counted one by one`() throws {
    for (seed, accuracy) in [0.775, 0.79, 0.83].enumerated() {
      var run = RunFixture("base", losses: curve(to: 0.7, from: 2), accuracies: curve(to: accuracy, from: 0.2))
      run.seed = seed
      try run.write(into: folder)
    }
    let text = try page().text
    #expect(text.contains("−0.17 points 1 of 3") && text.contains("about 80.00 % ≈ cannot be told apart: about"))
  }

  @Test func `comparisons have their values and how far they lie apart`() throws {
    try writeBase(seeds: 3)
    try writeAdam([0.89, 0.902, 0.908])
    let text = try page().text
    for part in [
      "Adam is more accurate than SGD ✓ held validation accuracy base 74.00 ± 1.00 % adam 90.00 ± 0.92 % +16.00 points, adam less "
        + "base +15.50 points to +16.50 points 45.1 0.250 < 0.001",
      "adam validation accuracy 85.00 % to 95.00 % from epoch 5",
      "adam training loss < 0.2000 ✗ did not hold 0.2700 ± 0.0000 0.2700 to 0.2700 +0.0700 (+35 %) 0 of 3",
      "Of 7 claims of the text about them, 4 held, 3 did not, 0 cannot be told apart, and 0 could not be judged.",
    ] { #expect(text.contains(part), "\(part)") }
  }

  @Test func `runs that are shorter than the text's are not judged`() throws {
    try RunFixture("base", losses: [2, 1, 0.8], accuracies: [0.2, 0.7, 0.8], epochs: 3).write(into: folder)
    let text = try page().text
    #expect(text.contains("about 80.00 % ○ not judged: 3 of 30 epochs 80.00 % ± 0.78 points +0.00 points"))
    #expect(text.contains("0 held, 0 did not, 0 cannot be told apart, and 2 could not be judged."))
    #expect(text.contains("The claims are for 30 epochs; these runs had 3."))
  }

  @Test func `the ups and downs of a run that early stopping ended are not judged`() throws {
    var run = RunFixture("batch-50", losses: [0.05, 0.03, 0.02, 0.021, 0.022, 0.021], epochs: 15)
    (run.study, run.batchSize, run.hasStoppedEarly) = ("aldecoa", 50, true)
    try run.write(into: folder)
    #expect(try page("aldecoa").text.contains("not judged: stopped early"))
    run.hasStoppedEarly = false
    run.losses += Array(repeating: 0.02, count: 5) + [0.018, 0.019, 0.02, 0.021]
    for seed in 0..<3 {
      run.seed = seed
      try run.write(into: folder)
    }
    let text = try page("aldecoa").text
    #expect(text.contains("rises in the last epochs ✓ held") && text.contains("3 of 3"))
  }

  @Test func `other settings than the text's judge no claim`() throws {
    var run = RunFixture("base", losses: curve(to: 0.7, from: 2), accuracies: curve(to: 0.8, from: 0.2))
    run.batchSize = 10
    try run.write(into: folder)
    #expect(try page().text.contains("not judged: batches of 10 instead of 100"))
    (run.batchSize, run.subset) = (100, 200)
    try run.write(into: folder)
    #expect(try page().text.contains("not judged: trained on 200 images"))
  }

  @Test func `other data than Fashion-MNIST judge no claim and name no class`() throws {
    var run = RunFixture("base", losses: curve(to: 0.7, from: 2), accuracies: curve(to: 0.8, from: 0.2))
    run.isFashionMNIST = false
    run.confusion = (0..<10).map { row in (0..<10).map { $0 == row ? 10 : 0 } }
    try run.write(into: folder)
    let text = try page().text
    #expect(text.contains("not judged: other data than Fashion-MNIST"))
    #expect(text.contains("The images are not those of Fashion-MNIST"))
    #expect(text.contains("class 9") && !text.contains("Sneaker"))
    var encoder = RunFixture("n64-p0.2", losses: [0.02, 0.01], epochs: 2)
    encoder.study = "aldecoa"
    encoder.isFashionMNIST = false
    try RunFixture.writeTensors(to: encoder.write(into: folder), weight: ("encoder.0.weight", [20, 1, 3, 3]))
    let pictures = try page("aldecoa").text
    #expect(pictures.contains("class 7, class 9, class 8.") && !pictures.contains("Sneaker"))
  }

  @Test func `runs that failed or have not ended are named, with what they claim not judged`() throws {
    var failed = RunFixture("adam", losses: [2], accuracies: [0.2], epochs: 30)
    failed.error = "molina/adam: the loss is not finite in epoch 2. Try a smaller learning rate."
    try failed.write(into: folder)
    var unfinished = RunFixture("base", losses: [2, 1.5], accuracies: [0.2, 0.4], epochs: 30)
    unfinished.hasEnded = false
    let path = try unfinished.write(into: folder)
    let text = try page().text
    for part in [
      "No run has come to a result.", "adam seed 0 failed: molina/adam: the loss is not finite in epoch 2.",
      "base seed 0 has not ended: 2 epochs done of 30", "not judged: base has no run that came to a result",
      "Seed 0 has not ended", "Loss by epoch of a run that came to no result.",
    ] { #expect(text.contains(part), "\(part)") }
    // By itself, too.
    #expect(try page("molina/base/seed-0").text.contains("base seed 0 has not ended: 2 epochs done of 30"))
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func `confusion matrices stand beside the text's, cell by cell`() throws {
    var run = RunFixture("case-2", losses: [1, 0.9], accuracies: [0.7, 0.8], epochs: 2)
    run.study = "aldecoa"
    run.confusion = (0..<10).map { row in (0..<10).map { $0 == row ? 900 : ($0 == (row + 1) % 10 ? 100 : 0) } }
    try run.write(into: folder)
    let page = try page("aldecoa")
    for part in [
      "Confusion matrices against the text's", "Confusion matrix, here", "Confusion matrix, in the text", "Difference",
      // The text has 0.47 of the shirts right, ours 0.90.
      "Shirt classified correctly: here 0.90, in the text 0.47", "+43",
      "10,000 classifications of validation images",
    ] { #expect(page.text.contains(part), "\(part)") }
    #expect(page.count("td") >= 300)
    let heats = page.elements.compactMap { $0.attributes["class"] }
    #expect(heats.contains("h18") && heats.contains("h20") && heats.contains { $0.hasPrefix("n") && $0.count < 4 })
  }

  @Test func `classes have recall, precision and F1, and the most confused pairs`() throws {
    for seed in 0..<2 {
      var run = RunFixture("base", losses: curve(to: 0.7, from: 2), accuracies: curve(to: 0.8, from: 0.2))
      run.seed = seed
      // Trousers are all right; every second shirt is taken for a T-shirt.
      run.confusion = (0..<10).map { row in
        (0..<10).map { $0 == row ? (row == 6 ? 500 : 1000) : row == 6 && $0 == 0 ? 500 : 0 }
      }
      try run.write(into: folder)
    }
    let text = try page().text
    for part in [
      "T-shirt/top 1,000 100.0 % 66.7 % 80.0 %", "Shirt 1,000 50.0 % 100.0 % 66.7 % T-shirt/top, 50.0 %",
      "Most confused with one another: T-shirt/top and Shirt (1,000).", "Macro averages: recall 95.0 %",
    ] { #expect(text.contains(part), "\(part)") }
  }

  @Test func `the network's layers have their sizes`() throws {
    try writeBase()
    let text = try page().text
    for part in ["classifier.1 Linear 128 100,480", "classifier.7 Linear 10 650", "109,386 parameters"] {
      #expect(text.contains(part), "\(part)")
    }
  }

  @Test func `curves that overfit or level off are marked, with the gap to training`() throws {
    for (name, turn) in [("base", true), ("adam", false)] {
      let losses = (1...30).map { epoch -> Double in
        if turn, epoch > 10 { return 1 + 0.02 * Double(epoch - 10) }
        return 1 + 0.1 * Double(max(0, 10 - epoch))
      }
      try RunFixture(name, losses: losses, accuracies: curve(to: 0.8, from: 0.2)).write(into: folder)
    }
    let text = try page().text
    #expect(text.contains("overfits") && text.contains("and then gets worse, by") && text.contains("plateau"))
    #expect(text.contains("validation less training: 0.1"))
  }

  @Test func `time to an accuracy, intervals and the best of each kind are shown`() throws {
    try writeBase(seeds: 3)
    try writeAdam([0.89, 0.902, 0.908])
    let page = try page()
    // The epochs take half a second each; 0.7 is reached in the 29th, the 28th and the 28th.
    #expect(page.text.contains("Training time until the validation accuracy was first reached"))
    #expect(page.text.contains("base 14.2 s") && page.text.contains("★ 90.00"))
    #expect(page.text.contains("validation accuracy, means with 95 % intervals"))
    #expect(page.elements.count { $0.attributes["class"] == "seed c1" } == 6)
    #expect(page.elements.contains { $0.attributes["class"] == "sortable" })
  }

  @Test func `frozen and trained encoders are compared`() throws {
    for (name, frozen, launches) in [("case-3", [String](), 44), ("case-4", ["encoder"], 21)] {
      var run = RunFixture(name, losses: [1, 0.9], accuracies: [0.7, 0.8], epochs: 2)
      run.study = "aldecoa"
      run.frozen = frozen
      run.launches = launches
      try run.write(into: folder)
    }
    #expect(try page("aldecoa").text.contains("case-4 case-3 21 44 6.25 6.25 1.00 times"))
  }

  @Test func `reconstructions and first layers are shown`() throws {
    let network = #"{"encoder":[{"layer":"Conv2d","in_channels":1,"out_channels":20,"kernel_size":3}],"decoder":[]}"#
    var run = RunFixture("n64-p0.2", losses: [0.02, 0.01], epochs: 2)
    run.study = "aldecoa"
    run.network = network
    try RunFixture.writeTensors(to: run.write(into: folder), weight: ("encoder.0.weight", [20, 1, 3, 3]))
    var dense = RunFixture("n32-p0.2", losses: [0.02, 0.01], epochs: 2)
    dense.study = "aldecoa"
    dense.network = #"{"encoder":[{"layer":"Flatten"},{"layer":"Linear","in_features":784,"out_features":40}]}"#
    try RunFixture.writeTensors(to: dense.write(into: folder), weight: ("encoder.1.weight", [40, 784]), samples: false)
    let page = try page("aldecoa")
    for part in [
      "untrained", "epoch 2", "encoder.0 (Conv2d) of seed 0's network: all 20 filters.",
      "encoder.1 (Linear) of seed 0's network: the first 32 of 40 neurons", "Conv2d 1→20, kernel 3",
      // By their own labels, of which the last two are exchanged.
      "one of each class: T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Ankle boot, Bag.",
    ] { #expect(page.text.contains(part), "\(part)") }
    // Four strips of images, two of filters, four of neurons.
    #expect(page.count("img") == 10)
    let original = page.elements.first { $0.attributes["alt"] == "Reconstructions, original" }
    #expect(original?.attributes["width"] == "\(2 * (10 * 30 - 2))")
  }

  @Test func `reconstructions that the text shows side by side are so`() throws {
    for name in ["baseline", "channels-64-96"] {
      var run = RunFixture(name, losses: [0.02, 0.01], epochs: 2)
      run.study = "manolucos"
      run.network = #"{"encoder":[{"layer":"Conv2d","in_channels":1,"out_channels":2,"kernel_size":3}],"decoder":[]}"#
      try RunFixture.writeTensors(to: run.write(into: folder), weight: ("encoder.0.weight", [2, 1, 3, 3]))
    }
    let page = try page("manolucos")
    #expect(page.text.contains("Reconstructions side by side"))
    for row in ["original", "baseline", "channels-64-96"] {
      #expect(page.elements.contains { $0.attributes["alt"] == "baseline and best, \(row)" }, "\(row)")
    }
  }

  @Test func `settings, device, data and assumptions are there`() throws {
    try writeBase()
    let text = try page().text
    for part in [
      "optimizer: SGD (momentum 0.9)", "learning rate: 0.001", "batch size: 100", "pixels: byte / 255",
      "validation images: 10,000 (test files)", "A processor", "compiled in", "train-images-idx3-ubyte c59f",
      "Begun at 2026-11-21 09:15 UTC, ended at 2026-11-21 09:16 UTC.", "How many more neurons is not stated",
      "classifier: Flatten · Linear 784→10", "7,850", "50,000",
    ] { #expect(text.contains(part), "\(part)") }
  }
}
