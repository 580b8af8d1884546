import Foundation

/// Writes a document as LaTeX: tables by booktabs and curves by pgfplots, so that figures are vectors in the text's fonts.
///
/// Confusion matrices and pictures are left out; they are in the other formats.
package struct LatexPage {
  /// The most points of a curve.
  private static let pointLimit = 100

  /// The whole document, with the packages that it needs.
  func text(_ document: Document, generator: String) -> String {
    var lines = [
      "% Made by \(Self.plain(generator)). Tables and figures can be taken over one by one.",
      "\\documentclass[10pt]{article}", "\\usepackage[utf8]{inputenc}", "\\usepackage[T1]{fontenc}",
      "\\usepackage[a4paper,margin=20mm]{geometry}", "\\usepackage{booktabs,longtable,array}",
      "\\usepackage{pgfplots}", "\\pgfplotsset{compat=1.16}", "\\setlength{\\tabcolsep}{3pt}",
      "\\begin{document}", "\\section*{\(Self.escaped(document.title))}",
    ]
    lines += document.subtitle.map { Self.escaped($0) + "\n" }
    lines.append(document.summary.sentences.map(Self.escaped).joined(separator: " ") + "\n")
    if !document.summary.remarks.isEmpty { lines += list(document.summary.remarks) }
    for section in document.sections {
      lines.append("\\subsection*{\(Self.escaped(section.title))}")
      lines += section.blocks.flatMap(block)
    }
    return (lines + ["\\end{document}", ""]).joined(separator: "\n")
  }

  private func block(_ block: Document.Block) -> [String] {
    switch block {
    case .heading(_, let title): ["\\subsubsection*{\(Self.escaped(title))}"]
    case .paragraph(let text): [Self.escaped(text) + "\n"]
    case .list(let items): list(items)
    case .table(let table): self.table(table)
    case .charts(let charts): charts.flatMap { figure($0.chart, caption: $0.caption) }
    case .intervals(let charts): charts.flatMap(intervals)
    case .matrices, .pictures: []
    }
  }

  private func list(_ items: [String]) -> [String] {
    items.isEmpty
      ? [] : ["\\begin{itemize}"] + items.map { "\\item " + Self.escaped($0) } + ["\\end{itemize}"]
  }

  private func table(_ table: Document.Table) -> [String] {
    // Text columns share the width of the page, and numbers take what they need.
    let texts = table.columns.count { !$0.isNumeric }
    let share = String(format: "%.2f", min(0.3, max(0.08, 0.6 / Double(max(1, texts)))))
    let columns = table.columns.map { $0.isNumeric ? "r" : ">{\\raggedright\\arraybackslash}p{\(share)\\linewidth}" }
    var lines = ["{\\scriptsize", "\\begin{longtable}{\(columns.joined())}", "\\toprule"]
    lines.append(table.columns.map { Self.escaped($0.title) }.joined(separator: " & ") + " \\\\")
    lines += ["\\midrule", "\\endhead"]
    for row in table.rows {
      let cells = zip(row, table.columns).map { cell, column -> String in
        let text = cell.lines.map(Self.escaped).joined(separator: column.isNumeric ? "; " : " \\newline ")
        return cell.status == .best ? "\\textbf{\(text)}" : text
      }
      lines.append(cells.joined(separator: " & ") + " \\\\")
    }
    return lines + [
      "\\bottomrule", "\\end{longtable}", "\\noindent \(Self.escaped(table.caption))", "}", "",
    ]
  }

  private func figure(_ chart: LineChart, caption: String) -> [String] {
    var options = [
      "width=0.72\\linewidth", "height=60mm", "xlabel={\(Self.escaped(chart.xLabel))}",
      "ylabel={\(Self.escaped(chart.yLabel))}", "legend pos=outer north east", "legend cell align=left",
      "legend style={font=\\scriptsize, draw=none}",
    ]
    if chart.hasLogarithmicY { options.append("ymode=log") }
    let curves = chart.series.map { series in
      series.points.filter { $0.x.isFinite && abs($0.y) < 1e30 && (!chart.hasLogarithmicY || $0.y > 1e-30) }
    }
    let limit = chart.hasLogarithmicY ? .infinity : RobustLimit.of(curves.map { $0.map(\.y) })
    if limit.isFinite { options.append("ymax=\(limit), restrict y to domain=*:\(limit)") }
    var lines = ["\\begin{center}", "\\begin{tikzpicture}", "\\begin{axis}[\(options.joined(separator: ", "))]"]
    for (series, points) in zip(chart.series, curves) where !points.isEmpty {
      let colour = Palette.lines[series.colour % Palette.lines.count].dropFirst().uppercased()
      let style =
        switch series.stroke {
        case .solid: "thick"
        case .dashed: "thick, dashed"
        case .dotted: "thick, dotted"
        case .thin: "very thin, forget plot"
        }
      let step = max(1, (points.count + Self.pointLimit - 1) / Self.pointLimit)
      let kept = points.enumerated().filter { $0.offset % step == 0 || $0.offset == points.count - 1 }.map(\.element)
      let places = kept.map { "(\($0.x),\($0.y))" }.joined(separator: " ")
      lines.append("\\definecolor{curve}{HTML}{\(colour)}")
      lines.append("\\addplot[curve, \(style)] coordinates {\(places)};")
      if series.stroke != .thin { lines.append("\\addlegendentry{\(Self.escaped(series.name))}") }
    }
    return lines + [
      "\\end{axis}", "\\end{tikzpicture}", "\\end{center}", "\\noindent{\\small \(Self.escaped(caption))}", "",
    ]
  }

  private func intervals(_ chart: Document.IntervalChart) -> [String] {
    let rows = chart.rows.filter { !$0.sample.values.isEmpty && $0.sample.values.allSatisfy(\.isFinite) }
    guard !rows.isEmpty else { return [] }
    let names = rows.map { "{\(Self.escaped($0.name))}" }.joined(separator: ",")
    let ticks = rows.indices.map(String.init).joined(separator: ",")
    let points = rows.enumerated().map { index, row in
      let half = row.interval.map { max($0.high - row.sample.mean, row.sample.mean - $0.low) } ?? 0
      return "(\(row.sample.mean),\(index)) +- (\(half),0)"
    }
    return [
      "\\begin{center}", "\\begin{tikzpicture}",
      "\\begin{axis}[width=0.7\\linewidth, height=\(20 + 6 * rows.count)mm, ytick={\(ticks)}, yticklabels={\(names)}, "
        + "y dir=reverse, xmajorgrids]",
      "\\addplot[only marks, error bars/.cd, x dir=both, x explicit] coordinates {\(points.joined(separator: " "))};",
      "\\end{axis}", "\\end{tikzpicture}", "\\end{center}",
      "\\noindent{\\small \(Self.escaped(chart.title)). \(Self.escaped(chart.caption))}", "",
    ]
  }

  private static func plain(_ text: String) -> String { Text.shown(text).filter { $0.isASCII && $0 != "%" } }

  /// Text escaped for LaTeX; symbols that its fonts lack as commands.
  package static func escaped(_ text: String) -> String {
    let special: [Character: String] = [
      "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "$": "\\$", "&": "\\&", "#": "\\#", "%": "\\%", "_": "\\_",
      "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "<": "\\textless{}", ">": "\\textgreater{}",
      "\"": "\\textquotedbl{}", "±": "$\\pm$", "−": "$-$", "×": "$\\times$", "≈": "$\\approx$", "→": "$\\to$",
      "✓": "", "✗": "", "○": "", "★": "", "β": "$\\beta$", "↓": "$\\downarrow$", "·": "$\\cdot$", "\u{a0}": "~",
      "“": "``", "”": "''", "…": "\\dots{}", "–": "--", "√": "$\\surd$", "Σ": "$\\Sigma$", "Φ": "$\\Phi$",
    ]
    return Text.shown(text).reduce(into: "") { result, character in
      if let command = special[character] {
        result += command
      } else if character.isASCII || "áéíóúüñÁÉÍÓÚÜÑçàèìòùäöß¿¡".contains(character) {
        result.append(character)
      } else {
        // Its fonts may lack it.
        result += "?"
      }
    }
  }
}
