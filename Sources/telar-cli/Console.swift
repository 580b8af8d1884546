import Foundation

/// The two streams of the command: results on standard output, everything else on standard error.
enum Console {
  /// Whether standard error is a terminal that a line can be redrawn on.
  static let isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

  /// Whether colours are wanted on standard error: no-color.org.
  static let hasColour = isTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

  /// Whether only results and errors are shown.
  nonisolated(unsafe) static var isQuiet = false

  /// A line of result.
  static func result(_ line: String) {
    write(line + "\n", to: STDOUT_FILENO)
  }

  /// A line about what is going on.
  static func note(_ line: String) {
    if isQuiet { return }
    write(clearing + line + "\n", to: STDERR_FILENO)
  }

  /// The line at the bottom of a terminal, redrawn in place; nothing elsewhere.
  static func progress(_ line: String) {
    guard isTerminal, !isQuiet else { return }
    // Only the last row of a line that is folded could be cleared again.
    let line = String(line.prefix(max(1, columns - 1)))
    write("\r\u{1b}[2K" + (hasColour ? "\u{1b}[2m\(line)\u{1b}[0m" : line), to: STDERR_FILENO)
  }

  /// An error, with the program's name as is the custom.
  static func error(_ message: String) {
    write(clearing + "telar: \(message)\n", to: STDERR_FILENO)
  }

  /// Columns of the terminal that standard error is.
  private static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// What removes the line that ``progress(_:)`` left.
  private static let clearing = isTerminal ? "\r\u{1b}[2K" : ""

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress!, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        // Nobody reads the results any more, or the disk that they go to is full.
        if descriptor == STDOUT_FILENO { exit(ExitStatus.inputOutput) }
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }
}
