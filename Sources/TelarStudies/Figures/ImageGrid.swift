import Foundation

/// Rows of small images, such as originals above their reconstructions.
public struct ImageGrid: Figure {
  public struct Row: Sendable {
    public var name: String
    /// The pixels of each image, `[height, width, channels]`, 0 black to 1 white.
    public var images: [[Float]]

    public init(name: String, images: [[Float]]) {
      self.name = name
      self.images = images
    }
  }

  public var title: String
  public var height: Int
  public var width: Int
  /// 1, 3 or 4; opacity is not shown.
  public var channels: Int
  public var columnNames: [String]
  public var rows: [Row]

  /// - Precondition: each row has one image per column name, of height · width · channels numbers.
  public init(title: String, height: Int, width: Int, channels: Int = 1, columnNames: [String], rows: [Row]) {
    for row in rows {
      precondition(
        row.images.count == columnNames.count && row.images.allSatisfy { $0.count == height * width * channels },
        "every row of an image grid has one image a column")
    }
    self.title = title
    self.height = height
    self.width = width
    self.channels = channels
    self.columnNames = columnNames
    self.rows = rows
  }

  /// The gap between images, in image pixels.
  private let gap = 2
  /// Screen pixels per image pixel.
  public var scale = 4
  /// Margins in screen pixels.
  private let margins = (left: 150, right: 20, top: 70, bottom: 45)

  private var gridWidth: Int { max(1, columnNames.count) * (width + gap) - gap }
  private var gridHeight: Int { max(1, rows.count) * (height + gap) - gap }

  public var size: (width: Int, height: Int) {
    (gridWidth * scale + margins.left + margins.right, gridHeight * scale + margins.top + margins.bottom)
  }

  /// One line per image: row, column, then the pixels.
  public var csv: String {
    CSV.line(["row", "column"] + (0..<(height * width * channels)).map { "pixel\($0)" })
      + rows.flatMap { row in
        zip(columnNames, row.images).map { CSV.line([row.name, $0] + $1.map { "\($0)" }) }
      }.joined()
  }

  /// One channel of the grid, white between the images: a line a row.
  private func canvas(_ channel: Int) -> [ArraySlice<Float>] {
    let columns = gridWidth
    var canvas = [Float](repeating: 1, count: gridHeight * columns)
    for (r, row) in rows.enumerated() {
      for (c, image) in row.images.enumerated() {
        for y in 0..<height {
          for x in 0..<width {
            canvas[(r * (height + gap) + y) * columns + c * (width + gap) + x] =
              image[(y * width + x) * channels + channel]
          }
        }
      }
    }
    return (0..<gridHeight).map { canvas[($0 * columns)..<(($0 + 1) * columns)] }
  }

  /// The grid for gnuplot: a matrix of greys, or a line a pixel with its place and colours from 0 to 255.
  private var data: String {
    guard channels > 1 else {
      return canvas(0).map { $0.map { String(format: "%.4f", $0) }.joined(separator: " ") }.joined(separator: "\n")
    }
    let planes = (0..<3).map { canvas($0).map { Array($0) } }
    return (0..<gridHeight).map { y in
      (0..<gridWidth).map { x in
        "\(x) \(y) " + planes.map { "\(Int(($0[y][x] * 255).rounded()))" }.joined(separator: " ")
      }.joined(separator: "\n")
    }.joined(separator: "\n")
  }

  public var script: String {
    let columns = gridWidth
    let (w, h) = (Double(size.width), Double(size.height))
    let labels = columnNames.enumerated().map { c, name in
      let x = Double(c * (width + gap)) + Double(width) / 2 - 0.5
      return
        "set label \(GnuPlot.quoted(name)) at first \(x), graph 0 center offset 0,-0.9 font ',10' textcolor rgb ink"
    }
    let names = rows.enumerated().map { r, row in
      let y = Double(r * (height + gap)) + Double(height) / 2 - 0.5
      return
        "set label \(GnuPlot.quoted(row.name)) at graph 0, first \(y) right offset -1.2,0 font ',12' textcolor rgb ink"
    }
    return """
      $canvas << EOD
      \(data)
      EOD
      set title \(GnuPlot.quoted(title)) font ',16' textcolor rgb ink
      set lmargin at screen \(Double(margins.left) / w)
      set rmargin at screen \(1 - Double(margins.right) / w)
      set tmargin at screen \(1 - Double(margins.top) / h)
      set bmargin at screen \(Double(margins.bottom) / h)
      unset border
      unset tics
      unset colorbox
      unset key
      set palette gray
      set cbrange [0:1]
      set xrange [-0.5:\(columns).0-0.5]
      set yrange [\(gridHeight).0-0.5:-0.5]
      \((labels + names).joined(separator: "\n"))
      plot $canvas \(channels > 1 ? "using 1:2:3:4:5 with rgbimage" : "matrix with image") @blocks

      """
  }
}
