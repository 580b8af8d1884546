import TelarIO
import Testing

@Suite("Lines of text files")
struct TextLinesTests {
  private func texts(_ text: String) -> [String?] { TextLines(text).map(\.text) }

  @Test(arguments: ["a\nb\n\nc", "a\nb\n\nc\n", "a\r\nb\r\n\r\nc", "a\r\nb\r\n\r\nc\r\n", "a\r\nb\n\r\nc\n"])
  func `lines end with LF or CR LF, the last one perhaps with neither`(text: String) {
    #expect(texts(text) == ["a", "b", "", "c"])
    #expect(TextLines(text).map(\.number) == [1, 2, 3, 4])
  }

  @Test func `a byte order mark is no part of the first line`() {
    #expect(texts("\u{feff}a\r\n\u{feff}b") == ["a", "\u{feff}b"])
    #expect(texts("\u{feff}") == [])
    #expect(texts("") == [])
  }

  @Test func `a carriage return alone ends no line`() {
    #expect(texts("a\rb\nc\r") == ["a\rb", "c\r"])
    #expect(texts("\r\r\n") == ["\r"])
  }

  @Test func `a line that is not UTF-8 has no text, and the others have theirs`() {
    let lines = TextLines(Array("a\r\n".utf8) + [0xff, 0x0a] + Array("c".utf8))
    #expect(lines.map(\.text) == ["a", nil, "c"])
  }

  @Test func `a line of spaces and tabs is blank`() {
    #expect(TextLines(" \t\r\n\r\nx ").map(\.isBlank) == [true, true, false])
  }
}
