import TelarData
import TelarTraining

extension ImageGrid {
  /// Original images above what an autoencoder makes of them.
  ///
  /// - Parameters:
  ///   - network: the autoencoder, whose images' size is that of the grid's.
  ///   - columnNames: the text below each image.
  /// - Precondition: there is a reconstruction and a name for each image, all of the size that the network takes.
  public init(
    of images: [NamedImage], _ reconstructions: [Reconstruction], by network: TrainedNetwork, columnNames: [String],
    title: String
  ) {
    self.init(
      title: title, height: network.imageSize.height, width: network.imageSize.width,
      channels: network.imageSize.channels, columnNames: columnNames,
      rows: [
        .init(name: "original", images: images.map { $0.pixels.map { Float($0) / 255 } }),
        .init(name: "reconstruction", images: reconstructions.map(\.pixels)),
      ])
  }
}
