import TelarData
import TelarIO
import TelarNN

/// What an autoencoder makes of a few images as it learns: a file of bytes, one tensor an epoch.
///
/// Tensors `original` and `epoch-N`, `[images, height, width]`, 0 black to 255 white; epoch 0 is before training. The
/// metadata has the images' `labels`, a JSON list.
public struct ReconstructionSamples {
  private let images: Tensor
  private let normalization: Normalization
  private let originals: LabelledImages
  private var shape: [Int] { [originals.count, originals.height, originals.width] }

  public init(_ originals: LabelledImages, normalization: Normalization, on device: any Device) throws {
    self.originals = originals
    self.normalization = normalization
    images = try device.tensor(
      [originals.count, originals.height, originals.width, 1],
      originals.pixels.map { Float($0) * normalization.scale + normalization.shift })
  }

  /// Whether an epoch's reconstructions are kept: the first few, then ever more seldom, and the last.
  static func isKept(_ epoch: Int, isLast: Bool) -> Bool {
    epoch <= 2 || isLast || [5, 10, 20, 50, 100, 200].contains(epoch) || epoch % 500 == 0
  }

  /// Adds the reconstructions of an epoch to a run's file.
  func write(_ network: Network, epoch: Int, to folder: RunFolder) throws {
    let values = try network(images).values()
    var writer = SafetensorsWriter()
    writer.metadata["labels"] = JSON.array(originals.labels.map { .integer(Int($0)) }).text
    let name = "epoch-\(epoch)"
    if epoch > 0, let file = try? SafetensorsFile(folder.file(RunFolder.samplesName)) {
      for key in file.tensors.keys where key != name {
        writer.add(key, shape: shape, try file.values(key, as: UInt8.self))
      }
    } else {
      writer.add("original", shape: shape, originals.pixels)
    }
    writer.add(
      name, shape: shape, values.map { UInt8(max(0, min(255, (normalization.pixel($0) * 255).rounded()))) })
    try folder.write(writer.bytes, to: RunFolder.samplesName)
  }
}
