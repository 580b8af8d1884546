import TelarData
import TelarIO
import TelarNN
import TelarTraining

extension StudyRunner {
  /// Makes the range test of an experiment's learning rate, with seed 0. It writes no file.
  ///
  /// Where the experiment starts from another one's weights, these are those of that one's run, if there is one under the
  /// options' output folder; a note says if there is none.
  ///
  /// - Throws: `SafetensorsError` for a checkpoint to start from that cannot be read, `UsageError`, `DeviceError`.
  public func sweep(_ experiment: Experiment, _ range: LearningRateSweep) throws -> LearningRateSweep.Result {
    try checkImages(of: [experiment])
    try options.checkSizes(of: [experiment], in: data)
    let network = try Network(experiment.architecture, on: device, inputShape: inputShape, seed: 0)
    if let pretraining = experiment.pretraining {
      if let path = checkpoint(of: experiment, pretraining) {
        try network.load(from: SafetensorsFile(path), parts: pretraining.parts)
      } else {
        observe(
          .note(
            "Note: \(experiment.name) begins with random weights here, as \(pretraining.experiment ?? "") has no run under "
              + "\(options.outputFolder)."))
      }
    }
    let settings = TrainingSettings(experiment, epochs: experiment.epochs, seed: 0, options)
    return try Trainer("\(study.name)/\(experiment.name)", network, images(for: experiment.data), settings).sweep(range)
  }

  /// The checkpoint that an experiment starts from; `nil` where that is still to be trained.
  private func checkpoint(of experiment: Experiment, _ pretraining: Experiment.Pretraining) -> String? {
    if case .checkpoint(let path) = pretraining.source { return path }
    let jobs = Job.plan([experiment], of: study) { $0.epochs }
    guard let source = jobs.first(where: { $0.experiment.name == experiment.name })?.pretraining else { return nil }
    let folder = RunFolder(options.outputFolder).folder(study.name).folder(jobs[source].folderName)
    return RunResult(folder.folder("seed-0"), seed: 0)?.checkpoint
  }
}
