import TelarData
import TelarNN
import TelarTraining

extension Experiment.DataSettings {
  /// The normalization of a data set's images, computed from its training images where the experiment says so.
  ///
  /// - Cost: reads the training images once, where it is computed.
  func normalization(of data: ImageDataset) -> Normalization {
    guard computesNormalization else { return normalization }
    let statistics = data.statistics
    // A channel that is the same everywhere is only moved.
    return Normalization(mean: statistics.mean, deviation: statistics.deviation.map { $0 < 1e-3 ? 1 : $0 })
  }
}

extension StudyRunner {
  /// Checks that experiments take the data's images and tell its classes.
  ///
  /// - Throws: ``UsageError`` that says what they take and what the data has.
  func checkImages(of experiments: [Experiment]) throws {
    for experiment in experiments {
      let takes = try? experiment.architecture.outputShape(of: data.size.shape)
      let wanted = experiment.isClassifier ? "\(data.classCount) classes" : "images of \(data.size.text)"
      func failure(_ problem: String) -> UsageError {
        UsageError(
          "\(study.name)/\(experiment.name) \(problem): \(data.path) has images of \(data.size.text) in "
            + "\(data.classCount) classes. Use other data, or a recipe with a network for these.")
      }
      guard let takes else { throw failure("does not take these images") }
      if experiment.isClassifier {
        guard takes.count == 1, takes[0] >= data.classCount else { throw failure("does not end with \(wanted)") }
      } else if takes != data.size.shape {
        throw failure("does not end with \(wanted)")
      }
      let normalization = experiment.data.normalization
      guard experiment.data.computesNormalization || normalization.fits(channels: data.size.channels) else {
        throw failure("normalizes \(normalization.mean.count) channels")
      }
    }
  }

  /// The names of an experiment's classes for its checkpoints; `nil` where the network tells other than are named.
  func classNames(_ experiment: Experiment) -> [String]? {
    guard experiment.isClassifier, let names = data.classNames else { return data.classNames }
    let output = try? experiment.architecture.outputShape(of: data.size.shape)
    return output == [names.count] ? names : nil
  }
}
