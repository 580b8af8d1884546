import Foundation
import Safetensors
import TelarData
import TelarNN
import TelarTraining
import TuningFiles

/// Everything that it takes to repeat a run, and what it ran on: `run.json`.
struct RunRecord {
  let members: JSON.Members

  init(
    _ job: Job, of study: Study, seed: UInt64, _ settings: TrainingSettings, _ options: StudyOptions,
    _ data: FashionMNIST, _ device: any Device, version: String, build: String, pretrainedBy: Job?
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
      "frozen": .array(architecture.parts.filter(\.isFrozen).map { .string($0.name) }),
      "network": architecture.json, "readings": .array(study.readings.map(JSON.string)),
      "device": .object([
        "identifier": .string(properties.identifier), "name": .string(properties.name),
        "driver": .string(properties.driver), "instruction_set": .string(properties.instructionSet),
        "compute_units": .integer(properties.computeUnits), "family": .string(properties.family.rawValue),
      ]),
      "tuning": device.tuning.json,
      "data": .object([
        "folder": .string(data.directory), "is_fashion_mnist": .boolean(data.isPublished),
        "subset": options.subset.map(JSON.integer) ?? .null,
        "training_images": .integer(options.split(data, experiment.data).training.count),
        "validation_images": .integer(
          experiment.data.validationCount(of: data.training.count) ?? data.validation.count),
        "validation_set": .string(experiment.data.validationCount == nil ? "test files" : "last of the training files"),
        "normalization": experiment.data.normalization.json,
        "sha256": .object(
          data.sums.sorted { $0.key < $1.key }.reduce(into: JSON.Members()) { $0[$1.key] = .string($1.value) }),
      ]),
      "started": .string(Date.now.formatted(.iso8601)),
    ]
  }

  /// What decides the results of a run.
  private static let deciding = ["settings", "pretraining", "frozen", "network", "data"]

  /// The first setting in which the run on record is another than this one, in words; `nil` when they are the same.
  func difference(from recorded: JSON.Members, onSameDriver: Bool) -> String? {
    for key in Self.deciding {
      let (mine, theirs) = (members[key] ?? .null, recorded[key] ?? .null)
      if let difference = Self.difference(mine, theirs, key) { return difference }
    }
    let keys = onSameDriver ? ["identifier", "name", "driver", "instruction_set", "family"] : ["identifier", "name"]
    guard case .object(let mine)? = members["device"], case .object(let theirs)? = recorded["device"] else {
      return nil
    }
    for key in keys {
      if let difference = Self.difference(mine[key] ?? .null, theirs[key] ?? .null, "device.\(key)") {
        return difference
      }
    }
    return onSameDriver ? Self.difference(members["tuning"] ?? .null, recorded["tuning"] ?? .null, "tuning") : nil
  }

  private static func difference(_ mine: JSON, _ theirs: JSON, _ place: String) -> String? {
    // Where the files lie decides nothing.
    guard mine != theirs, place != "data.folder" else { return nil }
    if case .object(let a) = mine, case .object(let b) = theirs {
      for key in a.keys + b.keys.filter({ a[$0] == nil }) {
        if let found = difference(a[key] ?? .null, b[key] ?? .null, "\(place).\(key)") { return found }
      }
      return nil
    }
    let texts = (theirs.text, mine.text)
    return texts.0.count + texts.1.count > 120
      ? "\(place) differs" : "\(place) is \(texts.0) there and \(texts.1) here"
  }
}

extension TrainingSettings {
  /// The settings of an experiment, under the user's options.
  init(_ experiment: Experiment, epochs: Int, seed: UInt64, _ options: StudyOptions) {
    self.init(
      loss: experiment.loss, optimizer: experiment.optimizer, schedule: experiment.schedule,
      batchSize: options.batchSize ?? experiment.batchSize, epochs: epochs, earlyStopping: experiment.earlyStopping,
      seed: seed, curveImageCount: options.usedCurveImageCount)
  }
}

extension StudyOptions {
  /// The sets of images that an experiment has, whose sizes are checked: see ``checkSizes(of:in:)``.
  func split(_ data: FashionMNIST, _ settings: Experiment.DataSettings) -> (
    training: LabelledImages, validation: LabelledImages, test: LabelledImages?
  ) {
    var training = data.training
    var (validation, test) = (data.validation, LabelledImages?.none)
    if let count = settings.validationCount(of: training.count) {
      let kept = training.count - count
      (validation, test) = (training.suffix(training.count - kept), data.validation)
      training = training.prefix(kept)
    }
    return (subset.map(training.prefix) ?? training, validation, test)
  }
}
