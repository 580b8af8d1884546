import TelarData
import TelarIO
import TelarNN

/// Reconstructions of a few images during an autoencoder's training, in a file with one tensor per epoch.
///
/// The tensors are `original` and `epoch-N`, `[images, height, width]` or `[images, height, width, channels]`, bytes from 0 black
/// to 255 white; epoch 0 is before training. The metadata holds the images' `labels`, a JSON list.
public final class ReconstructionSamples {
  private let images: Tensor
  private let normalization: Normalization
  private let originals: LabelledImages
  /// Grey images have no axis of channels.
  private var shape: [Int] {
    originals.channels == 1
      ? [originals.count, originals.height, originals.width]
      : [originals.count, originals.height, originals.width, originals.channels]
  }
  /// The reconstructions in the file, by the name of their tensor.
  private var epochs: OrderedMembers<[UInt8]> = [:]

  public init(_ originals: LabelledImages, normalization: Normalization, on device: any Device) throws {
    self.originals = originals
    self.normalization = normalization
    images = try device.tensor(
      [originals.count, originals.height, originals.width, originals.channels],
      PixelTable(normalization, channels: originals.channels).values(of: originals.pixels))
  }

  /// Whether the reconstructions of an epoch are kept: of the first epochs, and of ever fewer later ones. Those of the
  /// last are kept too.
  static func isKept(_ epoch: Int) -> Bool {
    epoch <= 2 || [5, 10, 20, 50, 100, 200].contains(epoch) || epoch % 500 == 0
  }

  /// Whether the reconstructions of an epoch are in the file.
  func has(epoch: Int) -> Bool { epochs["epoch-\(epoch)"] != nil }

  /// Reads the reconstructions of a run that is resumed. A missing or damaged file counts as empty.
  func load(from folder: RunFolder) {
    guard let file = try? SafetensorsFile(folder.file(RunFolder.samplesName)) else { return }
    for (name, info) in file.tensors where name != "original" && info.shape == shape {
      epochs[name] = try? file.values(name, as: UInt8.self)
    }
  }

  /// Adds the reconstructions of an epoch to a run's file.
  ///
  /// - Cost: one forward pass over the images; rewrites the file, whose size grows with the epochs that are kept.
  func write(_ network: Network, epoch: Int, to folder: RunFolder) throws {
    epochs["epoch-\(epoch)"] = try network(images).values().enumerated().map {
      UInt8(max(0, min(255, (normalization.pixel($1, $0 % originals.channels) * 255).rounded())))
    }
    var writer = SafetensorsWriter()
    writer.metadata["labels"] = JSON.array(originals.labels.map { .integer(Int($0)) }).text
    writer.add("original", shape: shape, originals.pixels)
    for (name, pixels) in epochs { writer.add(name, shape: shape, pixels) }
    try folder.write(writer.bytes, to: RunFolder.samplesName)
  }
}

/// The ``ReconstructionSamples`` of a run, in its folder.
final class ReconstructionFile: TrainingCallback {
  private let samples: ReconstructionSamples
  private let folder: RunFolder

  init(_ samples: ReconstructionSamples, in folder: RunFolder) {
    self.samples = samples
    self.folder = folder
  }

  func runBegan(_ trainer: Trainer, isResumed: Bool) throws {
    if isResumed {
      samples.load(from: folder)
    } else {
      try samples.write(trainer.network, epoch: 0, to: folder)
    }
  }

  func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) throws -> TrainingDecision {
    if ReconstructionSamples.isKept(metrics.epoch) {
      try samples.write(trainer.network, epoch: metrics.epoch, to: folder)
    }
    return .proceed
  }

  func runEnded(_ trainer: Trainer) throws {
    let last = trainer.history.count
    if !samples.has(epoch: last) { try samples.write(trainer.network, epoch: last, to: folder) }
  }
}
