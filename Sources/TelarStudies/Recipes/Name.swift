import Foundation
import TelarIO

/// The rules for names of folders, experiments and parts.
enum Name {
  /// Whether a name may contain a character.
  static func isFit(_ character: Character) -> Bool {
    guard let byte = character.asciiValue else { return false }
    return UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
      || "._-".contains(character)
  }

  /// A valid name of a folder of results.
  ///
  /// - Parameter node: the name's place in the recipe, for errors.
  static func folder(_ name: String, _ node: TOMLNode) throws(RecipeError) -> String {
    func error(_ problem: String) -> RecipeError { node.error("\(JSON.quoted(name, limit: 120)) \(problem)") }
    guard name.allSatisfy(isFit) else {
      throw error("must be made of small letters, digits, points, dashes and underscores: a folder is called so")
    }
    guard let first = name.first, let last = name.last, first.isLetter || first.isNumber, last != "." else {
      throw error("must begin with a letter or a digit and not end with a point: a folder is called so")
    }
    if name == "report" || name.wholeMatch(of: /seed-[0-9]+/) != nil {
      throw error("must not be what telar calls the folders of reports and runs")
    }
    guard name.count <= 100 else { throw error("must have at most 100 characters, not \(name.count)") }
    let endings = [".json", ".jsonl", ".txt", ".toml", ".csv", ".png", ".html", ".safetensors"]
    if let ending = endings.first(where: name.hasSuffix) {
      throw error("must not end with \(ending): files beside the folder do")
    }
    return name
  }

  /// A valid name of an experiment: that of a folder, unless a shorter pre-training may have it.
  static func experiment(_ name: String, _ node: TOMLNode) throws(RecipeError) -> String {
    let name = try folder(name, node)
    if name.wholeMatch(of: /.*-[0-9]+-epochs/) != nil {
      throw node.error("\(name) must not end with a number of epochs: trainings of other lengths are called so")
    }
    return name
  }

  /// A valid name of a part or a network.
  static func part(_ name: String, _ node: TOMLNode) throws(RecipeError) -> String {
    let isFit = name.unicodeScalars.allSatisfy {
      "a"..."z" ~= $0 || "A"..."Z" ~= $0 || "0"..."9" ~= $0 || $0 == "_" || $0 == "-"
    }
    guard isFit, 1...100 ~= name.count else {
      throw node.error(
        "\(JSON.quoted(name, limit: 40)) must be made of letters, digits, dashes and underscores: tensors are called so"
      )
    }
    return name
  }
}
