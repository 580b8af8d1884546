import Foundation
import TelarIO

/// Names that folders and files have, and what is fit for one.
enum Name {
  /// Whether a character can stand in a name.
  static func isFit(_ character: Character) -> Bool {
    guard let byte = character.asciiValue else { return false }
    return UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
      || "._-".contains(character)
  }

  /// A name of a folder that results go to.
  ///
  /// - Parameter node: where the name stands, for errors.
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

  /// An experiment's name: a folder's, but not one that a shorter pre-training of another experiment may have.
  static func experiment(_ name: String, _ node: TOMLNode) throws(RecipeError) -> String {
    let name = try folder(name, node)
    if name.wholeMatch(of: /.*-[0-9]+-epochs/) != nil {
      throw node.error("\(name) must not end with a number of epochs: trainings of other lengths are called so")
    }
    return name
  }

  /// The name of a part or of a network.
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
