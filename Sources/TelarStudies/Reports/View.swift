import Foundation

/// A document as dictionaries for the templates. All text is sanitized for display; the HTML template escapes it, and
/// Markdown is escaped here.
package struct View {
  let format: Report.Format
  /// The names of the existing figure files.
  let pictures: Set<String>

  func page(_ document: Document, generator: String) -> [String: Any] {
    let sections = document.sections.map { section -> [String: Any] in
      let entries = section.blocks.compactMap { block -> [String: Any]? in
        guard case .heading(let id, let title) = block else { return nil }
        return ["entryID": id, "entryTitle": text(title)]
      }
      return [
        "sectionID": section.id, "sectionTitle": text(section.title), "slug": Self.githubSlug(section.title),
        "blocks": section.blocks.compactMap(block), "entries": entries.count > 1 ? entries : [],
      ]
    }
    return [
      "title": text(document.title), "subtitles": document.subtitle.map(line), "sections": sections,
      "generator": text(generator), "style": format == .html ? Page.style : "",
      "script": Page.script, "scriptSum": Page.scriptSum, "summary": summary(document.summary),
      "tables": document.tables.map(\.name),
    ]
  }

  private func summary(_ summary: Document.Summary) -> [String: Any] {
    [
      "sentences": summary.sentences.map(text), "remarks": summary.remarks.map(line),
      "hasCounts": !summary.counts.isEmpty,
      "counts": summary.counts.map { count -> [String: Any] in
        [
          "number": count.number, "label": text(count.label), "countStatus": count.status.rawValue,
          "countMark": count.status.mark,
        ]
      },
    ]
  }

  /// A block as a dictionary with one key, which tells the template its kind; `nil` when there is nothing to show.
  private func block(_ block: Document.Block) -> [String: Any]? {
    switch block {
    case .heading(let id, let title): return ["heading": ["headingID": id, "headingTitle": text(title)]]
    case .paragraph(let paragraph): return ["paragraph": line(paragraph)]
    case .list(let items): return ["list": ["items": items.map(line)]]
    case .table(let table): return ["table": self.table(table)]
    case .charts(let charts):
      let shown = format == .html ? charts : charts.filter(\.isInMarkdown)
      return shown.isEmpty ? nil : ["charts": ["figures": shown.map(chart)]]
    case .intervals(let charts):
      guard format == .html else { return nil }
      return [
        "charts": [
          "figures": charts.map { chart -> [String: Any] in
            [
              "chartTitle": text(chart.title), "chartCaption": text(chart.caption), "file": false, "numbers": "",
              "svg": IntervalDrawing(chart: chart).markup, "key": [[String: Any]](),
            ]
          }
        ]
      ]
    case .matrices(let matrices):
      let shown = format == .html ? matrices : matrices.filter { $0.figure != nil }
      return shown.isEmpty ? nil : ["matrices": ["figures": shown.map(matrix)]]
    case .pictures(let pictures): return ["pictures": self.pictures(pictures)]
    }
  }

  private func table(_ table: Document.Table) -> [String: Any] {
    [
      "caption": text(table.caption),
      "columns": table.columns.map { ["name": text($0.title), "isNumeric": $0.isNumeric] as [String: Any] },
      "isSortable": table.rows.count > 2,
      "rows": table.rows.map { row in
        [
          "cells": zip(row, table.columns).enumerated().map { index, pair -> [String: Any] in
            let (cell, column) = pair
            return [
              "isHead": index == 0, "isNumber": column.isNumeric, "lines": cell.lines.map(text),
              "isLong": cell.lines.count > 1,
              "status": Self.orFalse(cell.status == .none ? nil : cell.status.rawValue), "mark": cell.status.mark,
              "link": Self.orFalse(link(cell.link)),
            ]
          }
        ]
      },
    ]
  }

  private func link(_ link: Document.Link?) -> String? {
    switch (link, format) {
    case (.anchor(let id), .html): "#" + id
    case (.anchor, .markdown), (.anchor, .latex), (nil, _): nil
    case (.report(let folder), _): "\(folder)/\(format.fileName)"
    }
  }

  private func chart(_ chart: Document.Chart) -> [String: Any] {
    let drawing = SVGChart(chart.chart)
    return [
      "chartTitle": text(chart.title), "chartCaption": text(chart.caption), "file": Self.orFalse(file(chart.stem)),
      "numbers": "figures/\(chart.stem).csv", "svg": format == .html ? drawing.markup(description: chart.caption) : "",
      "key": chart.key.map { ["keyStyle": $0.style, "keyName": text($0.name)] },
    ]
  }

  private func matrix(_ matrix: Document.Matrix) -> [String: Any] {
    [
      "matrixTitle": text(matrix.title), "matrixCaption": text(matrix.caption),
      "classes": matrix.classNames.map(text),
      "lines": zip(matrix.classNames, matrix.values).map { name, values -> [String: Any] in
        [
          "className": text(name),
          "values": values.map { value in
            [
              "heat": matrix.isDifference ? HeatScale.style(difference: value) : HeatScale.style(share: value),
              "value": Self.hundredths(value, isSigned: matrix.isDifference),
            ]
          },
        ]
      },
      "file": Self.orFalse(matrix.figure.flatMap { file($0.stem) }),
      "numbers": matrix.figure.map { "figures/\($0.stem).csv" } ?? "",
    ]
  }

  /// `86`, `+3`, and a dot for a number that rounds to zero.
  static func hundredths(_ value: Double, isSigned: Bool) -> String {
    let rounded = (value * 100).rounded()
    guard rounded.isFinite, rounded != 0 else { return "·" }
    return isSigned ? Text.signed(rounded, 0) : Text.decimal(rounded, 0)
  }

  private func pictures(_ pictures: Document.Pictures) -> [String: Any] {
    [
      "picturesTitle": text(pictures.title), "picturesCaption": text(pictures.caption),
      "columnNames": pictures.columnNames.map(text), "hasColumnNames": !pictures.columnNames.isEmpty,
      "columnCount": max(1, pictures.columnNames.count),
      "strips": pictures.rows.map { row -> [String: Any] in
        [
          "stripName": text(row.name), "width": row.strip.width * pictures.scale,
          "height": row.strip.height * pictures.scale, "address": format == .html ? row.strip.address : "",
        ]
      },
      "widest": (pictures.rows.map(\.strip.width).max() ?? 0) * pictures.scale,
      "file": Self.orFalse(pictures.figure.flatMap { file($0.stem) }),
    ]
  }

  /// The path of a figure's file; `nil` where there is none.
  private func file(_ stem: String) -> String? {
    let name = "figures/\(stem).png"
    return pictures.contains(name) ? name : nil
  }

  /// Mustache looks a missing key up in the enclosing dictionaries, so absent text becomes `false`.
  private static func orFalse(_ text: String?) -> Any {
    if let text { text } else { false }
  }

  private func text(_ text: String) -> String {
    let shown = Text.shown(text)
    return format == .html ? Self.bound(shown) : Self.markdown(shown)
  }

  /// Text whose numbers do not break from their units.
  private static func bound(_ text: String) -> String {
    text.replacingOccurrences(of: " ± ", with: "\u{a0}±\u{a0}").replacingOccurrences(of: " %", with: "\u{a0}%")
  }

  /// Markdown text for the start of a line.
  private func line(_ text: String) -> String {
    format == .html ? self.text(text) : Self.markdownLine(self.text(text))
  }

  /// Text escaped for Markdown.
  package static func markdown(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      if "\\`*_{}[]<>#|~$&!@".contains(character) { result.append("\\") }
      result.append(character)
    }
  }

  /// Markdown text escaped so that it does not start a list.
  private static func markdownLine(_ result: String) -> String {
    guard let first = result.first, "-+=".contains(first) || first.isNumber else { return result }
    if !first.isNumber { return "\\" + result }
    let digits = result.prefix { $0.isNumber }
    let next = result.dropFirst(digits.count).first
    return next == "." || next == ")" ? digits + "\\" + result.dropFirst(digits.count) : result
  }

  /// The anchor that GitHub gives to a heading.
  static func githubSlug(_ title: String) -> String {
    let kept = title.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" }
    return kept.replacingOccurrences(of: " ", with: "-")
  }
}
