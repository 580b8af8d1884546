import TelarData

extension StudyOptions {
  /// Checks that the data has enough images for the experiments' split and the user's options.
  ///
  /// Only the user's own choices are checked: the default batch size and training curve adapt to fewer images.
  ///
  /// - Throws: ``UsageError`` with the numbers.
  func checkSizes(of experiments: [Experiment], in data: ImageDataset) throws(UsageError) {
    for experiment in experiments {
      var count = data.training.count
      var remark = ""
      if let validationCount = experiment.data.validationCount(of: count) {
        guard validationCount >= 1, validationCount < count else {
          throw UsageError(
            "\(experiment.name) validates on the last \(grouped(validationCount)) training images, and "
              + "\(data.path) has \(grouped(count)): none is left to train on. Use other data, or a recipe with "
              + "fewer validation_images.")
        }
        count -= validationCount
        remark = ", as \(experiment.name) validates on the last \(grouped(validationCount))"
      }
      func check(_ option: String, _ value: Int?) throws(UsageError) {
        guard let value, value > count else { return }
        throw UsageError("\(option) \(grouped(value)) is more than the \(grouped(count)) training images\(remark)")
      }
      try check("--subset", subset)
      if let subset {
        count = subset
        remark = " of --subset"
      }
      try check("--curve-images", curveImageCount)
      try check("--batch-size", batchSize)
    }
  }
}
