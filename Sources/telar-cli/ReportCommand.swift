import ArgumentParser
import Telar
import TelarStudies

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write what runs came to as a page, and as a summary for a repository.",
    discussion: """
      The folder is that of a study (runs/STUDY), of an experiment or a run in it (EXPERIMENT, EXPERIMENT/seed-N), or \
      of several studies (runs), which each have a report of their own and a list of them all.

      report.html is one page that needs nothing beside it. report.tex has the tables and the curves as vectors, for \
      LaTeX with booktabs and pgfplots. report.md is a summary with tables as CSV and figures as \
      PNG beside it, which gnuplot draws. Runs that failed or have not ended are named there. A report that is there \
      already is replaced, other files never, nor a page that was changed since telar wrote it.

      EXAMPLES
        telar report runs/aldecoa
        telar report runs --out Results --format markdown
        telar report runs/molina/adam/seed-0 --format html
      """)

  @Argument(help: ArgumentHelp("What to report.", valueName: "folder"), completion: .directory)
  var source: String

  @Option(
    help: ArgumentHelp("Where the report goes; by default report in the folder.", valueName: "folder"),
    completion: .directory)
  var out: String?

  @Option(
    help: ArgumentHelp("What to write: html, markdown, latex, or several with commas between.", valueName: "formats"),
    completion: .list(Report.Format.allCases.map(\.rawValue)))
  var format = "html,markdown"

  private var formats: Set<Report.Format> {
    get throws {
      Set(
        try format.split(separator: ",", omittingEmptySubsequences: false).map { name in
          guard let format = Report.Format(rawValue: name.lowercased()) else {
            let known = Report.Format.allCases.map(\.rawValue)
            throw ValidationError(UsageError.unknown("format", String(name), known: known).description)
          }
          return format
        })
    }
  }

  func validate() throws {
    _ = try formats
    if out?.isEmpty == true { throw ValidationError("--out names no folder") }
    if source.isEmpty { throw ValidationError("the folder to report has no name") }
  }

  func run() throws {
    var report = Report(of: source, formats: try formats, generator: "telar \(telarVersion)")
    report.findStudy = { folder in
      do { return try Study(in: folder) } catch let error as RecipeError where error.kind == .malformed {
        throw error
      } catch {
        // The folder may be of another version; its own files say what it is.
        return nil
      }
    }
    for path in try report.write(to: out, note: { Console.note($0) }) { Console.result("Report: \(path)") }
  }
}
