import TelarStudies
import TestSupport
import Testing

/// Mutations of a valid recipe, which must be read or refused.
@Suite("Mutated recipes")
struct RecipeMutationTests {
  /// Bytes and whole words that change the sense of a recipe, or spoil it.
  private static let junk = [
    "[", "]", "{", "}", "\"", "'", "=", ".", ",", "\n", "#", "\\", "\\u0000", "0", "-", "+", ":", "T", "_", " ",
    "\u{7f}",
    "é", "\"\"\"", "'''", "1e400", "-1", "99999999999999999999", "16777216", "0.5", "true", "false", "[]", "{}", "$n",
    "$",
    "\"$n\"", "[[", "]]", "inf", "2024-01-02T0:11:12", "\u{0}", "\r",
  ]

  @Test(arguments: 0..<3)
  func `no change of a good recipe makes it crash`(seed: UInt64) {
    let good = Array(RecipeErrorTests.example.utf8)
    var generator = SeededGenerator(seed: seed)
    var refused = 0
    for _ in 0..<150 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        let end = min(bytes.count, place + Int.random(in: 0...12, using: &generator))
        let new = Array(Self.junk.randomElement(using: &generator)!.utf8)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes.replaceSubrange(place..<end, with: new)
        case 1: bytes.insert(contentsOf: new, at: place)
        case 2: bytes.removeSubrange(place..<end)
        default:
          bytes.insert(
            contentsOf: good[Int.random(in: 0..<good.count - 40, using: &generator)...].prefix(40), at: place)
        }
      }
      if RecipeErrorTests.refusal(String(decoding: bytes, as: UTF8.self)) != nil { refused += 1 }
    }
    #expect(refused > 50)
  }

  /// Values that are well-formed TOML, and settings in places where they do not belong.
  private static let values = [
    "0", "-1", "1.5", "1e300", "9223372036854775807", "16777216", "true", "false", "\"\"", "\"x\"", "\"$n\"", "\"$$\"",
    "\"encoder\"", "\"ae-8\"", "[]", "{}", "[[]]", "[8]", "[8, [8]]", "[\"encoder\", \"encoder\"]",
    "{ name = \"SGD\" }",
    "{ layer = \"Dropout\" }", "[{ layer = \"Flatten\" }]", "{ experiment = \"ae-8\" }", "{ n = 8 }", "[-1, 0]",
    "[28, 28]",
  ]
  private static let settings = [
    "name", "parts", "layers", "network", "experiments", "networks", "defaults", "grid", "variables",
    "grid.variables.n",
    "grid.parts", "grid.pretraining", "pretraining", "optimizer", "optimizer.name", "schedule", "schedule.kind",
    "early_stopping", "normalization", "validation_images", "data", "charts", "seeds", "kernel_size", "padding",
    "stride",
    "dilation", "groups", "out_features", "unflattened_size", "only_when_needed", "batch_size", "epochs",
  ]

  @Test(arguments: 0..<3)
  func `no value in any place makes it crash`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let places = RecipeErrorTests.example
      .matches(of: /(?<setting>[a-z_.]+) = (?<value>"[^"]*"|[^,{}\[\]\n]+|\[[^\[\]\n]*\])/)
    var refused = 0
    for _ in 0..<150 {
      var text = RecipeErrorTests.example
      let chosen = Set(
        (0..<Int.random(in: 1...3, using: &generator)).map { _ in Int.random(in: 0..<places.count, using: &generator) })
      for index in chosen.sorted(by: >) {
        let value = Self.values.randomElement(using: &generator)!
        if Bool.random(using: &generator) {
          text.replaceSubrange(places[index].output.value.startIndex..<places[index].output.value.endIndex, with: value)
        } else {
          let setting = Self.settings.randomElement(using: &generator)!
          text.replaceSubrange(places[index].range, with: "\(setting) = \(value)")
        }
      }
      if RecipeErrorTests.refusal(text) != nil { refused += 1 }
    }
    #expect(refused > 50)
  }
}
