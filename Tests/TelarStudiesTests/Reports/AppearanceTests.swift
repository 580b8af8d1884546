import Foundation
import TelarStudies
import Testing

/// Colours and drawings.
@Suite struct AppearanceTests {
  @Test func `text on every cell of a matrix can be read`() {
    for isDark in [false, true] {
      for end in HeatScale.End.allCases {
        for step in 0...HeatScale.steps {
          let cell = HeatScale.colour(end, step: step, isDark: isDark)
          let text: HeatScale.Colour = HeatScale.hasWhiteText(cell) ? (255, 255, 255) : (0, 0, 0)
          #expect(HeatScale.contrast(text, cell) >= 4.5, "\(end) \(step)")
        }
      }
    }
    // Black on white is 21 : 1.
    #expect(abs(HeatScale.contrast((0, 0, 0), (255, 255, 255)) - 21) < 1e-9)
  }

  @Test func `steps of a matrix grow with its shares`() {
    #expect(HeatScale.style(share: 0) == "h0")
    #expect(HeatScale.style(share: 1) == "h20")
    #expect(HeatScale.style(share: 0.51) == "h11")
    #expect(HeatScale.style(difference: -0.25) == "n20")
    #expect(HeatScale.style(difference: 0.0049) == "h0")
    #expect(HeatScale.style(difference: 0.02) == "h2")
    for value in [Double.nan, .infinity, -1e300] {
      #expect(["h0", "h20", "n20"].contains(HeatScale.style(difference: value)))
      #expect(["h0", "h20"].contains(HeatScale.style(share: value)))
    }
  }

  /// The colours that the page's style gives names, for light or dark.
  private func colours(isDark: Bool) throws -> [String: HeatScale.Colour] {
    let roots = Page.style.components(separatedBy: ":root {").dropFirst()
    let block = try #require(roots.dropFirst(isDark ? 1 : 0).first).prefix { $0 != "}" }
    var colours: [String: HeatScale.Colour] = [:]
    for match in block.matches(of: /--([a-z0-9-]+): #([0-9a-f]{6})/) {
      let number = try #require(Int(match.2, radix: 16))
      colours[String(match.1)] = (Double(number >> 16), Double(number >> 8 & 255), Double(number & 255))
    }
    return colours
  }

  @Test(arguments: [false, true])
  func `texts and lines stand out from the page`(isDark: Bool) throws {
    let colours = try colours(isDark: isDark)
    let page = try #require(colours["page"])
    let panel = try #require(colours["panel"])
    for name in ["ink", "soft", "link", "held", "not-held", "open"] {
      let colour = try #require(colours[name])
      #expect(HeatScale.contrast(colour, page) >= 4.5, "\(name)")
      #expect(HeatScale.contrast(colour, panel) >= 4.5, "\(name)")
    }
    for number in 0..<8 {
      #expect(HeatScale.contrast(try #require(colours["c\(number)"]), page) >= 3, "c\(number)")
    }
    // The page of the matrices' colours is the page's own.
    #expect(HeatScale.contrast(page, HeatScale.colour(.more, step: 0, isDark: isDark)) < 1.001)
  }

  private func chart(_ points: [(x: Double, y: Double)], isLogarithmic: Bool = false) -> LineChart {
    LineChart(
      title: "t & <t>", xLabel: "epoch", yLabel: "loss", hasLogarithmicY: isLogarithmic,
      series: [.init(name: "a", points: points, colour: 0)])
  }

  @Test(arguments: [false, true])
  func `curves of any numbers make a drawing that is well-formed`(isLogarithmic: Bool) {
    let curves: [[(x: Double, y: Double)]] = [
      [], [(1, 0.5)], [(1, .nan), (2, .infinity)], [(1, 1e308), (2, -1e308), (3, 0)], [(1, 0.5), (2, 0.5)],
      [(1, 1e29), (2, 1e-29)], [(1, .leastNonzeroMagnitude)], [(-1e11, 1), (1e11, 2)],
      (1...5000).map { (Double($0), 1 / Double($0)) },
      [(64, 0.1), (128, 0.09)], [(.infinity, 1)],
    ]
    for points in curves {
      let drawing = SVGChart(chart(points, isLogarithmic: isLogarithmic)).markup(description: "d & d")
      let parsed = Parsed(drawing)
      #expect(parsed.problem == nil)
      #expect(parsed.text.contains("t & <t>") && parsed.text.contains("d & d"))
      #expect(!drawing.contains("nan") && !drawing.contains("inf"))
      #expect(drawing.utf8.count < 30_000)
    }
  }

