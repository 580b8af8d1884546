import TelarIO
import Testing

@Suite("Text with its control characters shown")
struct VisibleTextTests {
  @Test(arguments: [
    ("\u{1b}[31mred", #"\u{1b}[31mred"#), ("a\nb\r\nc\td", #"a\nb\r\nc\td"#), ("\0\u{7}\u{7f}", #"\u{0}\u{7}\u{7f}"#),
    ("\u{9b}31m\u{85}", #"\u{9b}31m\u{85}"#), ("a\u{202e}b\u{2066}c\u{200f}", #"a\u{202e}b\u{2066}c\u{200f}"#),
    ("\u{2028}\u{2029}", #"\u{2028}\u{2029}"#),
  ])
  func `what a terminal would act on is escaped`(text: String, shown: String) { #expect(text.visible == shown) }

  @Test(arguments: ["", "Ñandú — 漢字 🎉 👩‍👩‍👧 عربي", "e\u{301}", #"back\slash"#, "a b"])
  func `other text stays as it is`(text: String) { #expect(text.visible == text) }
}
