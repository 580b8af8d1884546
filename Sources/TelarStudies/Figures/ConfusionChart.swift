import Foundation

/// A confusion matrix as a heat map; its cells show the shares of each row.
public struct ConfusionChart: Figure {
  public var title: String
  public var classNames: [String]
  /// The number of images of class `row` predicted as class `column`.
  public var counts: [[Int]]

  /// - Precondition: `counts` is square, with one row per name.
  public init(title: String, classNames: [String], counts: [[Int]]) {
    precondition(
      counts.count == classNames.count && counts.allSatisfy { $0.count == classNames.count },
      "a confusion matrix is square, with a name for each class")
    self.title = title
    self.classNames = classNames
    self.counts = counts
  }

  public var size: (width: Int, height: Int) { (980, 900) }

  /// Each row divided by its sum; zeros for a class without images.
  public var shares: [[Double]] {
    counts.map { row in
      let sum = row.reduce(0, +)
      return row.map { sum == 0 ? 0 : Double($0) / Double(sum) }
    }
  }

  /// The counts, one row per true class.
  public var csv: String {
    CSV.line(["true \\ predicted"] + classNames)
      + zip(classNames, counts).map { CSV.line([$0] + $1.map(String.init)) }.joined()
  }

  public var script: String {
    let shares = shares
    let n = classNames.count
    var cells = ""
    for row in 0..<n {
      for column in 0..<n { cells += "\(column) \(row) \(shares[row][column])\n" }
      cells += "\n"
    }
    let names = classNames.enumerated().map { "\(GnuPlot.quoted($1)) \($0)" }.joined(separator: ", ")
    return """
      $cells << EOD
      \(cells)EOD
      set title \(GnuPlot.quoted(title)) font ',16' textcolor rgb ink offset 0,0.3
      set xlabel 'predicted class' textcolor rgb ink offset 0,0.3
      set ylabel 'true class' textcolor rgb ink offset 0.5,0
      set xrange [-0.5:\(n).0-0.5]
      set yrange [\(n).0-0.5:-0.5]
      set xtics (\(names)) rotate by 40 right nomirror scale 0 textcolor rgb ink
      set ytics (\(names)) nomirror scale 0 textcolor rgb ink
      set border 0
      set lmargin at screen 0.175
      set rmargin at screen 0.855
      set tmargin at screen 0.925
      set bmargin at screen 0.165
      set palette defined (\(Palette.blues))
      set cbrange [0:1]
      set cblabel 'share of the true class' textcolor rgb ink offset 1.5,0
      set colorbox
      set cbtics scale 0.4 textcolor rgb ink
      unset key
      # A zero is written as a faint dot, so that what was confused stands out.
      cell(v) = v < 0.005 ? '·' : sprintf('%.2f', v)
      shade(v) = v < 0.005 ? 0xaaaaaa : v > 0.5 ? 0xffffff : 0x222222
      plot $cells using 1:2:3 with image pixels, \\
        $cells using 1:2:(cell($3)):(shade($3)) with labels font ',11' textcolor rgb variable

      """
  }
}
