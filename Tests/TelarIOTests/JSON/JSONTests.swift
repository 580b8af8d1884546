import TelarIO
import Testing

@Suite struct JSONTests {
  @Test(arguments: [
    #"{"b":[1,-2.5,true,false,null,"x"],"a":{}}"#, "[]", "0", "-7", #""\"\\\n\r\t\u0001é🧵""#,
  ])
  func whatIsParsedIsWrittenAlike(text: String) throws {
    #expect(try JSON(parsing: text).text == text)
  }

  @Test func whatTerminalsActOnIsEscaped() throws {
    let text = "\u{7f}\u{9b}\u{202e}\u{2028}\u{85}"
    #expect(JSON.string(text).text == #""\u007f\u009b\u202e\u2028\u0085""#)
    #expect(try JSON(parsing: JSON.string(text).text) == .string(text))
  }

  @Test func escapesAndSpaceAreUnderstood() throws {
    let json = try JSON(parsing: #" { "a" : "\u00e9\ud83e\uddf5\/\b\f" , "n" : [ 1e3 , 1E-05 ] } "#)
    #expect(
      json
        == .object(["a": .string("é🧵/\u{8}\u{c}"), "n": .array([.number(1000), .number(1e-5)])]))
  }

  @Test(arguments: [
    "", " ", "{", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":1,}", "{a:1}", "{\"a\":1,\"a\":2}", "01", "-", "1.", "1e", ".5",
    "+1",
    "nul", "truex", "NaN", "Infinity", "-Infinity", "1e999", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\\u0041\"",
    "\"\u{1}\"", "[] []",
  ])
  func whatIsNotJSONIsRefused(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: text) }
  }

  @Test func membersKeepTheirOrder() {
    var members: OrderedMembers<Int> = ["z": 1, "a": 2, "m": 3]
    members["a"] = 5
    members["z"] = nil
    members["z"] = 7
    #expect(members.keys == ["a", "m", "z"])
    #expect(members["m"] == 3 && members["q"] == nil)
  }
}
