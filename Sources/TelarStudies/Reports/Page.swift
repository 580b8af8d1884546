import Foundation
import Mustache
import TelarData

/// Renders documents with Mustache templates that are compiled into the program.
package struct Page {
  private let library: MustacheLibrary

  /// - Throws: when a template is invalid, which the tests rule out.
  init() throws {
    func template(_ bytes: [UInt8]) throws -> MustacheTemplate {
      try MustacheTemplate(string: String(decoding: bytes, as: UTF8.self))
    }
    library = MustacheLibrary(templates: [
      "html": try template(PackageResources.page_html_mustache),
      "markdown": try template(PackageResources.page_md_mustache),
    ])
  }

  /// - Parameters:
  ///   - generator: the program's name and version.
  ///   - pictures: the names of the existing figure files, for Markdown.
  func text(_ document: Document, _ format: Report.Format, generator: String, pictures: Set<String> = []) -> String {
    if format == .latex { return LatexPage().text(document, generator: generator) }
    let view = View(format: format, pictures: pictures).page(document, generator: generator)
    return library.render(view, withTemplate: format.rawValue) ?? ""
  }

  /// The script of a page, which sorts the rows of tables by a column.
  package static var script: String { "\n" + String(decoding: PackageResources.page_js, as: UTF8.self) }

  /// The script's SHA-256 in base 64, by which the page's policy admits it and no other.
  package static var scriptSum: String {
    let digits = Array(sha256(Array(script.utf8)))
    let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0..<($0 + 2)]), radix: 16) ?? 0 }
    return Data(bytes).base64EncodedString()
  }

  /// The style sheet of a page, with the colours of matrices.
  package static var style: String {
    String(decoding: PackageResources.page_css, as: UTF8.self)
      + "\n" + HeatScale.rules(isDark: false)
      + "\n@media screen and (prefers-color-scheme: dark) {\n" + HeatScale.rules(isDark: true) + "\n}\n"
  }
}
