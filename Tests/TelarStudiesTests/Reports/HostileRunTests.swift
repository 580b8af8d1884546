import Foundation
import TelarIO
import TelarStudies
import TestSupport
import Testing

/// Folders that someone broke, or made to break the report.
@Suite struct HostileRunTests {
  let folder: TemporaryFolder
  let output: TemporaryFolder
  let run: String

  init() throws {
    folder = try TemporaryFolder()
    output = try TemporaryFolder()
    // A sound run is beside the broken one, and is reported whatever that is like.
    try RunFixture("base", losses: [2, 1], accuracies: [0.2, 0.3]).write(into: folder)
    run = try RunFixture("adam", losses: [2, 1], accuracies: [0.2, 0.3]).write(into: folder)
  }

  @discardableResult
  private func report(_ place: String = "molina", sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let paths = try Report(of: "\(folder.path)/\(place)", generator: "telar test", gnuplot: nil).write(to: output.path)
    #expect(paths.count == 2, sourceLocation: sourceLocation)
    let page = Parsed(try output.text("report.html"))
    #expect(page.problem == nil, sourceLocation: sourceLocation)
    #expect(page.count("script") == 1 && page.count("b") == 0, sourceLocation: sourceLocation)
    return page.text
  }

  private func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(run)/\(name)"))
  }

  @Test(arguments: [
    "", "null", "[]", "{", "{}", "\u{0}\u{1}", String(repeating: "[", count: 100_000), "{\"a\":1,\"a\":2}",
    "{\"study\":1}",
  ])
  func `a run.json that is none is named`(text: String) throws {
    try write("run.json", text)
    let page = try report()
    #expect(page.contains("base"))
    // An object is taken for a record, whatever it lacks.
    #expect(
      page.contains("adam seed 0 cannot be read")
        == !(text.hasPrefix("{") && text.hasSuffix("}") && !text.contains("2}")))
    try report("molina/adam")
  }

  @Test(arguments: [
    #"{"epoch":-9223372036854775808,"stopped_early":false}"#, #"{"epoch":9223372036854775807,"stopped_early":false}"#,
    #"{"epoch":0,"stopped_early":false}"#, #"{"epoch":3,"stopped_early":false}"#, #"{"epoch":2,"stopped_early":"no"}"#,
    #"{"epoch":2.0,"stopped_early":false}"#, #"{"epoch":[2],"stopped_early":false}"#,
  ])
  func `a result.json of no run that ended is named`(text: String) throws {
    try write("result.json", text)
    #expect(
      try report().contains("adam seed 0 cannot be read: result.json and metrics.jsonl are not of one run that ended"))
  }

  @Test(arguments: [
    "[[1,2],[3]]", "[[1,2]]", "[]", "[[]]", "[[-1,0],[0,1]]", "[[1e300,0],[0,1]]", "[[9223372036854775807,1],[0,1]]",
    "[[1.5,0],[0,1]]", "7", #"{"a":1}"#, "[[null]]", "[[0]]", "[[0,0],[0,0]]",
    "[\(Array(repeating: "[\(Array(repeating: "1", count: 300).joined(separator: ","))]", count: 300).joined(separator: ","))]",
  ])
  func `a confusion matrix of any form does no harm`(matrix: String) throws {
    try write("result.json", #"{"epoch":2,"stopped_early":false,"confusion":\#(matrix)}"#)
    #expect(try report().contains("2 runs of 2 experiments ended"))
    #expect(try output.text("report.html").utf8.count < 500_000)
  }

  @Test func `confusion matrices of two sizes are not added`() throws {
    for (seed, size) in [(0, 2), (1, 3)] {
      var run = RunFixture("adam", losses: [2, 1], accuracies: [0.2, 0.3])
      run.seed = seed
      run.confusion = (0..<size).map { row in (0..<size).map { $0 + row } }
      try run.write(into: folder)
    }
    #expect(!(try report()).contains("Confusion matrix"))
  }

  @Test(arguments: [
    // A member of the record, and what stands there instead.
    ("settings", "[1]"), ("settings", #"{"optimizer":7,"batch_size":"many","epochs":-5,"seed":1e300}"#),
    ("settings", #"{"epochs":9223372036854775807,"batch_size":-9223372036854775808,"curve_images":1e300}"#),
    (
      "settings",
      #"{"optimizer":{"name":"Adam","beta1":1e308,"beta2":null,"learning_rate":-0.0},"schedule":{"kind":"step"}}"#
    ),
    ("device", "7"), ("device", #"{"name":[1,2]}"#), ("data", "[]"),
    ("data", #"{"sha256":[1],"normalization":{"mean":"x"},"is_fashion_mnist":3}"#),
    ("network", "7"), ("network", #"{"encoder":7,"x":[1,"a",{"layer":[]},{"layer":"Conv2d","kernel_size":[1e300]}]}"#),
    ("network", #"{"classifier":[{"layer":"Linear","in_features":9223372036854775807,"out_features":-1}]}"#),
    ("readings", #"[1,[2],{"a":3}]"#), ("frozen", #"[{"a":1},"x"]"#), ("pretraining", #"{"parts":7,"epochs":"x"}"#),
    ("started", "7"), ("summary", "null"), ("experiment", "[]"), ("study", "{}"), ("tuning", #"{"choices":"x"}"#),
  ])
  func `members of other kinds than they should be do no harm`(name: String, value: String) throws {
    guard case .object(var record) = try JSON(parsing: String(contentsOfFile: run + "/run.json", encoding: .utf8))
    else {
      Issue.record("the fixture is no object")
      return
    }
    record[name] = try JSON(parsing: value)
    try write("run.json", JSON.object(record).text)
    #expect(try report().contains("2 runs of 2 experiments ended"))
    try report("molina/adam/seed-0")
    // Where no study is known, more of it is read.
    try folder.write("molina/study.json", Array(#"{"study":"\u0000\u202e<b>","title":7}"#.utf8))
    try report()
  }

  @Test(arguments: [
    "", "\n\n", "{}", "[]\nnull\n7", #"{"epoch":1}"#, String(repeating: "x", count: 1_000_000),
    #"{"epoch":1,"train_loss":1,"curve_loss":1,"val_loss":"x","learning_rate":1,"seconds":1,"images_per_s":1}"#,
  ])
  func `metrics of no epoch make a run that cannot be read`(text: String) throws {
    try write("metrics.jsonl", text)
    #expect(try report().contains("adam seed 0 cannot be read"))
  }

  @Test func `losses of any size are drawn or left out`() throws {
    let values = ["1e308", "-1e308", "1e-320", "0", "-1", "4.9e-324"]
    let lines = values.enumerated().map { index, value in
      #"{"epoch":\#(index + 1),"train_loss":\#(value),"curve_loss":\#(value),"val_loss":\#(value),"learning_rate":1,"#
        + #""seconds":-1,"images_per_s":\#(value)}"#
    }
    try write("metrics.jsonl", lines.joined(separator: "\n"))
    try write(
      "result.json",
      #"{"epoch":6,"stopped_early":false,"images_per_s":1e308,"training_seconds":-1e308,"test_loss":1e308,"#
        + #""trained_parameters":1e308,"launches_per_step":-1e308}"#)
    for loss in ["mse", "cross_entropy"] {
      let record = try String(contentsOfFile: run + "/run.json", encoding: .utf8)
      try write("run.json", record.replacingOccurrences(of: "cross_entropy", with: loss))
      try report()
      #expect(!(try output.text("report.html")).contains("nan"))
    }
  }

  @Test func `very long runs make no very long page`() throws {
    let line = #""train_loss":1.5,"curve_loss":1.5,"val_loss":1.5,"learning_rate":1,"seconds":1,"images_per_s":1}"#
    try write("metrics.jsonl", (1...20_000).map { "{\"epoch\":\($0),\(line)" }.joined(separator: "\n"))
    try write("result.json", #"{"epoch":20000,"stopped_early":false}"#)
    try report()
    #expect(try output.text("report.html").utf8.count < 300_000)
  }

  @Test func `names and texts are shown as they are, and are no markup`() throws {
    let hostile = "<b onclick='x'>&amp;\"|[a](b)`*_\u{202e}\u{7}\u{0}</b><script>alert(1)</script>"
    var other = RunFixture("adam", losses: [2, 1], accuracies: [0.2, 0.3])
    other.summary = hostile
    other.network = "{\(JSON.quoted(hostile)):[{\"layer\":\(JSON.quoted(hostile))}]}"
    other.frozen = [hostile]
    other.study = "x<b>&'\"y"
    try other.write(into: folder)
    try folder.write(
      "\(other.study)/study.json", Array("{\"study\":\(JSON.quoted(hostile)),\"title\":\(JSON.quoted(hostile))}".utf8))
    let page = try report(other.study)
    #expect(page.contains("<b onclick='x'>&amp;\"|[a](b)`*_\u{fffd} </b><script>alert(1)</script>"))
    let markdown = try output.text("report.md")
    #expect(markdown.contains(#"\<b onclick='x'\>\&amp;"\|\[a\](b)\`\*\_"#))
    #expect(markdown.firstMatch(of: /[^\\](<b|<script)/) == nil)
    // Of several, too.
    try report("")
  }

  @Test func `texts without end are cut`() throws {
    var other = RunFixture("adam", losses: [2, 1], accuracies: [0.2, 0.3])
    other.summary = String(repeating: "long ", count: 100_000)
    other.study = "own"
    try other.write(into: folder)
    try report("own")
    #expect(try output.text("report.html").utf8.count < 200_000)
  }

  @Test func `files that are no regular files keep nothing waiting`() throws {
    for name in ["run.json", "result.json", "metrics.jsonl"] {
      let path = "\(run)/\(name)"
      let contents = try #require(FileManager.default.contents(atPath: path))
      unlink(path)
      #expect(mkfifo(path, 0o600) == 0)
      #expect(try report().contains("adam seed 0 cannot be read"))
      unlink(path)
      #expect(mkdir(path, 0o700) == 0)
      #expect(try report().contains("adam seed 0 cannot be read"))
      rmdir(path)
      symlink(name, path)
      try report()
      unlink(path)
      #expect(FileManager.default.createFile(atPath: path, contents: contents))
    }
    #expect(try report().contains("2 runs of 2 experiments ended"))
  }

  @Test func `files that are too long are not read`() throws {
    for (name, size) in [("run.json", 1 << 40), ("metrics.jsonl", 1 << 40)] {
      #expect(truncate("\(run)/\(name)", off_t(size)) == 0)
      #expect(try report().contains("adam seed 0 cannot be read"))
    }
  }

  @Test func `checkpoints and reconstructions that are broken are named`() throws {
    try RunFixture.writeTensors(to: run, weight: ("classifier.1.weight", [10, 784]))
    #expect(try report().contains("of seed 0's network: all 10 neurons"))
    for name in ["last.safetensors", "samples.safetensors"] {
      try write(name, "no tensors")
      #expect(try report().contains("adam: \(run)/\(name): "))
      try RunFixture.writeTensors(to: run, weight: ("classifier.1.weight", [10, 784]))
    }
    // Tensors of other shapes.
    for shape in [[0, 784], [10], [784, 10], [10, 784, 1], []] {
      try RunFixture.writeTensors(to: run, weight: ("classifier.1.weight", shape))
      #expect(!(try report()).contains("of seed 0's network"))
    }
    for shape in [[0, 28, 28], [2, 0, 28], [1, 1, 1], [60, 2, 2], [1, 200, 200], [784]] {
      var images = SafetensorsWriter()
      for name in ["original", "epoch--7", "epoch-x", "epoch-3"] {
        images.add(name, shape: shape, [UInt8](repeating: 7, count: shape.reduce(1, *)))
      }
      try images.write(to: run + "/samples.safetensors")
      try report()
    }
  }

  @Test func `very many runs are not all reported`() throws {
    for seed in 2..<120 {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/molina/adam/seed-\(seed)", withIntermediateDirectories: true)
    }
    let page = try report()
    #expect(page.contains("Only the first 100 of adam's 119 runs are reported."))
    #expect(page.contains("more runs came to no result"))
    #expect(page.contains("Seed 100 cannot be read") && !page.contains("Seed 101 "))
  }
}
