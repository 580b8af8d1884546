import TelarNN
import TelarStudies
import TelarTraining
import Testing

@Suite("Studies as data")
struct StudyDataTests {
  @Test func `names are those of the texts' digest`() {
    #expect(
      Study.aldecoa.ownExperiments.map(\.name) == [
        "n64-p0.2", "n32-p0.2", "n128-p0.2", "n64-p0.1", "n64-p0.5", "sgd", "lr-1e-2", "lr-1e-4", "batch-50",
        "batch-150", "case-1", "case-2", "case-3", "case-4",
      ])
    #expect(
      Study.brunello.ownExperiments.map(\.name) == [
        "ae-1", "ae-2", "ae-3", "lr-1e-4", "lr-5e-4", "lr-1e-3", "head-64-32", "head-128-64", "head-512-256",
        "head-128-64-32", "head-256-128-64", "head-512-256-128", "dropout-0.2", "dropout-0.4", "dropout-0.6",
        "case-0-pretrained-frozen", "case-1-scratch-full", "case-2-pretrained-finetune", "case-3-scratch-frozen",
      ])
    #expect(
      Study.borgnino.ownExperiments.map(\.name) == [
        "h64-adam", "h128-adam", "h256-adam", "h512-adam", "h64-sgd-lr-0.1", "h128-sgd-lr-0.1", "h256-sgd-lr-0.1",
        "h512-sgd-lr-0.1",
      ])
    #expect(
      Study.manolucos.ownExperiments.map(\.name) == [
        "baseline", "dropout-0", "batchnorm", "max-avg", "channels-64-96", "classifier-baseline", "classifier-fc-adam",
        "classifier-fc-sgd", "classifier-fc-sgd-plain",
      ])
    #expect(
      Study.molina.ownExperiments.map(\.name) == [
        "base", "adam", "no-dropout", "batch-1000", "lr-0.1", "neurons-256-128", "final-adam-lr-0.1",
        "final-sgd-lr-0.1",
      ])
  }

  @Test func `settings are those of the texts' digest`() throws {
    #expect(Study.borgnino.experiments.allSatisfy { $0.epochs == 200 && $0.data.validationCount == 10_000 })
    #expect(Study.manolucos.ownExperiments.allSatisfy { $0.epochs == 30 && $0.data.normalization.mean == [0.5] })
    #expect(Study.molina.ownExperiments.allSatisfy { $0.epochs == 30 && $0.earlyStopping == nil })
    let uncut = Study.aldecoa.ownExperiments.filter { $0.earlyStopping == EarlyStopping(patience: 15) }
    #expect(uncut.map(\.name) == ["n64-p0.2", "lr-1e-2", "batch-50", "batch-150"])
    #expect(uncut.allSatisfy { $0.epochs == 15 && $0.claims.allSatisfy(\.isAboutShape) })
    let stopped = Study.aldecoa.ownExperiments.filter { $0.earlyStopping == EarlyStopping(patience: 3) }
    #expect(stopped.count == Study.aldecoa.ownExperiments.count - 4)
    let epochs = Dictionary(uniqueKeysWithValues: Study.brunello.experiments.map { ($0.name, $0.epochs) })
    #expect(epochs["ae-2"] == 100 && epochs["lr-5e-4"] == 60 && epochs["head-64-32"] == 100)
    #expect(epochs["dropout-0.4"] == 40 && epochs["case-0-pretrained-frozen"] == 40)
    for experiment in Study.manolucos.experiments where experiment.isClassifier {
      #expect(experiment.pretraining?.experiment == "channels-64-96")
      #expect(experiment.architecture.parts.allSatisfy { !$0.isFrozen })
    }
    let counts = try Study.molina.ownExperiments.map { experiment in
      try Network(experiment.architecture, on: CPUDevice(threads: 1), inputShape: [28, 28, 1], seed: 0).trainableCount
    }
    #expect(counts == [109_386, 109_386, 109_386, 109_386, 109_386, 235_146, 235_146, 235_146])
  }

  @Test func `one setting changes at a time`() throws {
    for experiment in try Study.aldecoa.experiments(named: ["sgd", "lr-1e-2", "lr-1e-4", "batch-50", "batch-150"]) {
      let isOtherBatch = experiment.name.hasPrefix("batch")
      #expect(experiment.batchSize == ["batch-50": 50, "batch-150": 150][experiment.name, default: 100])
      #expect(experiment.optimizer is SGD == (experiment.name == "sgd"))
      #expect(
        experiment.optimizer.learningRate == ["lr-1e-2": 1e-2, "lr-1e-4": 1e-4][experiment.name, default: 1e-3])
      #expect(experiment.epochs == 15, "\(isOtherBatch)")
    }
  }

  @Test(arguments: Study.all)
  func `every network takes an image to an image or to ten scores`(study: Study) throws {
    for experiment in study.experiments {
      let shape = try experiment.architecture.outputShape(of: [28, 28, 1])
      #expect(shape == (experiment.isClassifier ? [10] : [28, 28, 1]), "\(experiment.name)")
    }
  }

  @Test(arguments: Study.all)
  func `whatever is referred to by name is there`(study: Study) {
    let names = Set(study.experiments.map(\.name))
    #expect(names.count == study.experiments.count)
    for experiment in study.experiments { #expect(experiment.pretraining?.experiment.map(names.contains) ?? true) }
    for comparison in study.comparisons { #expect(names.isSuperset(of: comparison.experiments)) }
    for chart in study.charts { #expect(names.isSuperset(of: chart.experiments)) }
  }

  @Test func `confusion matrices have rows that sum to one`() throws {
    let matrices = Study.aldecoa.experiments.compactMap(\.confusion)
    #expect(matrices.count == 4)
    for matrix in matrices {
      #expect(matrix.count == 10)
      for row in matrix {
        #expect(row.count == 10)
        // Each cell is rounded to a hundredth.
        #expect(abs(row.reduce(0, +) - 1) <= 0.031)
      }
    }
    #expect(matrices[0][6][6] == 0.75)
    #expect(matrices[3][2][6] == 0.27)
  }

  @Test func `further readings run only when they are named`() throws {
    #expect(Study.molina.groups == ["open"])
    #expect(try Study.molina.experiments(named: []).map(\.name) == Study.molina.ownExperiments.map(\.name))
    let open = try Study.molina.experiments(named: ["open"])
    #expect(open.map(\.name) == ["base-batch-20", "base-momentum-0.9", "base-long", "base-dropout-last"])
    #expect(try Study.molina.experiments(named: ["base", "molina/base-batch-20"]).count == 2)
    for study in Study.all { #expect(study.name == "molina" || !study.contradictions.isEmpty) }
  }

  @Test func `an unknown name is answered with the nearest`() {
    let study = #expect(throws: UsageError.self) { try Study.named("aldecoo") }
    #expect(
      study?.description
        == "no study is named 'aldecoo'. Did you mean aldecoa? There are: aldecoa, borgnino, brunello, manolucos, molina."
    )
    let experiment = #expect(throws: UsageError.self) { try Study.brunello.experiments(named: ["ae-1", "ae-4"]) }
    #expect(experiment?.description.contains("Did you mean ae-1?") == true)
  }

  @Test func `experiments come in the study's order, by short or full name, once`() throws {
    let chosen = try Study.aldecoa.experiments(named: ["case-1", "aldecoa/sgd", "CASE-1"])
    #expect(chosen.map(\.name) == ["sgd", "case-1"])
  }

  @Test func `options that make no sense are refused`() {
    func problem(_ change: (inout StudyOptions) -> Void) -> String? {
      var options = StudyOptions()
      change(&options)
      return #expect(throws: UsageError.self) { try options.validate() }?.description
    }
    #expect(problem { $0.epochs = 0 } == "--epochs 0 is not 1 to 100,000")
    #expect(problem { $0.batchSize = -1 } == "--batch-size -1 is not 1 to 60,000")
    #expect(problem { $0.batchSize = 60_001 } == "--batch-size 60001 is not 1 to 60,000")
    #expect(problem { $0.seedCount = 0 } == "--seeds 0 is not 1 to 1,000")
    #expect(problem { $0.subset = 0 } == "--subset 0 is not 1 to 60,000")
  }
}

@Suite("Plan of a study")
struct StudyPlanTests {
  private func plan(_ names: [String], _ epochs: @escaping (Experiment) -> Int) throws -> [String] {
    Job.plan(try Study.aldecoa.experiments(named: names), of: .aldecoa, epochs: epochs).map {
      "\($0.folderName) \($0.epochs)\($0.isRequested ? "" : " needed")\($0.pretraining.map { " from \($0)" } ?? "")"
    }
  }

  @Test func `an encoder is pre-trained once for all that take it`() throws {
    #expect(
      try plan(["case-1", "case-2", "case-3"]) { _ in 3 } == [
        "n64-p0.1 3 needed", "case-1 3 from 0", "case-2 3 from 0", "case-3 3",
      ])
  }

  @Test func `an autoencoder that was asked for serves as pre-training if it is as long`() throws {
    #expect(try plan(["n64-p0.1", "case-2"]) { _ in 3 } == ["n64-p0.1 3", "case-2 3 from 0"])
    #expect(
      try plan(["n64-p0.1", "case-2"]) { $0.isClassifier ? 2 : 3 } == [
        "n64-p0.1 3", "n64-p0.1-2-epochs 2 needed", "case-2 2 from 1",
      ])
  }
}
