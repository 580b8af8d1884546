import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

/// Data that is not Fashion-MNIST's: its classes have no names, and it may be too small for what is asked of it.
@Suite("Other data")
struct OtherDataTests {
  let folder: TemporaryFolder
  let data: ImageDataset

  init() throws {
    folder = try TemporaryFolder()
    // Of three classes, which do not come in the order of their labels.
    data = try ImageDataset.small { [7, 3, 3, 9][$0 % 4] }
  }

  private func run(
    _ study: Study, _ names: [String], _ change: (inout StudyOptions) -> Void = { _ in }
  ) throws -> StudyResult {
    var options = StudyOptions()
    options.outputFolder = folder.path
    change(&options)
    let runner = StudyRunner(study, options, data: data, device: try CPUDevice(threads: 2), version: "test")
    return try runner.run(try study.experiments(named: names)) { _ in 1 }
  }

  @Test func `nothing has the names of Fashion-MNIST's classes`() throws {
    let result = try run(.molina, ["adam"])
    let numbers = (0..<10).map { "class \($0)" }
    #expect(
      try folder.text("molina/adam/seed-0/confusion.csv").split(separator: "\n")[0].hasSuffix(
        numbers.joined(separator: ",")))
    for name in ["best", "last"] {
      #expect(
        try SafetensorsFile("\(folder.path)/molina/adam/seed-0/\(name).safetensors").metadata["class_names"] == nil)
    }
    #expect(result.experiments[0].classNames(count: 10) == numbers)
  }

  @Test func `reconstructions have the names of the images' own classes`() throws {
    _ = try run(.manolucos, ["baseline", "channels-64-96"])
    for path in ["baseline/seed-0/reconstructions.csv", "reconstructions-best.csv"] {
      let columns = try folder.text("manolucos/" + path).split(separator: "\n").dropFirst().prefix(4)
        .map { $0.split(separator: ",").prefix(2).joined(separator: ",") }
      #expect(columns.prefix(3) == ["original,class 3", "original,class 7", "original,class 9"], "\(path)")
    }
    let seed = RunFolder("\(folder.path)/manolucos/baseline/seed-0")
    let samples = try #require(try SampleFile(seed))
    #expect(
      samples.labels == [3, 7, 9] && samples.columnNames(FashionMNIST.classNames) == ["Dress", "Sneaker", "Ankle boot"])
    // Files without labels, or with others than there are images, name nothing.
    let file = try SafetensorsFile(seed.file(RunFolder.samplesName))
    for labels in [nil, "[3,7]", "[3,7,10000]", "3", "[", "[3,7,\"9\"]"] {
      var writer = SafetensorsWriter()
      writer.metadata["labels"] = labels
      writer.add("original", shape: [3, 28, 28], try file.values("original", as: UInt8.self))
      try writer.write(to: seed.file(RunFolder.samplesName))
      let unnamed = try #require(try SampleFile(seed))
      #expect(
        unnamed.labels == nil && unnamed.columnNames(FashionMNIST.classNames) == ["image 1", "image 2", "image 3"])
    }
  }

  @Test func `what is more than the data is refused before there is a folder`() throws {
    func problem(_ study: Study, _ name: String, _ change: (inout StudyOptions) -> Void = { _ in }) -> String? {
      let error = #expect(throws: UsageError.self) { try run(study, [name], change) }
      #expect(folder.contents().isEmpty)
      return error?.description
    }
    var study = Study.borgnino
    study.experiments[0].data.scalesValidation = false
    #expect(
      problem(study, "h64-adam")
        == "h64-adam validates on the last 10,000 training images, and \(data.path) has 40: none is left to train "
        + "on. Use other data, or a recipe with fewer validation_images.")
    for count in [40, 0, -1] {
      study.experiments[0].data.validationCount = count
      #expect(problem(study, "h64-adam")?.contains("has 40: none is left") == true)
    }
    study.experiments[0].data.validationCount = 10
    #expect(
      problem(study, "h64-adam") { $0.subset = 31 }
        == "--subset 31 is more than the 30 training images, as h64-adam validates on the last 10")
    #expect(problem(.molina, "adam") { $0.subset = 41 } == "--subset 41 is more than the 40 training images")
    #expect(problem(.molina, "adam") { $0.batchSize = 41 } == "--batch-size 41 is more than the 40 training images")
    #expect(
      problem(.molina, "adam") {
        $0.subset = 20
        $0.curveImageCount = 21
      } == "--curve-images 21 is more than the 20 training images of --subset")
    // One image to train on is enough, and what an experiment has by itself is as much as there is.
    study.experiments[0].data.validationCount = 39
    #expect(try run(study, ["h64-adam"]).experiments.count == 1)
    let record = try #require(RunFolder("\(folder.path)/borgnino/h64-adam/seed-0").members(of: RunFolder.recordName))
    guard case .object(let members)? = record["data"] else { Issue.record("no data on record"); return }
    #expect(members["training_images"] == .integer(1) && members["validation_images"] == .integer(39))
  }

  @Test func `a published study divides less data in the same shares`() throws {
    let result = try run(.borgnino, ["h64-adam"])
    guard case .object(let members)? = result.experiments[0].runs[0].record["data"] else {
      Issue.record("no data on record")
      return
    }
    // A sixth of 40, as 10,000 is of 60,000.
    #expect(members["training_images"] == .integer(34) && members["validation_images"] == .integer(6))
    #expect(
      result.notes.contains("Validated on the last 6 training images, as there are too few for the study's split."))
  }
}
