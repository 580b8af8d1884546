import Foundation
import Synchronization
import Telar

/// The two streams of the command: results on standard output, everything else on standard error.
///
/// A line is shown as one line: control characters, which names in files and of drivers may hold, become escapes.
enum Console {
  /// Whether standard error is a terminal that a line can be redrawn on.
  static let isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

  /// Whether colours are wanted on standard error: no-color.org.
  static let hasColour = isTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

  /// Whether only results and errors are shown.
  nonisolated(unsafe) static var isQuiet = false

  /// Whether the command goes on when its results cannot be written any more, since it saves them elsewhere.
  nonisolated(unsafe) static var isOutputOptional = false

  /// Why standard output could not be written; `nil` while it can be. Only of a command that went on.
  static var outputFailure: String? { failure.withLock { $0 } }
  private static let failure = Mutex<String?>(nil)

  /// Makes the streams safe to write to: a reader that goes away is an error and no signal, and a stream that was
  /// closed before the start is no file that the command opens later.
  static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest descriptor that is free. Opened for reading, so that writing to it still fails.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// A line of result.
  static func result(_ line: String) { output(line.visible + "\n") }

  /// Several lines of result, as they are in a text.
  static func results(_ text: String) {
    for line in TextLines(text) { result(line.text ?? "") }
  }

  /// A text of the program's own, such as help, as it is.
  static func text(_ text: String) { output(text) }

  /// A line about what is going on.
  ///
  /// - Parameter isWaiting: whether to wait for a reader who is behind; otherwise the line may be lost.
  static func note(_ line: String, isWaiting: Bool = true) {
    if isQuiet { return }
    tell(clearing + line.visible + "\n", isWaiting: isWaiting)
  }

  /// The line at the bottom of a terminal, redrawn in place; nothing elsewhere.
  static func progress(_ line: String) {
    guard isTerminal, !isQuiet else { return }
    // Only the last row of a line that is folded could be cleared again.
    let line = String(line.visible.prefix(max(1, columns - 1)))
    tell("\r\u{1b}[2K" + (hasColour ? "\u{1b}[2m\(line)\u{1b}[0m" : line))
  }

  /// An error, with the program's name as is the custom.
  ///
  /// - Parameter details: more lines, such as a compiler's log.
  static func error(_ message: String, details: [String] = [], isWaiting: Bool = true) {
    let lines = ["telar: " + message.visible] + details.map(\.visible)
    tell(clearing + lines.joined(separator: "\n") + "\n", isWaiting: isWaiting)
  }

  /// Columns of the terminal that standard error is.
  private static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// What removes the line that ``progress(_:)`` left.
  private static let clearing = isTerminal ? "\r\u{1b}[2K" : ""

  /// Writes to standard output. When that fails, the command ends unless ``isOutputOptional``.
  private static func output(_ text: String) {
    guard outputFailure == nil, let reason = write(text, to: STDOUT_FILENO) else { return }
    guard isOutputOptional else {
      error("cannot write to standard output: \(reason).")
      TelarCommand.leave(with: ExitStatus.inputOutput)
    }
    failure.withLock { $0 = reason }
    note("Standard output cannot be written any more: \(reason). The runs go on and are saved.")
  }

  /// Writes to standard error, if anybody reads it.
  private static func tell(_ text: String, isWaiting: Bool = true) {
    if isWaiting || isReady(STDERR_FILENO, milliseconds: 0) { _ = write(text, to: STDERR_FILENO) }
  }

  /// Writes all of a text, also to a stream that does not block.
  ///
  /// - Returns: why it could not be written; `nil` when it was.
  private static func write(_ text: String, to descriptor: Int32) -> String? {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress!, $0.count) }
      if count > 0 {
        bytes = bytes.dropFirst(count)
      } else if count < 0, errno == EAGAIN {
        _ = isReady(descriptor, milliseconds: -1)
      } else if count == 0 || errno != EINTR {
        return String(cString: strerror(errno))
      }
    }
    return nil
  }

  /// Waits until a stream takes more, or has failed; not longer than a time, or for ever when that is negative.
  private static func isReady(_ descriptor: Int32, milliseconds: Int32) -> Bool {
    var stream = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&stream, 1, milliseconds) > 0
  }
}
