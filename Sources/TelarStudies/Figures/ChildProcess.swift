import Foundation
import Synchronization
import TelarIO

/// Runs another program and reads its output.
///
/// The program has its own process group, so that Ctrl-C in a terminal reaches only this process, which ends its
/// children by ``killAll()``.
package enum ChildProcess {
  /// The output of a program and how it ended.
  package struct Outcome {
    /// The bytes of standard output.
    package var output: [UInt8] = []
    /// The last bytes of standard error.
    package var errors: [UInt8] = []
    package var end = End.exited(0)

    package enum End: Equatable {
      case exited(Int32)
      case killed(signal: Int32)
      /// Killed because it exceeded the limit of time or output.
      case outOfBounds
    }
  }

  /// The program could not be started.
  package struct StartFailure: Error {
    package let reason: String
  }

  /// The most bytes of output.
  private static let longestOutput = 256 << 20
  /// The most bytes of standard error that are kept.
  private static let errorCount = 4096

  /// The process identifiers of running children.
  private struct Running {
    var children: Set<pid_t> = []
    var isEnding = false
  }

  private static let running = Mutex(Running())

  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - input: the bytes of its standard input.
  ///   - limit: the time after which it is killed.
  ///   - watch: called with the output so far whenever there is more of it.
  package static func run(
    _ executable: String, _ arguments: [String], input: [UInt8], environment: [String: String], limit: Duration,
    watch: ([UInt8]) -> Void = { _ in }
  ) throws(StartFailure) -> Outcome {
    let deadline = ContinuousClock.now + limit
    let ends = [try Ends(), try Ends(), try Ends()]
    let child = try start(executable, arguments, environment, ends.map(\.child.number))
    for end in ends { end.child.close() }
    var streams = Streams(input: ends[0].own, bytes: input, output: ends[1].own, errors: ends[2].own)
    var outcome = Outcome()
    while !streams.areDone {
      guard ContinuousClock.now < deadline, outcome.output.count <= longestOutput else {
        end(child)
        outcome.end = .outOfBounds
        return outcome
      }
      let count = outcome.output.count
      streams.move(into: &outcome)
      if outcome.output.count > count { watch(outcome.output) }
      outcome.errors = outcome.errors.suffix(errorCount)
    }
    while true {
      if let end = reap(child) {
        outcome.end = end
        return outcome
      }
      guard ContinuousClock.now < deadline else {
        end(child)
        outcome.end = .outOfBounds
        return outcome
      }
      usleep(500)
    }
  }

  /// Kills all children and blocks further starts. For a process that a signal is about to end.
  package static func killAll() {
    running.withLock { running in
      running.isEnding = true
      for child in running.children { kill(-child, SIGKILL) }
    }
  }

  /// Sends a signal to all children, which go on until they end by themselves.
  package static func signalAll(_ signal: Int32) {
    running.withLock { running in
      for child in running.children { kill(child, signal) }
    }
  }

  private static func start(
    _ executable: String, _ arguments: [String], _ environment: [String: String], _ streams: [Int32]
  ) throws(StartFailure) -> pid_t {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (place, stream) in streams.enumerated() { posix_spawn_file_actions_adddup2(&actions, stream, Int32(place)) }
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The child has none of this process's ignored or blocked signals.
    var all = sigset_t(), none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) } + [nil]
    var settings: [UnsafeMutablePointer<CChar>?] =
      environment.sorted { $0.key < $1.key }.map {
        strdup("\($0.key)=\($0.value)")
      } + [nil]
    defer { (words + settings).forEach { free($0) } }
    // Under the lock, so that ``killAll()`` misses no child.
    let (child, code) = running.withLock { running -> (pid_t, Int32) in
      while running.isEnding { sleep(1) }
      var child = pid_t()
      let code = posix_spawn(&child, executable, &actions, &attributes, &words, &settings)
      if code == 0 { running.children.insert(child) }
      return (child, code)
    }
    guard code == 0 else { throw StartFailure(reason: String(cString: strerror(code))) }
    return child
  }

  /// How a child ended; `nil` while it runs.
  private static func reap(_ child: pid_t) -> Outcome.End? {
    running.withLock { running in
      while running.isEnding { sleep(1) }
      var status: Int32 = 0
      let found = waitpid(child, &status, WNOHANG)
      if found == 0 || found < 0 && errno == EINTR { return nil }
      running.children.remove(child)
      // When this process ignores SIGCHLD, the system keeps no exit status.
      guard found > 0 else { return .exited(0) }
      let signal = status & 0x7f
      return signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: signal)
    }
  }

  private static func end(_ child: pid_t) {
    kill(-child, SIGKILL)
    while reap(child) == nil { usleep(500) }
  }
}

