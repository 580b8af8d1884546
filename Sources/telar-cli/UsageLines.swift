import Foundation

/// Help with its usage folded between arguments. The parser leaves it in one line, which a terminal breaks in mid-word.
enum UsageLines {
  private static let heading = "USAGE: "

  /// - Parameter columns: the width of the terminal.
  static func folded(_ help: String, columns: Int = Self.columns) -> String {
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix(heading) && line.count > columns ? folded(line, columns) : String(line)
    }
    return lines.joined(separator: "\n")
  }

  private static func folded(_ line: Substring, _ columns: Int) -> String {
    var (lines, current) = ([String](), "")
    for argument in arguments(of: line) {
      if current.isEmpty {
        current = argument
      } else if current.count + 1 + argument.count > columns {
        lines.append(current)
        current = String(repeating: " ", count: heading.count) + argument
      } else {
        current += " " + argument
      }
    }
    return (lines + [current]).joined(separator: "\n")
  }

  /// The words of a line, but what is in brackets, an option with its value, and a name with its dots are one.
  private static func arguments(of line: Substring) -> [String] {
    var (arguments, depth) = ([String](), 0)
    for word in line.split(separator: " ") {
      let isValue = word.hasPrefix("<") && arguments.last?.hasPrefix("--") == true
      if depth > 0 || isValue || word == "..." {
        arguments[arguments.count - 1] += " " + word
      } else {
        arguments.append(String(word))
      }
      depth += word.count { $0 == "[" } - word.count { $0 == "]" }
    }
    return arguments
  }

  /// The width that the parser folds the rest of help for.
  private static var columns: Int {
    if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init), columns > 0 { return columns }
    var size = winsize()
    return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}
