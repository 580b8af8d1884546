import TelarIO
import Testing

@Suite struct SpellingTests {
  private static let optimizers = ["Adam", "AdamW", "RMSprop", "SGD"]

  @Test(arguments: [
    ("adam", "Adam"), ("Adm", "Adam"), ("rmsprob", "RMSprop"), ("RM", "RMSprop"), ("sdg", "SGD"), ("momentum", nil),
    ("", nil),
  ])
  func `the nearest name is found`(name: String, near: String?) {
    #expect(Spelling.nearest(to: name, among: Self.optimizers) == near)
  }

  @Test func `a beginning stands for the only name that has it`() {
    #expect(Spelling.nearest(to: "expo", among: ["exponential", "one-cycle"]) == "exponential")
    #expect(Spelling.nearest(to: "expo", among: ["exponential", "exposition"]) == nil)
    #expect(Spelling.nearest(to: "e", among: ["exponential"]) == nil)
  }

  @Test func `messages ask and list`() {
    #expect(
      Spelling.advice("Adm", among: Self.optimizers) == " Did you mean Adam? There are: Adam, AdamW, RMSprop, SGD.")
    #expect(Spelling.advice("momentum", among: Self.optimizers) == " There are: Adam, AdamW, RMSprop, SGD.")
    #expect(
      Spelling.advice("lr", among: ["learning_rate"], guess: "learning_rate").hasPrefix(" Did you mean learning_rate?"))
    #expect(Spelling.advice("a", among: []) == "")
    #expect(Spelling.remark("sdg", among: Self.optimizers) { "<\($0)>" } == ". Did you mean <SGD>?")
    #expect(Spelling.remark("momentum", among: Self.optimizers) == "")
  }

  /// A name from a file may be of any length.
  @Test func `long names and long lists cost little`() {
    let long = String(repeating: "x", count: 1 << 20)
    #expect(Spelling.nearest(to: long, among: [long + "y", "x"]) == nil)
    #expect(Spelling.nearest(to: "x1", among: [long, "x2"]) == "x2")
    let advice = Spelling.advice("-", among: (0..<1000).map { "experiment-\($0)" })
    #expect(advice.hasSuffix("experiment-49, …."))
  }
}
