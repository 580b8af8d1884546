import Foundation
import TelarIO
import TelarTraining

/// Writes the report of a run, an experiment, a study or several studies into a folder.
public struct Report {
  public enum Format: String, CaseIterable, Sendable {
    /// One page that needs nothing beside it.
    case html
    /// A summary with its figures beside it.
    case markdown
  }

  /// The folder that is reported.
  public let source: String
  public var formats: Set<Format>
  /// The program's name and version.
  public var generator: String
  /// What draws the Markdown summary's figures; `nil` for numbers without figures.
  public var gnuplot: GnuPlot?
  /// Finds the study that a study's folder is of; where it finds none, experiments are what the folder holds, and nothing
  /// is claimed. An error is shown in the report. By default the published studies.
  public var findStudy: (RunFolder) throws -> Study? = StudyFolder.published

  /// - Parameter source: the folder of a run, an experiment or a study, or of several studies.
  public init(
    of source: String, formats: Set<Format> = Set(Format.allCases), generator: String,
    gnuplot: GnuPlot? = .installed
  ) {
    self.source = URL(fileURLWithPath: source).standardizedFileURL.path
    self.formats = formats
    self.generator = generator
    self.gnuplot = gnuplot
  }

  /// Writes `report.html`, and `report.md` with its figures, into a folder.
  ///
  /// Whatever can be read is reported, and what cannot is named there. Of several studies, each has a folder of its own
  /// beside the report that lists them.
  ///
  /// - Parameters:
  ///   - folder: by default `report` in the folder that is reported.
  ///   - note: told what the user should know.
  /// - Returns: the paths of the report in each format.
  /// - Throws: ``ReportError`` when there is nothing to report; `OutputError` when the report cannot be written, or would
  ///   take the place of a file that no report left.
  public func write(to folder: String? = nil, note: (String) -> Void = { _ in }) throws -> [String] {
    let what = try ReportSource(source)
    let output = try folder.map { path in try Folder(making: path) } ?? Folder(source).folder("report")
    guard case .studies(let names) = what else {
      return try write(study(what).document(), to: output, note)
    }
    // One after another, so that only one study's figures are in memory.
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

  /// The figures that the Markdown summary shows, and the numbers behind them.
  private func figures(of document: Document, _ note: (String) -> Void) -> [ReportFolder.File] {
    var files: [ReportFolder.File] = []
    var reason: String? =
      gnuplot == nil ? "gnuplot is not installed, so the Markdown summary has numbers without figures." : nil
    func add(_ stem: String, _ figure: any Figure, hasNumbers: Bool) {
      if hasNumbers { files.append(.init(name: "figures/\(stem).csv", bytes: Array(figure.csv.utf8))) }
      guard let gnuplot else { return }
      do {
        let png = try gnuplot.png(of: figure)
        files.append(.init(name: "figures/\(stem).png", bytes: figure is ImageGrid ? GreyPNG.compact(png) : png))
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
        // Pixels as text are longer than they are useful.
        if let (stem, grid) = pictures.figure { add(stem, grid, hasNumbers: false) }
      case .heading, .paragraph, .list, .table: break
      }
    }
    if let reason { note(reason) }
    return files
  }
}

extension Report.Format {
  /// What the file is called.
  var fileName: String { self == .html ? "report.html" : "report.md" }
}
