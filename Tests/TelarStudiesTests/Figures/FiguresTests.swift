import Foundation
import TelarIO
import TelarStudies
import Testing

/// A folder that goes with the test, or stays where `TELAR_TEST_FIGURES` names one to look at.
final class FigureFolder {
  let path: String
  private let stays: Bool

  init() throws {
    let named = ProcessInfo.processInfo.environment["TELAR_TEST_FIGURES"]
    stays = named != nil
    path = named ?? NSTemporaryDirectory() + "telar-figures-\(UUID().uuidString)"
    try AtomicFile.makeFolder(path)
  }

  deinit { if !stays { try? FileManager.default.removeItem(atPath: path) } }

  func text(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }
  func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))) }
  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path) }
}

@Suite("Figures")
struct FiguresTests {
  let folder: FigureFolder
  init() throws { folder = try FigureFolder() }

  private var curves: LineChart {
    func series(_ number: Int, _ half: String) -> LineChart.Series {
      let height = half == "training" ? 0.5 : 0.6
      let points = (1...8).map { epoch in (x: Double(epoch), y: Double(number) * 0.1 + height / Double(epoch)) }
      return .init(name: "case-\(number), \(half)", points: points, colour: number - 1, isDashed: half == "training")
    }
    return LineChart(
      title: "aldecoa: loss, it's 100 % & <odd> names_with^marks", xLabel: "epoch", yLabel: "cross entropy",
      series: (1...4).flatMap { [series($0, "training"), series($0, "validation")] })
  }

