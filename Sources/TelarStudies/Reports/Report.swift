import Foundation
import TelarIO
import TelarTraining

/// Writes the report of a run, an experiment, a study or several studies.
public struct Report {
  public enum Format: String, CaseIterable, Sendable {
    /// A single self-contained page.
    case html
    /// A summary with figures in separate files.
    case markdown
    /// Tables and vector figures for a text.
    case latex

    /// What is written unless formats are named.
    public static let usual: Set<Format> = [.html, .markdown]
  }

  /// The folder to report on.
  public let source: String
  public var formats: Set<Format>
  /// The program's name and version.
  public var generator: String
  /// Draws the figures of the Markdown report; `nil` to write numbers only.
  public var gnuplot: GnuPlot?
  /// Finds the study of a folder, by default a published one. If it returns `nil`, the experiments are taken from the
  /// folder, without claims. An error is shown in the report.
  public var findStudy: (RunFolder) throws -> Study? = StudyFolder.published

  /// - Parameter source: the folder of a run, an experiment, a study or several studies.
  public init(
    of source: String, formats: Set<Format> = Format.usual, generator: String,
    gnuplot: GnuPlot? = .installed
  ) {
    self.source = URL(fileURLWithPath: source).standardizedFileURL.path
    self.formats = formats
    self.generator = generator
    self.gnuplot = gnuplot
  }

  /// Writes `report.html`, and `report.md` with its figures, to a folder.
  ///
  /// Everything readable is reported, and problems are listed. For several studies, an index links to one report per
  /// study, each in a folder of its own.
  ///
  /// - Parameters:
  ///   - folder: by default `report` in the reported folder.
  ///   - note: called with remarks for the user.
  /// - Returns: the paths of the reports in each format.
  /// - Throws: ``ReportError`` when there is nothing to report; `OutputError` when the report cannot be written, or
  ///   would replace a file that is not a report's.
  public func write(to folder: String? = nil, note: (String) -> Void = { _ in }) throws -> [String] {
    let what = try ReportSource(source)
    let output = try folder.map { path in try Folder(making: path) } ?? Folder(source).folder("report")
    guard case .studies(let names) = what else {
      return try write(study(what).document(), to: output, note)
    }
    // Sequentially, so that only one study's figures are in memory.
    let studies = names.map {
      (folder: $0, study: StudyDocument(StudyFolder(study: "\(source)/\($0)", find: findStudy), isWholeStudy: true))
    }
    let index = IndexDocument(studies)
    for (name, study) in studies {
      _ = try write(study.document(), to: output.folder(index.places[name] ?? name), note)
    }
    return try write(index.document, to: output, note)
  }

  private func study(_ what: ReportSource) -> StudyDocument {
    switch what {
    case .run: StudyDocument(StudyFolder(run: source, find: findStudy), isWholeStudy: false)
    case .experiment: StudyDocument(StudyFolder(experiment: source, find: findStudy), isWholeStudy: false)
    case .study, .studies: StudyDocument(StudyFolder(study: source, find: findStudy), isWholeStudy: true)
    }
  }

  private func write(_ document: Document, to folder: Folder, _ note: (String) -> Void) throws -> [String] {
    let page = try Page()
    var files: [ReportFolder.File] = []
    if formats.contains(.markdown) {
      files += figures(of: document, note)
      files += document.tables.map { .init(name: $0.name, bytes: Array($0.csv.utf8)) }
    }
    let pictures = Set(files.map(\.name))
    let pages = Format.allCases.filter(formats.contains)
    files += pages.map { format in
      .init(
        name: format.fileName,
        bytes: Array(page.text(document, format, generator: generator, pictures: pictures).utf8))
    }
    try ReportFolder(folder: folder).write(files, generator: generator)
    return pages.map { folder.file($0.fileName) }
  }

  /// The figures of the Markdown report, and their numbers.
  private func figures(of document: Document, _ note: (String) -> Void) -> [ReportFolder.File] {
    var files: [ReportFolder.File] = []
    var reason: String? =
      gnuplot == nil ? "gnuplot is not installed, so the Markdown summary has numbers without figures." : nil
    func add(_ stem: String, _ figure: any Figure, hasNumbers: Bool) {
      if hasNumbers { files.append(.init(name: "figures/\(stem).csv", bytes: Array(figure.csv.utf8))) }
      guard let gnuplot else { return }
      do {
        let png = try gnuplot.png(of: figure)
        files.append(
          .init(name: "figures/\(stem).png", bytes: (figure as? ImageGrid)?.channels == 1 ? SmallPNG.compact(png) : png)
        )
      } catch {
        reason = reason ?? "\(error)"
      }
    }
    for block in document.sections.flatMap(\.blocks) {
      switch block {
      case .charts(let charts):
        for chart in charts where chart.isInMarkdown {
          var figure = chart.chart
          figure.size = (900, 540)
          add(chart.stem, figure, hasNumbers: true)
        }
      case .matrices(let matrices):
        for case let (stem, chart)? in matrices.map(\.figure) { add(stem, chart, hasNumbers: true) }
      case .pictures(let pictures):
        // CSV files of pixels would be long and of little use.
        if let (stem, grid) = pictures.figure { add(stem, grid, hasNumbers: false) }
      case .heading, .paragraph, .list, .table, .intervals: break
      }
    }
    if let reason { note(reason) }
    return files
  }
}

extension Report.Format {
  /// The name of the file.
  var fileName: String {
    switch self {
    case .html: "report.html"
    case .markdown: "report.md"
    case .latex: "report.tex"
    }
  }
}
