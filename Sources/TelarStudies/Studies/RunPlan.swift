import TelarTraining

/// An experiment that is to be run for a number of epochs.
package struct Job: Sendable {
  package let experiment: Experiment
  package let epochs: Int
  /// Whether it was requested, or is only needed by one that was.
  package let isRequested: Bool
  /// The index of the job whose weights this one needs.
  package let pretraining: Int?
  /// The name of its folder within the study's.
  package let folderName: String

  /// Orders experiments so that each follows the one whose weights it needs.
  ///
  /// A requested experiment serves as pre-training too if it has the number of epochs that this needs; otherwise it is
  /// trained once more, in a folder whose name states the epochs. An experiment with the settings of an earlier one of the
  /// study is that one's run.
  ///
  /// - Parameter epochs: the number of epochs of a requested experiment.
  package static func plan(_ experiments: [Experiment], of study: Study, epochs: (Experiment) -> Int) -> [Job] {
    var jobs: [Job] = []
    func add(_ experiment: Experiment, _ count: Int, isRequested: Bool) -> Int {
      if let index = jobs.firstIndex(where: { $0.experiment.name == experiment.name && $0.epochs == count }) {
        return index
      }
      let pretraining = experiment.pretraining
      let source = pretraining?.experiment.flatMap(study.experiment).map { source in
        let wanted = pretraining?.epochs ?? (pretraining?.keepsEpochs == true ? epochs(source) : count)
        return add(source, wanted, isRequested: isAskedFor(source, wanted))
      }
      let isUsual = count == epochs(experiment)
      jobs.append(
        Job(
          experiment: experiment, epochs: count, isRequested: isRequested, pretraining: source,
          folderName: isUsual ? experiment.name : "\(experiment.name)-\(count)-epochs"))
      return jobs.count - 1
    }
    func isAskedFor(_ experiment: Experiment, _ count: Int) -> Bool {
      experiments.contains { $0.name == experiment.name || study.twin(of: $0)?.name == experiment.name }
        && epochs(experiment) == count
    }
    for experiment in experiments {
      let trained = study.twin(of: experiment) ?? experiment
      _ = add(trained, epochs(trained), isRequested: true)
    }
    return jobs
  }
}
