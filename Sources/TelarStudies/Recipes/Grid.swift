import TelarIO

/// The variations of an experiment: all combinations of the values in its grid.
struct Grid {
  /// A setting and its values.
  struct Axis {
    /// The path of the setting: `["optimizer", "learning_rate"]`.
    let path: [String]
    let values: [TOMLNode]

    /// The setting's name in names and summaries.
    var label: String { Self.short[path.last!] ?? path.last!.replacingOccurrences(of: "_", with: "-") }

    /// The variable that the axis sets; `nil` for any other setting.
    var variable: String? { path.first == "variables" && path.count == 2 ? path[1] : nil }

    private static let short = ["learning_rate": "lr", "batch_size": "batch", "weight_decay": "decay"]
  }

  /// A combination of values.
  struct Point {
    /// The index of the value on each axis.
    let choices: [(axis: Axis, index: Int)]

    /// The settings as a table that is merged into the experiment's.
    let settings: TOMLNode

    /// The suffix of the experiment's name: `-lr-1e-3-batch-50`.
    ///
    /// - Parameter isNamed: whether the name contains the axis' value already.
    func suffix(without isNamed: (Axis) -> Bool) -> String {
      choices.filter { !isNamed($0.axis) }.map { "-\($0.axis.label)-\(Self.name($0))" }.joined()
    }

    /// The combination in words: `lr 1e-3, batch 50`.
    var summary: String { choices.map { "\($0.axis.label) \(Self.name($0))" }.joined(separator: ", ") }

    /// A value within a name: its digits or text; for a table those of its members; otherwise its index in the list,
    /// from 1.
    private static func name(_ choice: (axis: Axis, index: Int)) -> String {
      let value = choice.axis.values[choice.index]
      var text = value.label ?? ""
      if case .table(let members) = value.value {
        text = members.compactMap(\.value.label).joined(separator: "-")
      }
      let fit = String(text.lowercased().map { Name.isFit($0) ? $0 : "-" })
      return fit.isEmpty ? String(choice.index + 1) : fit
    }
  }

  let axes: [Axis]
  private let node: TOMLNode

  /// The most combinations of a grid.
  static let maximumCount = 1000

  init(_ node: TOMLNode) throws(RecipeError) {
    self.node = node
    guard case .table = node.value else {
      throw node.error("must be a table of settings with lists of values, as in grid.batch_size = [50, 100]")
    }
    var axes: [Axis] = []
    try Self.collect(&axes, node, [])
    var count = 1
    for axis in axes {
      count *= axis.values.count
      guard count <= Self.maximumCount else {
        throw node.error("there are more than \(Self.maximumCount) combinations")
      }
    }
    if axes.isEmpty { throw node.error("lists no setting with values to try, as in batch_size = [50, 100]") }
    self.axes = axes
  }

  private static func collect(_ axes: inout [Axis], _ node: TOMLNode, _ path: [String]) throws(RecipeError) {
    switch node.value {
    case .table(let members):
      for (name, member) in members { try collect(&axes, member, path + [name]) }
    case .array(let values):
      guard !["name", "summary", "grid"].contains(path[0]) else { throw node.error("\(path[0]) cannot be varied") }
      if values.isEmpty { throw node.error("lists no values") }
      axes.append(Axis(path: path, values: values))
    default: throw node.error("must be a list of the values to try, not \(node.shown)")
    }
  }

  /// All combinations; the last axis changes fastest.
  var points: [Point] {
    var combinations: [[Int]] = [[]]
    for axis in axes { combinations = combinations.flatMap { chosen in axis.values.indices.map { chosen + [$0] } } }
    return combinations.map { combination in
      let choices = Array(zip(axes, combination)).map { (axis: $0, index: $1) }
      var settings = TOMLNode(.table([:]), path: node.path, line: node.line)
      for (axis, index) in choices { settings.set(axis.values[index], at: axis.path[...]) }
      return Point(choices: choices, settings: settings)
    }
  }
}

extension TOMLNode {
  /// Sets a nested member of a table.
  fileprivate mutating func set(_ value: TOMLNode, at path: ArraySlice<String>) {
    guard let name = path.first else {
      self = value
      return
    }
    var members: OrderedMembers<TOMLNode> = [:]
    if case .table(let present) = self.value { members = present }
    var member = members[name] ?? TOMLNode(.table([:]), path: value.path, line: value.line)
    member.set(value, at: path.dropFirst())
    members[name] = member
    self.value = .table(members)
  }
}
