import ArgumentParser
import Foundation
import Telar
import TelarStudies

/// What shells complete, by the scripts that `telar --generate-completion-script` writes. Names that are the same on every
/// machine stand in the scripts; for the others these functions run within the command when the user presses Tab, so
/// they print nothing and offer nothing where something is wrong.
enum Completions {
  /// Names for `--device`, with the devices of this machine.
  static let device = CompletionKind.custom { _, _, _ in
    ["auto"] + DeviceCatalog.names + DeviceCatalog.list().filter { $0.problem == nil }.map(\.properties.identifier)
  }

  static let study = CompletionKind.list(Study.all.map(\.name))

  /// Experiments of the study or recipe on the line, and groups of them.
  static let experiment = CompletionKind.custom { words, index, _ in
    for word in words.prefix(index).dropFirst() {
      if let study = Study.all.first(where: { $0.name == word }) {
        return study.experiments.map(\.name) + study.groups
      }
      if word.hasSuffix(".toml") { return experiments(ofRecipe: word) }
    }
    return []
  }

  /// A network of `telar bench`, a study, or a file of one of them.
  static let target = CompletionKind.custom { _, _, prefix in
    networkNames + Study.all.map(\.name) + files(beginning: prefix, extensions: ["toml", "safetensors"])
  }

  static let network = CompletionKind.list(networkNames)
  static let recipe = CompletionKind.file(extensions: ["toml"])
  static let checkpoint = CompletionKind.file(extensions: ["safetensors"])
  static let figure = CompletionKind.file(extensions: ["png", "svg"])

  private static var networkNames: [String] { BenchmarkNetwork.all.map(\.name) }

  /// The experiments of a recipe of images of any kind: where it names data, their shape is read from them, unless that
  /// is a folder with a file an image, which would take too long.
  private static func experiments(ofRecipe path: String) -> [String] {
    let path = (path as NSString).expandingTildeInPath
    guard let source = try? Recipe.dataSource(path: path) else { return [] }
    var shape = DataShape.fashionMNIST
    if let path = source.path {
      guard !ImageFolder.recognizes(DatasetSource(path: path)),
        let data = try? ImageDataset.load(path, source.options)
      else { return [] }
      shape = data.shape
    }
    return (try? Recipe(path: path, for: shape))?.study.experiments.map(\.name) ?? []
  }

  /// The files of one folder, the one that the text names, and its subfolders.
  private static func files(beginning prefix: String, extensions: Set<String>) -> [String] {
    let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
    let path = folder.isEmpty ? "." : (folder as NSString).expandingTildeInPath
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted().compactMap { name in
      if extensions.contains((name as NSString).pathExtension.lowercased()) { return folder + name }
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
      return isThere && isFolder.boolValue && !name.hasPrefix(".") ? folder + name + "/" : nil
    }
  }
}
