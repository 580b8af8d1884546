/// The arguments of the command, before they are parsed.
enum Arguments {
  /// Joins a negative number to the option before it: of `--epochs -1` the parser sees `--epochs=-1`, and so a value that
  /// is checked like others. Alone it would be taken for an option, and the value of `--epochs` for missing.
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
