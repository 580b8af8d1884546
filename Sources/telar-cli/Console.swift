import Foundation
import Synchronization
import Telar

/// The command's streams: results on standard output, everything else on standard error.
///
/// Control characters, which names from files and drivers may contain, are escaped, so that a line stays one line.
enum Console {
  /// Whether standard error is a terminal on which a line can be redrawn.
  static let isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

  /// Whether to use colours on standard error: no-color.org.
  static let hasColour = isTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

  /// Whether to show only results and errors.
  nonisolated(unsafe) static var isQuiet = false

  /// Whether the command continues when standard output cannot be written, because it saves its results elsewhere.
  nonisolated(unsafe) static var isOutputOptional = false

  /// Why standard output cannot be written; `nil` while it can. Set only for a command that continues.
  static var outputFailure: String? { failure.withLock { $0 } }
  private static let failure = Mutex<String?>(nil)

  /// Makes the streams safe to write to: writing to a closed pipe is an error instead of a signal, and a closed
  /// stream's descriptor is not reused for a file.
  static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // Takes the lowest free descriptor. It is opened for reading, so that writing still fails.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// Prints a line of results.
  static func result(_ line: String) {
    let hasBoard = isTerminal && shown.withLock { !$0.isEmpty }
    if hasBoard { tell(clearing) }
    output(line.visible + "\n")
    if hasBoard { tell(drawing) }
  }

  /// Prints several lines of results.
  static func results(_ text: String) {
    for line in TextLines(text) { result(line.text ?? "") }
  }

  /// Prints a text of the program's own, such as help, unchanged.
  static func text(_ text: String) { output(text) }

  /// Prints a line about progress or problems.
  ///
  /// - Parameter isWaiting: whether to wait for a slow reader; otherwise the line may be lost.
  static func note(_ line: String, isWaiting: Bool = true) {
    if isQuiet { return }
    tell(clearing + line.visible + "\n" + drawing, isWaiting: isWaiting)
  }

  /// Redraws the bottom line of a terminal; does nothing elsewhere.
  static func progress(_ line: String) {
    guard isTerminal, !isQuiet else { return }
    // Only the last row of a wrapped line could be cleared again.
    let line = String(line.visible.prefix(max(1, columns - 1)))
    tell("\r\u{1b}[2K" + (hasColour ? "\u{1b}[2m\(line)\u{1b}[0m" : line))
  }

  /// Redraws lines at the bottom of a terminal; does nothing elsewhere. An empty list ends them.
  static func board(_ lines: [String]) {
    guard isTerminal, !isQuiet else { return }
    let text = clearing
    shown.withLock { $0 = lines.map { String($0.visible.prefix(max(1, columns - 1))) } }
    tell(text + drawing)
  }

  /// Prints an error behind the program's name.
  ///
  /// - Parameter details: further lines, such as a compiler's log.
  static func error(_ message: String, details: [String] = [], isWaiting: Bool = true) {
    let lines = ["telar: " + message.visible] + details.map(\.visible)
    tell(clearing + lines.joined(separator: "\n") + "\n", isWaiting: isWaiting)
  }

  /// The width of the terminal.
  private static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// The lines of ``board(_:)``.
  private static let shown = Mutex<[String]>([])

  /// The sequence that clears the line of ``progress(_:)``, and the lines of ``board(_:)``.
  private static var clearing: String {
    guard isTerminal else { return "" }
    let count = shown.withLock { $0.count }
    return "\r" + (count > 1 ? "\u{1b}[\(count - 1)A" : "") + "\u{1b}[J"
  }

  /// The sequence that draws the lines of ``board(_:)``.
  private static var drawing: String {
    let lines = shown.withLock { $0 }
    return lines.isEmpty ? "" : lines.map { hasColour ? "\u{1b}[2m\($0)\u{1b}[0m" : $0 }.joined(separator: "\n")
  }

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

  /// Writes to standard error, ignoring failures.
  private static func tell(_ text: String, isWaiting: Bool = true) {
    if isWaiting || isReady(STDERR_FILENO, milliseconds: 0) { _ = write(text, to: STDERR_FILENO) }
  }

  /// Writes a whole text, also to a non-blocking stream.
  ///
  /// - Returns: why it could not be written; `nil` on success.
  private static func write(_ text: String, to descriptor: Int32) -> String? {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress!, $0.count) }
      if count > 0 {
        bytes = bytes.dropFirst(count)
      } else if count < 0, errno == EAGAIN {
        _ = isReady(descriptor, milliseconds: -1)
      } else if count == 0 || errno != EINTR {
        return systemError()
      }
    }
    return nil
  }

  /// Waits until a stream is writable or has failed, up to a limit; a negative limit waits forever.
  private static func isReady(_ descriptor: Int32, milliseconds: Int32) -> Bool {
    var stream = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&stream, 1, milliseconds) > 0
  }
}
