/// The contents of a report, in order, independent of HTML and Markdown.
///
/// Texts are plain; ``View`` and the templates escape them.
struct Document {
  var title: String
  /// Further lines of the heading: the study's source and the like.
  var subtitle: [String] = []
  var summary: Summary
  var sections: [Section] = []
  /// Tables as CSV files: name and text.
  var tables: [(name: String, csv: String)] = []

  /// The summary at the top.
  struct Summary {
    /// The outcome, in a sentence or two.
    var sentences: [String]
    var counts: [Count] = []
    /// Reservations that concern the whole report.
    var remarks: [String] = []

    struct Count {
      var number: Int
      var label: String
      var status: Status
    }
  }

  struct Section {
    /// The anchor.
    var id: String
    var title: String
    var blocks: [Block]
  }

  enum Block {
    case heading(id: String, String)
    case paragraph(String)
    case list([String])
    case table(Table)
    case charts([Chart])
    case intervals([IntervalChart])
    case matrices([Matrix])
    case pictures(Pictures)
  }

  /// The verdict on a claim, as a style.
  enum Status: String {
    case held, notHeld = "not-held", untold, open, best, none

    init(_ verdict: Verdict) {
      self =
        switch verdict {
        case .held: .held
        case .notHeld: .notHeld
        case .cannotBeTold: .untold
        case .notJudged: .open
        }
    }

    /// A mark that shows the status without colour.
    var mark: String {
      switch self {
      case .held: Verdict.held.mark
      case .notHeld: Verdict.notHeld.mark
      case .untold: Verdict.cannotBeTold.mark
      case .open: Verdict.notJudged.mark
      case .best: "★"
      case .none: ""
      }
    }
  }

  struct Table {
    var caption: String
    var columns: [Column]
    var rows: [[Cell]]

    struct Column {
      var title: String
      /// Whether the column is right-aligned.
      var isNumeric: Bool

      init(_ title: String, isNumeric: Bool = false) {
        self.title = title
        self.isNumeric = isNumeric
      }
    }
  }

  struct Cell {
    /// The lines of the cell.
    var lines: [String]
    var link: Link?
    var status = Status.none

    init(_ text: String, link: Link? = nil, status: Status = .none) {
      lines = [text]
      self.link = link
      self.status = status
    }

    init(lines: [String]) { self.lines = lines }
  }

  enum Link {
    /// An anchor on the same page.
    case anchor(String)
    /// The report in a folder beside this one.
    case report(folder: String)
  }

  struct Chart {
    var chart: LineChart
    /// The title on a page that names the study.
    var title: String
    /// A description of what the chart shows.
    var caption: String
    /// The legend: a style of ``SVGChart/style(_:_:)`` and a name.
    var key: [(style: String, name: String)]
    /// The name of its files, without the extension.
    var stem: String
    /// Whether the Markdown report shows it too.
    var isInMarkdown = true
  }

  /// Means with their intervals, one row per experiment, and the seeds as points.
  struct IntervalChart {
    var title: String
    var caption: String
    var rows: [(name: String, sample: Sample, interval: Interval?)]
    /// A value as text.
    var text: (Double) -> String
  }

  /// A matrix of shares, one row per true class.
  struct Matrix {
    var title: String
    var caption: String
    var classNames: [String]
    var values: [[Double]]
    /// Whether the values are differences of shares.
    var isDifference = false
    /// The figure that stands for it in the Markdown report.
    var figure: (stem: String, chart: ConfusionChart)?
  }

  /// Rows of small images.
  struct Pictures {
    var title: String
    var caption: String
    var rows: [Row]
    /// The columns' titles; empty for none.
    var columnNames: [String]
    /// Screen pixels per image pixel.
    var scale: Int
    /// The figure that stands for it in the Markdown report.
    var figure: (stem: String, grid: ImageGrid)?

    struct Row {
      var name: String
      var strip: Strip
    }
  }
}
