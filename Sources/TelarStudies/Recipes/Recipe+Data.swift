import TelarData
import TelarIO

/// The table `[data]` of a recipe.
extension Recipe {
  static func dataSource(_ node: TOMLNode?, _ absolutePath: (String) -> String) throws(RecipeError) -> DataSource {
    var source = DataSource()
    guard let node else { return source }
    var reader = try TableReader(node)
    let (path, folder) = (reader.take("path"), reader.take("folder"))
    if let folder, path != nil { throw folder.error("stands beside path, which is another name for it") }
    if let path = path ?? folder {
      let text = try path.line(limit: 4000)
      if text.isEmpty { throw path.error("names no \(folder == nil ? "file or folder" : "folder")") }
      source.path = absolutePath(text)
    }
    source.allowsOtherData = try reader.take("allow_other_data")?.boolean() ?? false
    source.subset = try reader.take("subset")?.integer(1...60_000)
    source.preparation = try preparation(&reader)
    source.areChannelsFirst = try reader.take("channels_first")?.boolean() ?? false
    source.validationShare = try reader.take("validation_share")?.number("a number between 0 and 1") {
      0 < $0 && $0 < 1
    }
    source.splitSeed = try reader.take("split_seed")?.integer(0...Int.max)
    try reader.end()
    return source
  }

  /// `resize = 64` or `[48, 64]`, `crop = true`, `color = "rgb"`.
  private static func preparation(_ reader: inout TableReader) throws(RecipeError) -> ImagePreparation {
    var preparation = ImagePreparation()
    let side = 1...ImagePreparation.largestSide
    if let node = reader.take("resize") {
      if case .array(let sides) = node.value {
        guard sides.count == 2 else { throw node.error("must be a number, or a list of height and width") }
        preparation.size = .init(height: try sides[0].integer(side), width: try sides[1].integer(side))
      } else {
        let both = try node.integer(side)
        preparation.size = .init(height: both, width: both)
      }
    }
    if let node = reader.take("crop"), try node.boolean() {
      guard preparation.size != nil else { throw node.error("is for images that are resized: give resize as well") }
      preparation.fit = .crop
    }
    if let node = reader.take("color") {
      guard let colour = ImageColour(rawValue: try node.string().lowercased()) else {
        throw node.error(noneOf: ImageColour.allCases.map(\.rawValue))
      }
      preparation.channels = colour.channels
    }
    return preparation
  }
}
