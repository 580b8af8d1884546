/// The command's arguments before parsing.
enum Arguments {
  /// Joins a negative number to the option before it: `--epochs -1` becomes `--epochs=-1`, whose value is then checked
  /// like any other. The parser would take it for an option, and report a missing value.
  static func withAttachedNumbers(_ arguments: some Sequence<String>) -> [String] {
    arguments.reduce(into: []) { joined, argument in
      if let option = joined.last, option.hasPrefix("--"), option.count > 2, !option.contains("="), isNegative(argument)
      {
        joined[joined.count - 1] += "=" + argument
      } else {
        joined.append(argument)
      }
    }
  }

  private static func isNegative(_ argument: String) -> Bool {
    argument.hasPrefix("-") && Double(argument) != nil
  }
}
