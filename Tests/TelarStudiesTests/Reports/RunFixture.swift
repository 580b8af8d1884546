import Foundation
import TelarIO
import TestSupport

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A run's folder as the engine leaves it, without training anything.
struct RunFixture {
  var study = "molina"
  var experiment = "base"
  var seed = 0
  var summary = "as it was"
  /// On validation images, epoch by epoch.
  var losses: [Double]
  /// For a classifier.
  var accuracies: [Double]?
  /// The most epochs.
  var epochs: Int
  var confusion: [[Int]]?
  var network = #"{"classifier":[{"layer":"Flatten"},{"layer":"Linear","in_features":784,"out_features":10}]}"#
  var frozen: [String] = []
  var optimizer = #"{"name":"SGD","learning_rate":0.001,"momentum":0.9,"nesterov":false,"weight_decay":0.0}"#
  var schedule = #"{"kind":"constant","warm_up_epochs":0.0}"#
  var isFashionMNIST = true
  var testLoss: Double?
  /// The value of `error` in the result.
  var error: String?
  var hasEnded = true
  var launches = 20
  var hasStoppedEarly = false
  var batchSize = 100
  /// How many training images were taken; `nil` for all.
  var subset: Int?

  init(_ experiment: String, losses: [Double], accuracies: [Double]? = nil, epochs: Int? = nil) {
    self.experiment = experiment
    self.losses = losses
    self.accuracies = accuracies
    self.epochs = epochs ?? losses.count
  }

  var record: String {
    """
    {"study":\(JSON.quoted(study)),"experiment":\(JSON.quoted(experiment)),"summary":\(JSON.quoted(summary)),
    "version":"0.1.0","build":"abc","settings":{"loss":"\(accuracies == nil ? "mse" : "cross_entropy")",
    "optimizer":\(optimizer),"schedule":\(schedule),"batch_size":\(batchSize),"epochs":\(epochs),"early_stopping":null,
    "seed":\(seed),"curve_images":10000},"pretraining":null,
    "frozen":[\(frozen.map { JSON.quoted($0) }.joined(separator: ","))],"network":\(network),
    "readings":["The batch size is not stated; here 100."],
    "device":{"identifier":"cpu:avx2","name":"A processor","driver":"compiled in","instruction_set":"avx2",
    "compute_units":2,"family":"vector"},"tuning":null,
    "data":{"folder":"/data","is_fashion_mnist":\(isFashionMNIST),"subset":\(subset.map(String.init) ?? "null"),"training_images":60000,
    "validation_images":10000,"validation_set":"test files","normalization":{"mean":0.0,"deviation":1.0},
    "sha256":{"train-images-idx3-ubyte":"c59f"}},"started":"2026-11-21T09:15:36Z"}
    """
  }

  var result: String {
    if let error { return "{\"error\":\(JSON.quoted(error))}" }
    let matrix = confusion.map { rows in
      "\"confusion\":[" + rows.map { "[\($0.map(String.init).joined(separator: ","))]" }.joined(separator: ",") + "],"
    }
    return """
      {"epoch":\(losses.count),"epochs":\(losses.count),"best_epoch":1,"stopped_early":\(hasStoppedEarly),"trained_parameters":7850,
      "launches_per_step":\(launches).0,"training_seconds":12.5,"images_per_s":50000.0,
      \(matrix ?? "")\(testLoss.map { "\"test_loss\":\($0)," } ?? "")"ended":"2026-11-21T09:16:17Z"}
      """
  }

  var metrics: String {
    losses.enumerated().map { index, loss in
      let accuracy = accuracies.map { values in
        ",\"train_accuracy\":\(values[index] - 0.1),\"curve_accuracy\":\(values[index] + 0.01),"
          + "\"val_accuracy\":\(values[index])"
      }
      return "{\"epoch\":\(index + 1),\"train_loss\":\(loss * 1.2),\"curve_loss\":\(loss * 0.9),\"val_loss\":\(loss)"
        + (accuracy ?? "") + ",\"learning_rate\":0.001,\"seconds\":0.5,\"images_per_s\":50000.0}\n"
    }.joined()
  }

  /// Writes `STUDY/EXPERIMENT/seed-N` and returns its path.
  @discardableResult
  func write(into folder: TemporaryFolder) throws -> String {
    let own = "\(study)/\(experiment)/seed-\(seed)"
    try FileManager.default.createDirectory(atPath: "\(folder.path)/\(own)", withIntermediateDirectories: true)
    try folder.write("\(study)/study.json", Array("{\"study\":\(JSON.quoted(study)),\"title\":\"A title\"}".utf8))
    try folder.write("\(own)/run.json", Array(record.utf8))
    try folder.write("\(own)/metrics.jsonl", Array(metrics.utf8))
    if hasEnded { try folder.write("\(own)/result.json", Array(result.utf8)) }
    return "\(folder.path)/\(own)"
  }

  /// Adds a checkpoint with the weights of a first layer, and reconstructions.
  static func writeTensors(to path: String, weight: (name: String, shape: [Int]), samples: Bool = true) throws {
    var checkpoint = SafetensorsWriter()
    let count = weight.shape.reduce(1, *)
    checkpoint.add(weight.name, shape: weight.shape, (0..<count).map { Float($0 % 7) - 3 })
    try checkpoint.write(to: path + "/last.safetensors")
    guard samples else { return }
    var images = SafetensorsWriter()
    images.metadata["labels"] = "[0,1,2,3,4,5,6,7,9,8]"
    for name in ["original", "epoch-0", "epoch-1", "epoch-2"] {
      images.add(name, shape: [10, 28, 28], (0..<7840).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    }
    try images.write(to: path + "/samples.safetensors")
  }
}

/// A page taken apart by an XML parser: well-formed HTML of the sort that the report writes is XML too.
final class Parsed: NSObject, XMLParserDelegate {
  private(set) var elements: [(name: String, attributes: [String: String])] = []
  /// The text without tags, its white space as single spaces.
  var text: String { raw.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
  private(set) var problem: String?
  private var raw = ""
  private var isInStyle = false

  init(_ page: String) {
    super.init()
    let parser = XMLParser(data: Data(page.utf8))
    parser.delegate = self
    if !parser.parse() { problem = "line \(parser.lineNumber): \(String(describing: parser.parserError))" }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append((name, attributes))
    isInStyle = name == "style" || name == "script"
    raw += " "
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    isInStyle = false
    raw += " "
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { if !isInStyle { raw += string } }

  func count(_ name: String) -> Int { elements.count { $0.name == name } }
}

extension RunFixture {
  /// Writes runs of the molina study's `base`, whose accuracy rises with the seed.
  static func writeBase(seeds: Int = 1, into folder: TemporaryFolder) throws {
    for seed in 0..<seeds {
      var run = RunFixture(
        "base", losses: curve(to: 0.7, from: 2), accuracies: curve(to: 0.73 + 0.01 * Double(seed), from: 0.2))
      run.seed = seed
      try run.write(into: folder)
    }
  }
}

/// A straight curve of thirty epochs.
func curve(to last: Double, from first: Double) -> [Double] {
  (0..<30).map { first + (last - first) * Double($0) / 29 }
}
