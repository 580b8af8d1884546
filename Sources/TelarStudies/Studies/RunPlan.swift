import TelarTraining

/// An experiment to be run for so many epochs.
package struct Job: Sendable {
  package let experiment: Experiment
  package let epochs: Int
  /// Whether it was asked for, or is only needed by one that was.
  package let isRequested: Bool
  /// Position of the job whose parts this one takes.
  package let pretraining: Int?
  /// The name of its folder in the study's.
  package let folderName: String

  /// The experiments in an order in which each finds the weights that it needs.
  ///
  /// An experiment that was asked for serves as pre-training too if it has as many epochs as that needs; otherwise it is
  /// trained once more, shorter or longer, in a folder whose name says so.
  ///
  /// - Parameter epochs: of an experiment when it is asked for.
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
      experiments.contains { $0.name == experiment.name } && epochs(experiment) == count
    }
    for experiment in experiments { _ = add(experiment, epochs(experiment), isRequested: true) }
    return jobs
  }
}
