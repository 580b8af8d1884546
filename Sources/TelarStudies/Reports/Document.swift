/// A report before it is HTML or Markdown: what is said and shown, in order.
///
/// Texts are plain: whoever writes them out escapes them.
struct Document {
  var title: String
  /// What the study is, and whose.
  var subtitle: [String] = []
  var summary: Summary
  var sections: [Section] = []
  /// Tables for programs: the file's name and its text.
  var tables: [(name: String, csv: String)] = []

  /// What stands on top.
  struct Summary {
    /// What it comes to, in a sentence or two.
    var sentences: [String]
    var counts: [Count] = []
    /// What a reader must know before reading on.
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
    case matrices([Matrix])
    case pictures(Pictures)
  }

  /// What became of a claim.
  enum Status: String {
    case held, notHeld = "not-held", open, none

    /// What says it without colour.
    var mark: String {
      switch self {
      case .held: "✓"
      case .notHeld: "✗"
      case .open: "○"
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
      /// Numbers stand to the right.
      var isNumeric: Bool

      init(_ title: String, isNumeric: Bool = false) {
        self.title = title
        self.isNumeric = isNumeric
      }
    }
  }

  struct Cell {
    /// Under one another.
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
    /// To another place on the page.
    case anchor(String)
    /// To the report in a folder beside this one.
    case report(folder: String)
  }

  struct Chart {
    var chart: LineChart
    /// The title here, where the study's name is known.
    var title: String
    /// What one sees.
    var caption: String
    /// What colours and strokes mean: a style, as ``SVGChart/style(_:_:)`` gives it, and a name.
    var key: [(style: String, name: String)]
    /// The name of its files.
    var stem: String
    /// Whether the Markdown summary shows it too.
    var isInMarkdown = true
  }

  /// A matrix of shares, a row for each true class.
  struct Matrix {
    var title: String
    var caption: String
    var classNames: [String]
    var values: [[Double]]
    /// Whether the values are differences of shares.
    var isDifference = false
    /// What the Markdown summary shows of it.
    var figure: (stem: String, chart: ConfusionChart)?
  }

  /// Rows of small pictures.
  struct Pictures {
    var title: String
    var caption: String
    var rows: [Row]
    /// Above the columns; empty for none.
    var columnNames: [String]
    /// Pixels on the screen for each of a picture's.
    var scale: Int
    /// What the Markdown summary shows of it.
    var figure: (stem: String, grid: ImageGrid)?

    struct Row {
      var name: String
      var strip: Strip
    }
  }
}
