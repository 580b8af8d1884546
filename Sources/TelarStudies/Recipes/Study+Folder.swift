import TelarIO
import TelarTraining

extension Study {
  /// The study whose runs a folder holds: a published one, or that of the recipe which lies there.
  ///
  /// - Parameter folder: a study's, such as `runs/aldecoa`.
  /// - Throws: ``RecipeError`` when the folder is no study's or its recipe is broken, ``UsageError`` for a study that
  ///   is not known.
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
