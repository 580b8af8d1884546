import Foundation
import Telar
import TelarBench
import TelarStudies

/// A part of `telar doctor` in a process of its own, which prints a line of JSON for each case that it has done, and one
/// with what it found.
struct DoctorChild {
  /// The devices of this machine, and why others are missing.
  struct Listing: Codable {
    var devices: [DeviceDescription]
    var problems: [String]
  }

  /// A child that did not end as it should.
  struct Broken: Error, CustomStringConvertible {
    let description: String
  }

  private static let list = "list"

  // MARK: In the child

  let check: String
  let device: String

  func run() throws {
    if check == Self.list {
      let listing = Listing(devices: DeviceCatalog.list(), problems: DeviceCatalog.problems())
      return Console.text(String(decoding: try JSONEncoder().encode(listing), as: UTF8.self) + "\n")
    }
    guard let check = DeviceCheck(rawValue: check) else { throw UsageError("there is no check '\(check)'") }
    KernelBuildNotice.observe { _ in Self.report("the build of kernels") }
    Console.text(try check.run(on: device) { Self.report($0) }.json + "\n")
  }

  private static func report(_ place: String) {
    Console.text(JSON.object(["at": .string(place)]).text + "\n")
  }

  // MARK: In the parent

  /// The devices of this machine, and why drivers are broken. Where the drivers end a child that loads them, each is
  /// tried by itself, and only the processor is listed.
  ///
  /// - Throws: ``Broken`` when not even that can be listed.
  static func list(limit: Int) throws -> (listing: Listing, broken: [String]) {
    do {
      return (try list(limit: limit, drivers: nil), [])
    } catch let together as Broken {
      var broken: [String] = []
      for driver in OpenCLDriver.all() {
        do {
          _ = try list(limit: limit, drivers: driver.file)
        } catch let alone as Broken {
          broken.append("\(driver.name): \(alone). Others are found where OCL_ICD_VENDORS names a folder without it")
        }
      }
      if broken.isEmpty { broken = ["the drivers, when they are loaded together: \(together)"] }
      return (try list(limit: limit, drivers: "/dev/null/none"), broken)
    }
  }

  private static func list(limit: Int, drivers: String?) throws -> Listing {
    let outcome = try start([list], limit: limit, drivers: drivers) { _ in }
    if let problem = problem(of: outcome, limit: limit) { throw Broken(description: problem) }
    return try JSONDecoder().decode(Listing.self, from: Data(outcome.output))
  }

  /// Runs a check in a child. A child that does not end as it should is a finding.
  static func run(_ check: DeviceCheck, on device: String, limit: Int) -> (finding: Finding, seconds: Double) {
    let start = ContinuousClock.now
    let finding: Finding
    do {
      let outcome = try Self.start([check.rawValue, "--device", device], limit: limit) { output in
        let place = lastPlace(in: output).map { ": \($0)" } ?? ""
        Console.progress("\(device), \(check.title)\(place) …")
      }
      let lines = String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").map(String.init)
      if let problem = problem(of: outcome, limit: limit) {
        finding = Finding(
          isPassed: false, summary: problem, details: TextLines(outcome.errors).map { $0.text ?? "" })
      } else {
        finding =
          lines.last.flatMap { Finding(json: $0) } ?? Finding(isPassed: false, summary: "it ended without a result")
      }
    } catch {
      finding = Finding(isPassed: false, summary: "\(error)")
    }
    return (finding, (ContinuousClock.now - start) / .seconds(1))
  }

  private static func start(
    _ arguments: [String], limit: Int, drivers: String? = nil, watch: ([UInt8]) -> Void
  ) throws -> ChildProcess.Outcome {
    guard let path = Bundle.main.executablePath else { throw Broken(description: "the program's own file is unknown") }
    var environment = ProcessInfo.processInfo.environment
    if let drivers { environment["OCL_ICD_VENDORS"] = drivers }
    do {
      return try ChildProcess.run(
        path, ["doctor", "--check"] + arguments, input: [], environment: environment, limit: .seconds(limit),
        watch: watch)
    } catch {
      throw Broken(description: "\(path) cannot be started: \(error.reason)")
    }
  }

  /// Why a child did not end as it should; `nil` when it did.
  private static func problem(of outcome: ChildProcess.Outcome, limit: Int) -> String? {
    let place = lastPlace(in: outcome.output).map { " after \($0)" } ?? ""
    switch outcome.end {
    case .exited(0): return nil
    case .exited(let status):
      let error = TextLines(outcome.errors).compactMap(\.text).last { $0.hasPrefix("telar: ") }
      return error.map { String($0.dropFirst("telar: ".count)) } ?? "it ended with exit code \(status)\(place)"
    case .killed(let signal):
      return "the driver crashed\(place): signal \(signal), \(String(cString: strsignal(signal)))"
    case .outOfBounds:
      return "it did not end within \(limit) s\(place): the driver hangs, or is very slow (--limit)"
    }
  }

  /// The case that a child has done last.
  private static func lastPlace(in output: [UInt8]) -> String? {
    let lines = String(decoding: output.suffix(512), as: UTF8.self).split(separator: "\n")
    guard let line = lines.last(where: { $0.hasPrefix("{\"at\"") }),
      case .object(let members)? = try? JSON(parsing: String(line)), case .string(let place)? = members["at"]
    else { return nil }
    return place
  }
}
