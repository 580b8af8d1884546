import TelarStudies
import Testing

@Suite("TOML with its lines")
struct TOMLOutlineTests {
  /// A document with every form that values, keys and tables have.
  static let document = #"""
    # a comment
    name = "x\t\"y\"\u00e9" # behind a value
    'literal key' = 'C:\x'
    "quoted \"key\"" = 1
    long = """
    one "two" ""three""
    four\
        five"""
    raw = '''
    it's # no comment
    '''
    ends = """"quoted""""
    numbers = [15, -1, +2, 0, 1_000, 0xff, 0o17, 0b101, 1.5, -1e-3, 2E+4, 6.02_3]
    flags = [true, false]
    empty = []
    nothing = {}
    list = [
      1, # one

      [2, 3,],
      { a = 1, b.c = "}" },
    ]
    dotted . "key".third = 3
    [table]
    a = 1
    [table.within."it"]
    b = 2
    [[array]]
    c = 1
    [array.own]
    d = 1
    [[array]]
    [[array.of.arrays]]
    e = 1
    [[array.of.arrays]]
    f = 1
    [last]
    """#

  private func nodes(_ node: TOMLNode) -> [TOMLNode] {
    switch node.value {
    case .table(let members): [node] + members.flatMap { nodes($0.value) }
    case .array(let elements): [node] + elements.flatMap(nodes)
    default: [node]
    }
  }

  @Test(arguments: ["\n", "\r\n"])
  func `every value knows its line`(newline: String) throws {
    let text = Self.document.replacing("\n", with: newline)
    let root = try TOMLNode(parsing: text)
    let lines = nodes(root).reduce(into: [:]) { $0[$1.path] = $1.line }
    #expect(nodes(root).count == 55)
    #expect(nodes(root).dropFirst().filter { $0.line == nil }.map(\.path) == [])
    let expected = [
      "name": 2, #""literal key""#: 3, #""quoted \"key\"""#: 4, "long": 5, "raw": 9, "ends": 12,
      "numbers[11]": 13, "list": 17, "list[0]": 18, "list[1][1]": 20, "list[2].b.c": 21, "dotted.key.third": 23,
      "table": 24, "table.within.it": 26, "array[0].own.d": 31, "array[1]": 32, "array[1].of.arrays[1].f": 36,
      "last": 37,
    ]
    for (path, line) in expected { #expect(lines[path] == line, "\(path)") }
  }

  @Test(arguments: ["\n", "\r\n"])
  func `values are TOML's, and stand in the order of the text`(newline: String) throws {
    let root = try TOMLNode(parsing: Self.document.replacing("\n", with: newline))
    guard case .object(let members) = root.json else {
      Issue.record("the document is no table")
      return
    }
    #expect(
      members.keys == [
        "name", "literal key", "quoted \"key\"", "long", "raw", "ends", "numbers", "flags", "empty", "nothing", "list",
        "dotted", "table", "array", "last",
      ])
    #expect(members["name"]?.text == #""x\t\"y\"é""#)
    #expect(members["long"] == .string("one \"two\" \"\"three\"\"\nfourfive"))
    #expect(members["raw"] == .string("it's # no comment\n"))
    #expect(members["ends"] == .string("\"quoted\""))
    #expect(members["numbers"]?.text == "[15,-1,2,0,1000,255,15,5,1.5,-0.001,20000.0,6.023]")
    #expect(members["list"]?.text == #"[1,[2,3],{"a":1,"b":{"c":"}"}}]"#)
    #expect(members["array"]?.text == #"[{"c":1,"own":{"d":1}},{"of":{"arrays":[{"e":1},{"f":1}]}}]"#)
    #expect(try TOMLNode(parsing: "\u{feff}b = 1\na = 2").json.text == #"{"b":1,"a":2}"#)
    #expect(try TOMLNode(parsing: "").json.text == "{}")
  }

  /// Errors of the outline, and of the parser that reads the values.
  @Test(arguments: [
    ("a = 1\n\nb = text\n", 3), ("a = 1\n# x\nb = [1,\n\n  oops]", 5), ("t = '''\none\n'''\na = \"x\nb = 1", 4),
    ("a = 1\n\n\na = 2\n", 4), ("t = \"\"\"\none\\\n  two\"\"\"\na = \"\\q\"\n", 4),
  ])
  func `an error has its line, however lines end`(text: String, line: Int) throws {
    for newline in ["\n", "\r\n"] {
      let error = #expect(throws: RecipeError.self) {
        try TOMLNode(parsing: text.replacing("\n", with: newline))
      }
      #expect(error?.line == line, "\(newline.utf8.count) bytes: \(error as Any)")
    }
  }

  /// The first four make the parser of values abort, were they not stopped before.
  @Test(
    arguments: [
      ("[}", 1, #"a setting's name is expected, not "}""#),
      ("\na = [ }", 2, #"a value is expected, not "}""#),
      ("a = 2024-01-02T0:11:12", 1, #""2024-01-02T0:11:12" is no number, true or false"#),
      ("= 3", 1, #"a setting's name is expected, not "=""#),
      ("a = 10:00:00", 1, "is no number"), ("a = inf", 1, "is no number"), ("a = nan", 1, "is no number"),
      ("a = 1\nb = text", 2, #""text" is no number, true or false; text stands in quotes: "text""#),
      ("a = True", 1, "True is written true"), ("a = .5", 1, "is no number"), ("a = 1.", 1, "is no number"),
      ("a = 1e", 1, "is no number"), ("a = 0x", 1, "is no number"), ("a = 01", 1, "zero"),
      ("a = \"x", 1, "has no closing quote"), ("a = 'x\nb = 'y'", 1, "has no closing quote"),
      ("a = \"\"\"x\n\n", 1, "has no closing quote"), ("a = \"\\q\"", 1, "escape"),
      ("a = \"\\u0000\"", 1, "no zero character"), ("a = \"x\u{0}\"", nil, "zero bytes"),
      ("a = { b = 1,\n c = 2 }", 1, "must stay on one line"), ("a = {\n b = 1 }", 1, "must stay on one line"),
      ("a = { b = 1, }", 1, "a setting's name is expected"), ("a = { b = 1 c = 2 }", 1, "a comma or } is expected"),
      ("a = [1 2]", 1, "a comma or ] is expected"), ("a = [1,\n", 2, "but the recipe ends"),
      ("a = 1 b = 2", 1, #"the line should end here, not "b""#), ("a\n", 1, "= is expected, but the line ends"),
      ("a = \n", 1, "a value is expected, but the line ends"), ("[a", 1, "] is expected, but the recipe ends"),
      ("[a]]", 1, "the line should end here"), ("[[a]", 1, "] is expected"), ("[]", 1, "a setting's name is expected"),
      ("a.=1", 1, "a setting's name is expected"), ("é = 1", 1, #"a setting's name is expected, not "é""#),
      ("a = 1\na = 2", 2, "cannot redefine existing integer 'a'"), ("a = 1\n[a]", 2, "cannot"),
      ("[x]\n[[x]]", 2, "each of several stands under double brackets"),
      ("a = 99999999999999999999", 1, "not representable in 64 bits"),
      ("a = 1 # \u{1}", 1, "a control character stands in a comment"), ("a = \"\u{1}\"", 1, "control character"),
      ("a = " + String(repeating: "[", count: 100_000), 1, "nest deeper than 24"),
      ("a = " + String(repeating: "{a=", count: 100_000), 1, "nest deeper than 24"),
      ("a" + String(repeating: ".a", count: 100_000) + "=1", 1, "nest deeper than 24"),
      ("[" + String(repeating: "a.", count: 100_000) + "a]", 1, "nest deeper than 24"),
    ] as [(String, Int?, String)])
  func `what is no TOML is refused with its line`(text: String, line: Int?, problem: String) {
    let error = #expect(throws: RecipeError.self) { _ = try TOMLNode(parsing: text) }
    #expect(error?.line == line)
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
  }
}
