import Dispatch

extension ImageDataset {
  /// The data set with all images brought to another size or number of channels.
  func prepared(_ preparation: ImagePreparation) -> ImageDataset {
    let sets = splits.reduce(into: [:]) { $0[$1.name] = $1.images.prepared(preparation) }
    return ImageDataset(
      path: path, format: format, training: sets["train"]!, validation: sets["val"], test: sets["test"],
      classCount: classCount, classNames: classNames, sums: sets.mapValues(\.digest), notes: notes,
      preparation: preparation, unreadable: unreadable)
  }
}

extension LabelledImages {
  /// The images in another size or number of channels.
  ///
  /// - Cost: uses all cores.
  func prepared(_ preparation: ImagePreparation) -> LabelledImages {
    guard count > 0 else { return self }
    let first = prepared(0, preparation)
    let newSize = ImageSize(height: first.height, width: first.width, channels: first.channels)
    var pixels = [UInt8](repeating: 0, count: count * newSize.byteCount)
    pixels.withUnsafeMutableBytes { bytes in
      // Each image has a place of its own.
      nonisolated(unsafe) let places = bytes
      DispatchQueue.concurrentPerform(iterations: count) { index in
        UnsafeMutableRawBufferPointer(rebasing: places[(index * newSize.byteCount)...])
          .copyBytes(from: prepared(index, preparation).samples)
      }
    }
    return LabelledImages(count: count, size: newSize, pixels: pixels, labels: labels, classNames: classNames)
  }

  private func prepared(_ index: Int, _ preparation: ImagePreparation) -> Raster {
    let range = (index * size.byteCount)..<((index + 1) * size.byteCount)
    return preparation.applied(
      to: Raster(height: height, width: width, channels: channels, samples: Array(pixels[range])))
  }
}