/// Both ends of a stream to a child.
///
/// They are sockets, because writing to one that is closed can return an error, where a pipe raises a signal.
private struct Ends {
  let own: Descriptor
  let child: Descriptor

  init() throws(ChildProcess.StartFailure) {
    var pair: [Int32] = [-1, -1]
    #if canImport(Darwin)
      let kind = SOCK_STREAM
    #else
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    #endif
    guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else { throw .init(reason: systemError()) }
    own = Descriptor(pair[0])
    let low = Descriptor(pair[1])
    defer { low.close() }
    // Moved above the standard streams, some of which this process may lack.
    let moved = fcntl(low.number, F_DUPFD_CLOEXEC, 3)
    guard moved >= 0 else { throw .init(reason: systemError()) }
    child = Descriptor(moved)
    _ = fcntl(own.number, F_SETFD, FD_CLOEXEC)
    _ = fcntl(own.number, F_SETFL, O_NONBLOCK)
    #if canImport(Darwin)
      var yes: Int32 = 1
      setsockopt(own.number, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
    #endif
  }
}

/// A descriptor that is closed on deinitialization.
private final class Descriptor {
  private(set) var number: Int32

  init(_ number: Int32) { self.number = number }

  func close() {
    if number >= 0 { Foundation.close(number) }
    number = -1
  }

  deinit { close() }
}

/// This process's ends of a child's streams.
private struct Streams {
  let input: Descriptor
  let bytes: [UInt8]
  let output: Descriptor
  let errors: Descriptor
  private var written = 0
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  init(input: Descriptor, bytes: [UInt8], output: Descriptor, errors: Descriptor) {
    (self.input, self.bytes, self.output, self.errors) = (input, bytes, output, errors)
    if bytes.isEmpty { input.close() }
  }

  /// Whether the child has closed its output.
  var areDone: Bool { output.number < 0 && errors.number < 0 }

  /// Waits briefly until a stream is ready, then writes and reads without blocking.
  mutating func move(into outcome: inout ChildProcess.Outcome) {
    // `poll` ignores negative descriptors.
    var polled = [
      pollfd(fd: input.number, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: output.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: errors.number, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&polled, nfds_t(polled.count), 100) > 0 else { return }
    if polled[0].revents != 0 { write() }
    if polled[1].revents != 0 { read(output, into: &outcome.output) }
    if polled[2].revents != 0 { read(errors, into: &outcome.errors) }
  }

  private mutating func write() {
    #if canImport(Darwin)
      let flags: Int32 = 0
    #else
      let flags = Int32(MSG_NOSIGNAL)
    #endif
    let count = bytes.withUnsafeBytes { send(input.number, $0.baseAddress! + written, bytes.count - written, flags) }
    if count < 0 && (errno == EINTR || errno == EAGAIN) { return }
    written += max(0, count)
    // The child may close its input early.
    if count < 0 || written == bytes.count { input.close() }
  }

  private mutating func read(_ stream: Descriptor, into bytes: inout [UInt8]) {
    let count = Foundation.read(stream.number, &buffer, buffer.count)
    if count < 0 && (errno == EINTR || errno == EAGAIN) { return }
    guard count > 0 else { return stream.close() }
    bytes += buffer.prefix(count)
  }
}
