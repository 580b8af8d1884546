import ArgumentParser
import Foundation
import Telar
import TelarStudies

/// The command `telar`. Each subcommand is in a file of its own, and calls the library.
@main
struct TelarCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "telar",
    abstract: "Train convolutional networks on any OpenCL device, or on the CPU.",
    discussion: """
      EXAMPLES
        telar devices                             what there is, what is chosen
        telar study aldecoa case-1 case-3         with and without pre-training
        telar study --list                        all studies and experiments
        telar data photos --resize 64             a data set of your own
        telar train mine.toml                     experiments of your own
        telar find-lr mine.toml                   learning rates for them
        telar report runs/aldecoa                 what its runs came to, as a page
        telar evaluate best.safetensors           loss, accuracy, confusion matrix
        telar export best.safetensors --onnx FILE for other programs
        telar explain brunello-ae-1               its layers and their kernels
        telar bench train --net brunello-ae-1     images per second
        telar doctor                              are drivers and devices sound?
        telar parity --device opencl:0            is the driver right?

      EXIT CODES
        0        done
        1        a check failed, or the loss is not finite
        64       wrong usage
        65, 66   bad data; input missing
        69, 70   no such device; driver or internal error
        73, 74   output cannot be created; input or output failed
        75       stopped by SIGUSR1 or SIGUSR2; --resume goes on
        130, 143 ended by a signal
      """,
    version: telarVersion,
    subcommands: [
      DevicesCommand.self, StudyCommand.self, TrainCommand.self, FindLRCommand.self, DataCommand.self,
      ReportCommand.self,
      EvaluateCommand.self,
      PredictCommand.self, ReconstructCommand.self, ExportCommand.self, ConformanceCommand.self, ParityCommand.self,
      DoctorCommand.self, BenchCommand.self, TuneCommand.self, ExplainCommand.self,
    ])

  static func main() {
    Console.prepare()
    Worker.begin()
    Interruption.install()
    KernelBuildNotice.observe { Console.note("Building kernels for \($0), which its driver needs to do once …") }
    CacheNotice.observe { path, reason in
      Console.note("Note: the cache \(path) is not used, because \(reason). It is made again when it is removed.")
    }
    GroupLimitNotice.observe { device, kernel, limit in
      Console.note("Note: \(device) runs kernel \(kernel) in groups of at most \(limit), so smaller tiles are used.")
    }
    var command: any ParsableCommand
    do {
      command = try parseAsRoot(Arguments.withAttachedNumbers(CommandLine.arguments.dropFirst()))
    } catch {
      leave(afterParsing: error)
    }
    do {
      try command.run()
    } catch {
      // A request for help or the version, by a command without arguments.
      if Self.exitCode(for: error) == .success || error is CleanExit { show(helpOf: error) }
      let failure = Failure(error)
      let help = error is UsageError ? " See 'telar \(CommandLine.arguments[1]) --help' for more information." : ""
      Console.error(
        failure.message + (help.isEmpty || failure.message.hasSuffix(".") ? "" : ".") + help, details: failure.details)
      leave(with: failure.exitCode)
    }
    if let reason = Console.outputFailure {
      Console.error("cannot write to standard output: \(reason). The runs are saved.")
      leave(with: ExitStatus.inputOutput)
    }
    leave(with: 0)
  }

  /// Ends the process without `exit`, which would wait for a driver that hangs while it is loaded.
  static func leave(with status: Int32) -> Never {
    if DeviceCatalog.hasHangingDriver {
      fflush(nil)
      _exit(status)
    }
    Foundation.exit(status)
  }

  /// Help and version are results, on standard output.
  private static func show(helpOf error: any Error) -> Never {
    Console.text(UsageLines.folded(fullMessage(for: error)) + "\n")
    leave(with: 0)
  }

  /// What to say of a mistyped command, or of a mistyped one of a command's own, as in `bench trian`.
  private static func questionAboutCommand(_ arguments: ArraySlice<String>) -> String? {
    var commands = configuration.subcommands
    for argument in arguments where argument != "help" && !commands.isEmpty {
      if argument.hasPrefix("-") { return nil }
      if let command = commands.first(where: { $0.configuration.commandName == argument }) {
        commands = command.configuration.subcommands
        continue
      }
      let names = commands.compactMap { $0.configuration.commandName }
      return Spelling.nearest(to: argument, among: names).map {
        "there is no command '\(argument)'. Did you mean '\($0)'?"
      }
    }
    return nil
  }

  /// Any other parsing error is a usage error, printed in one line.
  private static func leave(afterParsing error: any Error) -> Never {
    guard Self.exitCode(for: error) != .success else { show(helpOf: error) }
    var message = Self.message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
    if let question = questionAboutCommand(CommandLine.arguments.dropFirst()) { message = question }
    // The last line of the full message names the command to ask for help.
    let hint = fullMessage(for: error).split(whereSeparator: \.isNewline).last { $0.contains("--help' for more") }
    let advice = hint.map { " " + $0.trimmingCharacters(in: .whitespaces) } ?? ""
    let sentence = message.last.map { ".?".contains($0) } == true ? message : message + "."
    Console.error(sentence.replacingOccurrences(of: "?.", with: "?") + advice)
    Foundation.exit(ExitStatus.usage)
  }
}
