import Foundation
import TelarStudies
import TestSupport
import Testing

/// Reports in LaTeX.
@Suite struct LatexReportTests {
  let folder: TemporaryFolder
  let output: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    output = try TemporaryFolder()
  }

  @Test func `tables and curves are whole environments, with their packages`() throws {
    try RunFixture.writeBase(seeds: 3, into: folder)
    for seed in 0..<3 {
      var adam = RunFixture("adam", losses: curve(to: 0.3, from: 0.5), accuracies: curve(to: 0.89, from: 0.86))
      adam.seed = seed
      try adam.write(into: folder)
    }
    let report = Report(of: folder.path + "/molina", formats: [.latex], generator: "telar 100 %", gnuplot: nil)
    #expect(try report.write(to: output.path) == [output.path + "/report.tex"])
    let text = try output.text("report.tex")
    #expect(text.hasPrefix("% Made by telar 100 ") && text.hasSuffix("\\end{document}\n"))
    for part in [
      "\\usepackage{booktabs,longtable,array}", "\\usepackage{pgfplots}", "\\toprule", "74.00 $\\pm$ 1.00 \\%",
      "\\textbf{89.00 $\\pm$ 0.00 \\%}", "\\addlegendentry{base, validation}", "error bars/.cd",
    ] { #expect(text.contains(part), "\(part)") }
    var open: [Substring] = []
    for match in text.matches(of: /\\(begin|end)\{([a-z]+)\}/) {
      if match.1 == "begin" {
        open.append(match.2)
      } else {
        #expect(open.popLast() == match.2)
      }
    }
    #expect(open.isEmpty)
    // Each row of a table has its columns.
    for table in text.split(separator: "\\begin{longtable}").dropFirst() {
      let rows = table.split(separator: "\\end{longtable}")[0].split(separator: "\n").filter { $0.hasSuffix("\\\\") }
      let counts = Set(rows.map { $0.replacing("\\&", with: "").count { $0 == "&" } })
      #expect(counts.count == 1, "\(rows.first ?? "")")
    }
  }

  @Test func `LaTeX's own characters are only characters`() {
    #expect(
      LatexPage.escaped("a_b 5 % {x} $ & # \\ ^ ~")
        == "a\\_b 5 \\% \\{x\\} \\$ \\& \\# \\textbackslash{} \\textasciicircum{} \\textasciitilde{}")
    #expect(LatexPage.escaped("1 ± 2 − ñ 漢") == "1 $\\pm$ 2 $-$ ñ ?")
  }
}
