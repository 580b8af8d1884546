import Foundation
import Synchronization
import Telar
import TelarStudies

/// Shows the runs that worker processes make: a line for each that is under way and one for all, redrawn on a terminal;
/// elsewhere a line for each event.
final class JobBoard: Sendable {
  private struct Row {
    var epoch = 0
    /// The share of the epoch under way.
    var share = 0.0
    var text = ""
  }

  private struct State {
    var rows: [String: Row] = [:]
    var order: [StudyRunner.PendingRun] = []
    var done = 0
    var failed = 0
    /// Epochs of runs that have ended, and those that others had when they began here.
    var epochsDone = 0.0
    var epochsBefore = 0.0
  }

  private let isJSON: Bool
  private let runCount: Int
  private let epochCount: Double
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  init(_ runs: [StudyRunner.PendingRun], isJSON: Bool) {
    self.isJSON = isJSON
    runCount = runs.count
    epochCount = Double(runs.map(\.epochs).reduce(0, +))
  }

  func observe(_ event: JobQueue.Event) {
    state.withLock { state in
      switch event {
      case .began(let run):
        state.order.append(run)
        state.rows[run.key] = Row()
      case .line(let run, let text, let members): note(text, members, of: run, &state)
      case .ended(let run, let failure):
        state.order.removeAll { $0.key == run.key }
        state.rows[run.key] = nil
        state.epochsDone += Double(run.epochs)
        if let failure {
          state.failed += 1
          Console.note("\(run.name): \(failure)")
        } else {
          state.done += 1
        }
      }
      Console.board(lines(of: state))
    }
  }

  private func note(_ text: String, _ members: JSON.Members, of run: StudyRunner.PendingRun, _ state: inout State) {
    guard case .string(let event)? = members["event"] else { return }
    let epoch = members["epoch"].flatMap { $0.double }.map { Int($0) }
    if isJSON, event != "progress" { Console.result(text) }
    let validation = members["val_loss"]?.double.map { "  val loss \(lossText($0))" } ?? ""
    let accuracy = members["val_accuracy"]?.double.map { String(format: "  val accuracy %.2f %%", $0 * 100) } ?? ""
    switch event {
    case "began", "resumed":
      if case .string(let summary)? = members["summary"] { Console.note("\(run.name): \(summary)") }
      if let epochs = members["epochs_done"]?.double {
        state.epochsBefore += epochs
        state.rows[run.key]?.epoch = Int(epochs)
      }
    case "progress":
      let loss = members["loss"]?.double.map { "  loss \(lossText($0))" } ?? ""
      let rate = members["images_per_s"]?.double.map { "  \(grouped(Int(min(1e15, $0)))) images/s" } ?? ""
      state.rows[run.key] = Row(epoch: (epoch ?? 1) - 1, share: members["share"]?.double ?? 0, text: loss + rate)
    case "epoch":
      state.rows[run.key] = Row(epoch: epoch ?? 0, share: 0, text: validation + accuracy)
      if !Console.isTerminal {
        Console.note("\(run.name)  epoch \(epoch ?? 0)/\(run.epochs)\(validation)\(accuracy)")
      }
    case "ended":
      let epochs = members["epochs_done"]?.double.map { Int($0) } ?? run.epochs
      Console.note("\(run.name): done after \(epochs) epochs\(validation)\(accuracy)")
    default: break
    }
  }

  private func lines(of state: State) -> [String] {
    let rows = state.order.map { run in
      let row = state.rows[run.key] ?? Row()
      let epoch = min(run.epochs, row.epoch + (row.share > 0 ? 1 : 0))
      return "\(run.name)  epoch \(epoch)/\(run.epochs)\(row.text)"
    }
    let share = state.rows.values.reduce(state.epochsDone) { $0 + Double($1.epoch) + $1.share }
    let made = share - state.epochsBefore
    let seconds = (ContinuousClock.now - start).seconds
    let left = made > 0.05 ? "  \(clock(seconds / made * (epochCount - share))) left" : ""
    let failed = state.failed > 0 ? ", \(state.failed) failed" : ""
    return rows + ["\(state.done) of \(runCount) runs done, \(state.order.count) under way\(failed)\(left)"]
  }
}
