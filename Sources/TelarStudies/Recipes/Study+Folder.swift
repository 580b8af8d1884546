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
      self = try Recipe(path: folder.file(recipe)).study
    } else {
      self = try Study.named(name)
    }
  }
}