  @Test func `a curve is where its numbers are`() throws {
    let drawing = SVGChart(chart([(1, 0), (2, 1), (3, 0.5)])).markup(description: "")
    let path = try #require(drawing.firstMatch(of: /class="line solid c0" d="M([^"]*)"/)).1
    let points = path.split(separator: "L").map { $0.split(separator: " ").compactMap { Double($0) } }
    #expect(points.count == 3)
    #expect(abs(points[1][0] - (points[0][0] + points[2][0]) / 2) <= 0.1)
    #expect(abs(points[2][1] - (points[0][1] + points[1][1]) / 2) <= 0.1)
    // Upwards is towards zero in a drawing.
    #expect(points[1][1] < points[0][1])
    // On a logarithmic axis the middle is the geometric mean.
    let logarithmic = SVGChart(chart([(1, 0.01), (2, 1), (3, 0.1)], isLogarithmic: true)).markup(description: "")
    let second = try #require(logarithmic.firstMatch(of: /class="line solid c0" d="M([^"]*)"/)).1
    let heights = second.split(separator: "L").compactMap { Double($0.split(separator: " ")[1]) }
    #expect(abs(heights[2] - (heights[0] + heights[1]) / 2) <= 0.1)
  }

  @Test func `a diverged curve does not flatten the others, and says so`() throws {
    func drawing(_ values: [[Double]]) -> String {
      let series = values.enumerated().map { index, values in
        LineChart.Series(
          name: "s\(index)", points: values.enumerated().map { (Double($0 + 1), $1) }, colour: index)
      }
      return SVGChart(LineChart(title: "t", xLabel: "epoch", yLabel: "loss", series: series)).markup(description: "")
    }
    func heights(_ drawing: String) throws -> [Double] {
      let path = try #require(drawing.firstMatch(of: /class="line solid c0" d="M([^"]*)"/)).1
      return path.split(separator: "L").compactMap { Double($0.split(separator: " ")[1]) }
    }
    let sound = (1...20).map { 2 / Double($0) }
    let alone = try heights(drawing([sound, sound]))
    let beside = drawing([sound, sound, sound.map { _ in 1e6 }])
    #expect(try zip(alone, heights(beside)).allSatisfy { abs($0 - $1) < 15 })
    #expect(beside.contains("↑ values up to 1e+06") && !drawing([sound, sound]).contains("↑"))
    #expect(RobustLimit.of([]) == .infinity && RobustLimit.of([[0, 0], [0]]) == .infinity)
  }

  @Test func `nine curves have nine looks`() {
    let looks = (0..<9).map { index in
      ChartSymbol.markup(index, style: "c\(index % 8)", x: 0, y: 0, title: "").prefix { $0 != ">" }
    }
    #expect(Set(looks.prefix(8)).count == 8)
    #expect(ChartSymbol.markup(nil, style: "c0", x: 1, y: 2, title: "a & b").contains("<title>a &amp; b</title>"))
  }

  @Test func `text of files is one line without what is not seen`() {
    #expect(Text.shown("a\nb\u{0}c\u{202e}d\u{7f}") == "a b c\u{fffd}d ")
    #expect(Text.shown("Ñandú — 漢字 🎉") == "Ñandú — 漢字 🎉")
    #expect(Text.shown(String(repeating: "x", count: 1000)).count == 601)
  }

  @Test func `slugs of different names differ`() {
    #expect(
      Text.slugs(of: ["a b", "a-b", "A b", "a-b-2", "a b"]) == [
        "a b": "a-b", "a-b": "a-b-2", "A b": "a-b-3", "a-b-2": "a-b-2-2",
      ])
    #expect(Text.slugs(of: ["..", "../x", "ñ"]) == ["..": "x--", "../x": "..-x", "ñ": "x-"])
  }

  @Test func `Markdown's own characters are only characters`() {
    #expect(
      View.markdown(##"a|b *c* _d_ `e` [f](g) <h> # ! \"##) == ##"a\|b \*c\* \_d\_ \`e\` \[f\](g) \<h\> \# \! \\"##)
  }
}