  private var confusion: ConfusionChart {
    let names = [
      "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]
    func count(_ r: Int, _ c: Int) -> Int {
      if r == c { return 800 - 40 * r }
      return (r + c) % 3 == 0 ? 20 + 13 * r : 0
    }
    let counts = (0..<10).map { r in (0..<10).map { c in count(r, c) } }
    return ConfusionChart(title: "case-1: 10,000 validation images", classNames: names, counts: counts)
  }

  private var grid: ImageGrid {
    func image(_ k: Int) -> [Float] {
      (0..<784).map { pixel in Float((pixel % 28 + pixel / 28 * k) % 28) / 27 }
    }
    return ImageGrid(
      title: "original and reconstruction", height: 28, width: 28, columnNames: (0..<10).map { "class \($0)" },
      rows: [
        .init(name: "original", images: (0..<10).map(image)), .init(name: "n64-p0.1", images: (1...10).map(image)),
      ])
  }

  private let png: [UInt8] = [0x89, 0x50, 0x4e, 0x47]

  @Test(.enabled(if: GnuPlot.installed != nil))
  func `pictures are drawn, with nothing left beside them`() throws {
    var logarithmic = curves
    logarithmic.hasLogarithmicY = true
    let figures: [(String, any Figure)] = [
      ("curves", curves), ("semilog", logarithmic), ("confusion", confusion), ("grid", grid),
    ]
    for (name, figure) in figures {
      let stem = folder.path + "/" + name
      #expect(try figure.write(to: stem) == .drawn(path: stem + ".png"))
      #expect(try folder.bytes("\(name).png").starts(with: png))
      #expect(try figure.write(to: stem, format: .svg) == .drawn(path: stem + ".svg"))
      #expect(try folder.text("\(name).svg").contains("<svg"))
      #expect(try folder.text("\(name).csv") == figure.csv)
    }
    #expect(try folder.names().allSatisfy { !$0.hasPrefix(".") })
  }

  @Test(.enabled(if: GnuPlot.installed != nil))
  func `numbers that cannot be drawn are left out`() throws {
    let points: [(x: Double, y: Double)] = [(1, .nan), (2, .infinity), (3, -1), (4, 0.5)]
    for (name, points) in [("some", points), ("none", []), ("nan", [(1, .nan)]), ("one", [(1, 0.5)])] {
      for isLogarithmic in [false, true] {
        let chart = LineChart(
          title: name, xLabel: "epoch", yLabel: "loss", hasLogarithmicY: isLogarithmic,
          series: [.init(name: name, points: points, colour: 0)])
        let stem = folder.path + "/" + name
        #expect(try chart.write(to: stem) == .drawn(path: stem + ".png"))
      }
    }
  }

  @Test(
    .enabled(if: GnuPlot.installed != nil),
    arguments: [
      [1.79e308, 1], [1.79e308, .leastNonzeroMagnitude], [.leastNonzeroMagnitude, 2 * .leastNonzeroMagnitude],
      [1e300, 1e-300], [1e-7, 1.15e-7], [9e15, 9.1e15],
    ])
  func `numbers of any size are drawn or left out`(values: [Double]) throws {
    for isLogarithmic in [false, true] {
      for places in [[1, 2], values] {
        let points = zip(places, values).map { (x: $0, y: $1) }
        let chart = LineChart(
          title: "t", xLabel: "x", yLabel: "y", hasLogarithmicY: isLogarithmic,
          series: [
            .init(name: "a", points: points, colour: 0, stroke: .solid, band: points.map { ($0.x, $0.y, $0.y) })
          ])
        let outcome = try chart.write(to: folder.path + "/any")
        #expect(outcome == .drawn(path: folder.path + "/any.png"), "\(values) at \(places): \(outcome)")
      }
    }
  }

  /// A title that would be a command of gnuplot's after the end of its line.
  @Test(.enabled(if: GnuPlot.installed != nil), arguments: ["\r\n", "\u{0}\n", "'\n", "'';"])
  func `texts are no commands`(end: String) throws {
    let text = "a" + end + "system 'touch \(folder.path)/made'" + end
    var chart = curves
    (chart.title, chart.xLabel, chart.series[0].name) = (text, text, text)
    _ = try chart.write(to: folder.path + "/text")
    #expect(try folder.names().sorted() == ["text.csv", "text.png"])
  }

  /// Neither files that gnuplot reads by itself nor variables that it heeds change a figure.
  @Test(.enabled(if: GnuPlot.installed != nil))
  func `the user's own settings of gnuplot change nothing`() throws {
    let plain = try #require(GnuPlot.installed).png(of: curves)
    try "set datafile separator ','\nset title 'mine'\n".write(
      toFile: folder.path + "/.gnuplot", atomically: false, encoding: .utf8)
    let program = try script("exec env HOME='\(folder.path)' \(GnuPlot.installed!.executable) \"$@\"")
    #expect(try program.png(of: curves) == plain)
  }

  /// A program that stands for gnuplot.
  private func script(_ text: String, limit: Duration = .seconds(60)) throws -> GnuPlot {
    let path = folder.path + "/gnuplot"
    // No child that another test starts meanwhile may hold it open, which keeps it from being run.
    try AtomicFile.write("#!/bin/sh\n\(text)\n", to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return GnuPlot(executable: path, limit: limit)
  }

  private func reason(_ gnuplot: GnuPlot) throws -> String? {
    guard case .csvOnly(_, let reason) = try curves.write(to: folder.path + "/plain", gnuplot: gnuplot) else {
      return nil
    }
    return reason
  }

  @Test func `a gnuplot that hangs is ended with all that it started, and not tried again`() throws {
    let gnuplot = try script("sleep 60 & echo $! > '\(folder.path)/child'; sleep 60", limit: .milliseconds(300))
    let start = ContinuousClock.now
    let first = try reason(gnuplot)
    #expect(first == "gnuplot did not end within 0 seconds, so figures are CSV only.")
    #expect(try reason(gnuplot) == first)
    #expect(ContinuousClock.now - start < .seconds(20))
    let child = try #require(pid_t(folder.text("child").trimmingCharacters(in: .whitespacesAndNewlines)))
    // Whoever adopts the child may take a moment to see to its end.
    for _ in 0..<100 where kill(child, 0) == 0 { usleep(20_000) }
    let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? " Z "
    #expect(state.contains(" Z "))
  }

  @Test(arguments: [
    ("exit 3", "gnuplot failed, so a figure is CSV only: status 3"),
    ("kill -9 $$", "gnuplot failed, so a figure is CSV only: signal 9"),
    ("exec 0<&-; echo 'too late' >&2; exit 1", "gnuplot failed, so a figure is CSV only: too late"),
    ("cat > /dev/null", "gnuplot drew nothing, so a figure is CSV only."),
    ("exec 1>&- 2>&-; sleep 0.1; exit 0", "gnuplot drew nothing, so a figure is CSV only."),
  ])
  func `a gnuplot that draws nothing says why`(text: String, expected: String) throws {
    #expect(try reason(script(text)) == expected)
    #expect(try folder.names().sorted() == ["gnuplot", "plain.csv"])
  }

  @Test func `a gnuplot that cannot be started says why`() throws {
    #expect(
      try reason(GnuPlot(executable: "/nonexistent"))
        == "/nonexistent cannot be started (No such file or directory), so figures are CSV only.")
  }

  @Test func `pictures of any length come whole, while the script is still written`() throws {
    // More than streams hold on their way, both ways at once.
    let gnuplot = try script("head -c 3000000 /dev/zero; cat")
    var chart = curves
    chart.title = String(repeating: "x", count: 1_000_000)
    let picture = try gnuplot.png(of: chart)
    #expect(picture.count > 4_000_000 && picture.prefix(3_000_000).allSatisfy { $0 == 0 })
  }

  @Test func `without gnuplot there is the CSV and a line`() throws {
    let stem = folder.path + "/plain"
    let outcome = try curves.write(to: stem, gnuplot: nil)
    guard case .csvOnly(let path, let reason) = outcome else { Issue.record("\(outcome)"); return }
    #expect(path == stem + ".csv")
    #expect(reason == "gnuplot is not installed, so figures are CSV only (Debian: gnuplot-nox).")
    #expect(try folder.text("plain.csv") == curves.csv)
    for program in ["/bin/false", "/bin/true", "/nonexistent"] {
      let outcome = try curves.write(to: stem, gnuplot: GnuPlot(executable: program))
      guard case .csvOnly = outcome else { Issue.record("\(program): \(outcome)"); return }
    }
  }

  @Test func `what a failing gnuplot says last is the reason, however much it says`() throws {
    let gnuplot = try script("head -c 3000000 /dev/zero | tr '\\0' '\\n' >&2\necho '  no such terminal' >&2\nexit 1")
    #expect(try reason(gnuplot) == "gnuplot failed, so a figure is CSV only: no such terminal")
    #expect(try folder.names().sorted() == ["gnuplot", "plain.csv"])
  }

  /// A mean with its band, and two thin curves behind it.
  private var spread: LineChart {
    let points = (1...6).map { (x: Double($0), y: 1 / Double($0)) }
    func moved(_ factor: Double) -> [(x: Double, y: Double)] { points.map { ($0.x, $0.y * factor) } }
    return LineChart(
      title: "three seeds", xLabel: "epoch", yLabel: "loss", hasLogarithmicY: true,
      series: [
        .init(name: "seed 0", points: moved(0.8), colour: 0, stroke: .thin),
        .init(name: "seed 1", points: moved(1.3), colour: 0, stroke: .thin),
        .init(name: "while training", points: moved(1.5), colour: 1, stroke: .dotted),
        .init(
          name: "mean", points: points, colour: 0, stroke: .solid,
          band: points.map { ($0.x, $0.y * 0.8, $0.x == 3 ? .nan : $0.y * 1.3) }),
      ])
  }

  @Test(.enabled(if: GnuPlot.installed != nil))
  func `bands and thin lines are drawn, and only whole curves are in the key`() throws {
    let stem = folder.path + "/spread"
    #expect(try spread.write(to: stem) == .drawn(path: stem + ".png"))
    let script = spread.script
    #expect(script.contains("with filledcurves") && !script.contains("nan"))
    #expect(script.components(separatedBy: "notitle").count == 1 + 3)
    #expect(script.contains("title 'mean'") && !script.contains("title 'seed 0'"))
    let picture = try #require(GnuPlot.installed).png(of: spread)
    #expect(picture == (try folder.bytes("spread.png")))
  }

  @Test func `CSV has the ends of bands where there are any`() throws {
    #expect(spread.csv.hasPrefix("series,epoch,loss,least,largest\nseed 0,1,0.8,,\n"))
    #expect(spread.csv.contains("\nmean,2,0.5,0.4,0.65\n"))
  }

  @Test func `CSV holds the numbers`() throws {
    let chart = LineChart(
      title: "t", xLabel: "epoch", yLabel: "loss",
      series: [.init(name: "a, \"b\"", points: [(1, 0.5), (2, 0.25)], colour: 0)])
    #expect(chart.csv == "series,epoch,loss\n\"a, \"\"b\"\"\",1,0.5\n\"a, \"\"b\"\"\",2,0.25\n")
    let matrix = ConfusionChart(title: "t", classNames: ["x", "y"], counts: [[3, 1], [0, 0]])
    #expect(matrix.csv == "true \\ predicted,x,y\nx,3,1\ny,0,0\n")
    #expect(matrix.shares == [[0.75, 0.25], [0, 0]])
    let images = ImageGrid(
      title: "t", height: 1, width: 2, columnNames: ["c"], rows: [.init(name: "r", images: [[0, 0.5]])])
    #expect(images.csv == "row,column,pixel0,pixel1\nr,c,0.0,0.5\n")
  }

  @Test func `names in CSV are one line without control characters`() {
    #expect(CSV.line(["a\u{1b}[31m\r\nb", "c"]) == #"a\u{1b}[31m\r\nb,c"# + "\n")
  }

  @Test func `a folder that is not there is an error`() throws {
    #expect(throws: OutputError.self) { try curves.write(to: "/nonexistent/folder/curves") }
  }
}
