import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarTraining
import Tensors

/// The contents of `run.json`: everything needed to repeat a run, and where it ran.
struct RunRecord {
  private(set) var members: JSON.Members

  init(
    _ job: Job, of study: Study, seed: UInt64, _ settings: TrainingSettings, _ options: StudyOptions,
    _ data: ImageDataset, _ device: any Device, version: String, build: String, pretrainedBy: Job?
  ) {
    let experiment = job.experiment
    let properties = device.properties
    let architecture = experiment.architecture
    var pretraining = JSON.null
    if let source = experiment.pretraining {
      var members: JSON.Members = ["parts": .array(source.parts.map(JSON.string))]
      switch source.source {
      case .experiment(let name):
        members["experiment"] = .string(name)
        members["epochs"] = pretrainedBy.map { .integer($0.epochs) }
        members["settings"] = pretrainedBy.map {
          .object(TrainingSettings($0.experiment, epochs: 0, seed: seed, options).json)
        }
      case .checkpoint(let path):
        members["checkpoint"] = .string(path)
        members["sha256"] = sha256(ofFile: path).map(JSON.string)
      }
      pretraining = .object(members)
    }
    members = [
      "study": .string(study.name), "experiment": .string(experiment.name), "summary": .string(experiment.summary),
      "version": .string(version), "build": .string(build), "settings": .object(settings.json),
      "pretraining": pretraining,
      "frozen": Self.frozen(architecture),
      "network": architecture.json, "readings": .array(study.assumptions.map(JSON.string)),
      "device": .object([
        "identifier": .string(properties.identifier), "name": .string(properties.name),
        "driver": .string(properties.driver), "instruction_set": .string(properties.instructionSet),
        "compute_units": .integer(properties.computeUnits), "family": .string(properties.family.rawValue),
      ]),
      "tuning": device.tuning.json,
      "data": .object(Self.data(experiment.data, options, data)),
      "started": .string(Date.now.formatted(.iso8601)),
    ]
  }

  /// The images of an experiment. Grey images of 28 × 28 pixels in IDX files have no members for their kind.
  private static func data(
    _ settings: Experiment.DataSettings, _ options: StudyOptions, _ data: ImageDataset
  ) -> JSON.Members {
    let split = options.split(data, settings)
    var members: JSON.Members = [
      "folder": .string(data.path), "is_fashion_mnist": .boolean(data.isFashionMNIST),
      "subset": options.subset.map(JSON.integer) ?? .null,
      "training_images": .integer(split.training.count), "validation_images": .integer(split.validation.count),
      "validation_set": validationSet(settings, hasOwnSet: data.validation != nil),
      "normalization": settings.normalization(of: data).json,
      "sha256": .object(
        data.sums.sorted { $0.key < $1.key }.reduce(into: JSON.Members()) { $0[$1.key] = .string($1.value) }),
    ]
    if data.format != IDXDataset.name || data.size != .fashionMNIST {
      members["format"] = .string(data.format)
      members["image_shape"] = .array(data.size.shape.map(JSON.integer))
    }
    if let names = data.classNames, !data.isFashionMNIST { members["class_names"] = .array(names.map(JSON.string)) }
    if let preparation = data.preparation { members["preparation"] = preparation.json }
    return members
  }

  /// The names of frozen parts.
  static func frozen(_ architecture: Architecture) -> JSON {
    .array(architecture.parts.filter(\.isFrozen).map { .string($0.name) })
  }

  /// - Parameter hasOwnSet: whether the data has a validation set.
  static func validationSet(_ data: Experiment.DataSettings, hasOwnSet: Bool) -> JSON {
    .string(data.validationCount != nil ? "last of the training files" : hasOwnSet ? "validation files" : "test files")
  }

  /// Records the run that the initial weights come from.
  ///
  /// - Parameter source: the other run's record.
  mutating func setSource(_ source: JSON.Members) {
    guard case .object(var pretraining)? = members["pretraining"] else { return }
    pretraining[Self.sourceKey] = .string(RunIdentity(source).digest)
    members["pretraining"] = .object(pretraining)
  }

  /// The key in `pretraining` of the digest of the other run's identity.
  private static let sourceKey = "source_sha256"

  /// The first setting in which a recorded run differs from this one, in words; `nil` when they are the same.
  func difference(from recorded: JSON.Members, onSameDriver: Bool) -> String? {
    var recorded = recorded
    // Records of earlier versions lack the digest.
    if case .object(var pretraining)? = recorded["pretraining"], pretraining[Self.sourceKey] == nil {
      pretraining[Self.sourceKey] = members.value("pretraining", Self.sourceKey)
      recorded["pretraining"] = .object(pretraining)
    }
    let (mine, theirs) = (RunIdentity.deciding(members), RunIdentity.deciding(recorded))
    if let found = JSON.object(mine).difference(from: .object(theirs)) { return Self.text(found) }
    let keys = onSameDriver ? ["identifier", "name", "driver", "instruction_set", "family"] : ["identifier", "name"]
    if case .object? = recorded["device"] {
      for key in keys {
        let (mine, theirs) = (members.value("device", key), recorded.value("device", key))
        if let found = mine.difference(from: theirs, at: "device.\(key)") { return Self.text(found) }
      }
    }
    guard onSameDriver else { return nil }
    return (members["tuning"] ?? .null).difference(from: recorded["tuning"] ?? .null, at: "tuning").map(Self.text)
  }

  private static func text(_ difference: JSON.Difference) -> String {
    if difference.place == "pretraining.\(sourceKey)" {
      return "the run that its first weights came from has been made anew with other settings, data or program"
    }
    return difference.isLong
      ? "\(difference.place) differs"
      : "\(difference.place) is \(difference.theirs.text) there and \(difference.mine.text) here"
  }
}

extension TrainingSettings {
  /// The settings of an experiment, changed by the user's options.
  init(_ experiment: Experiment, epochs: Int, seed: UInt64, _ options: StudyOptions) {
    self.init(
      loss: experiment.loss, optimizer: experiment.optimizer, schedule: experiment.schedule,
      batchSize: options.batchSize ?? experiment.batchSize, epochs: epochs, earlyStopping: experiment.earlyStopping,
      options: experiment.options, seed: seed, curveImageCount: options.usedCurveImageCount)
    (monitor, metrics, thaw) = (experiment.monitor, experiment.metrics, experiment.thaw)
  }
}

extension StudyOptions {
  /// Divides a data set as an experiment does: it validates on the last of the training images if it says so, else on
  /// the data's validation set, and the test images are then a third set; without either on the test images.
  ///
  /// - Precondition: the sizes have been checked by ``checkSizes(of:in:)``.
  func split(_ data: ImageDataset, _ settings: Experiment.DataSettings) -> (
    training: LabelledImages, validation: LabelledImages, test: LabelledImages?
  ) {
    var training = data.training
    var (validation, test) = (data.measured, data.validation == nil ? nil : data.test)
    if let count = settings.validationCount(of: training.count) {
      (validation, test) = (training.suffix(count), data.test ?? data.validation)
      training = training.prefix(training.count - count)
    }
    return (subset.map(training.prefix) ?? training, validation, test)
  }
}
