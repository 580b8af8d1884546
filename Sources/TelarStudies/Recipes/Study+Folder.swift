import TelarData
import TelarIO
import TelarTraining

extension Study {
  /// The study of the runs in a folder: a published one, or that of the recipe in the folder.
  ///
  /// - Parameter folder: a study's folder, such as `runs/aldecoa`.
  /// - Throws: ``RecipeError`` when the folder is not a study's or its recipe is invalid, ``UsageError`` for an unknown
  ///   study.
  public init(in folder: RunFolder) throws {
    let path = folder.file(RunFolder.studyName)
    guard let members = folder.members(of: RunFolder.studyName), case .string(let name)? = members["study"] else {
      throw RecipeError(kind: .missing, path: path, "there is no such file, or it names no study")
    }
    if case .string(let recipe)? = members["recipe"] {
      guard recipe == RunFolder.recipeName else {
        throw RecipeError(
          path: path, "names \(JSON.quoted(recipe, limit: 40)) as the recipe, not \(RunFolder.recipeName)")
      }
      let shape = members["data_shape"].map { DataShape(json: $0) } ?? .fashionMNIST
      guard let shape else { throw RecipeError(path: path, "has a data_shape that is none") }
      self = try Recipe(path: folder.file(recipe), for: shape).study
    } else {
      self = try Study.named(name)
    }
  }
}

extension DataShape {
  /// Height, width, channels and number of classes, as the folder of a study keeps them.
  var json: JSON { .array((size.shape + [classCount]).map(JSON.integer)) }

  /// Reads ``json``; `nil` for anything else.
  init?(json: JSON) {
    guard case .array(let elements) = json, elements.count == 4 else { return nil }
    let numbers = elements.compactMap { element -> Int? in
      guard case .integer(let number) = element, 1...ImageDataset.mostClasses ~= number else { return nil }
      return number
    }
    guard numbers.count == 4, ImageSize.channelCounts.contains(numbers[2]) else { return nil }
    self.init(
      size: ImageSize(height: numbers[0], width: numbers[1], channels: numbers[2]), classCount: numbers[3])
  }
}
