import CKernels
import Foundation
import TelarIO

/// A file of tunings for devices, each known by its name, driver and instruction set:
///
/// ```json
/// {
///   "format": 1,
///   "devices": [
///     {
///       "device": "NAME", "driver": "DRIVER", "instruction_set": "avx2",
///       "choices": {
///         "gemm nn 100x128x784": "vector 6x1"
///       }
///     }
///   ]
/// }
/// ```
public struct TuningFile: Sendable, Equatable {
  /// The choices for one device.
  public struct Entry: Sendable, Equatable {
    public var device: String
    public var driver: String
    /// Of the compiled-in kernels; empty for OpenCL.
    public var instructionSet: String
    public var choices: [TunedProduct: TunedKernel]

    func isOf(_ properties: DeviceProperties) -> Bool {
      device == properties.name && driver == properties.driver && instructionSet == properties.instructionSet
    }
  }

  private static let format = 1

  public var entries: [Entry] = []

  public init() {}

  /// Reads a file.
  ///
  /// - Throws: ``TuningFileError``.
  public init(path: String) throws {
    let bytes: [UInt8]
    do { bytes = try InputFile.read(path, atMost: JSON.maximumLength) } catch {
      throw TuningFileError(error.kind == .tooLong ? .malformed : .missing, path: path, error.problem)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TuningFileError(.malformed, path: path, "it is not UTF-8 text")
    }
    try self.init(parsing: text, path: path)
  }

  /// - Parameter path: the file that the text is of, for errors.
  init(parsing text: String, path: String) throws {
    func malformed(_ problem: String) -> TuningFileError { TuningFileError(.malformed, path: path, problem) }
    let json: JSON
    do { json = try JSON(parsing: text) } catch { throw malformed("\(error)") }
    guard case .object(let members) = json, case .integer(let format)? = members["format"],
      case .array(let devices)? = members["devices"]
    else { throw malformed("it lacks the members format, a number, and devices, an array") }
    guard format == Self.format else { throw malformed("its format is \(format), not \(Self.format)") }
    entries = try devices.enumerated().map { index, device in
      guard case .object(let members) = device, case .string(let name)? = members["device"],
        case .string(let driver)? = members["driver"], case .string(let set)? = members["instruction_set"],
        case .object(let choices)? = members["choices"]
      else {
        throw malformed(
          "devices[\(index)] lacks the members device, driver and instruction_set, all texts, and choices, an object")
      }
      var entry = Entry(device: name, driver: driver, instructionSet: set, choices: [:])
      for (key, value) in choices {
        guard let product = TunedProduct(key) else { throw malformed("\(JSON.quoted(key, limit: 100)) is no product") }
        guard case .string(let text) = value, let kernel = TunedKernel(text) else {
          throw malformed("the kernel of \(key) is \(value.text.prefix(60)), not one like \"vector 6x2\"")
        }
        entry.choices[product] = kernel
      }
      return entry
    }
  }

  /// The choices for a device; `nil` when the file does not know it.
  public func choices(for properties: DeviceProperties) -> [TunedProduct: TunedKernel]? {
    entries.first { $0.isOf(properties) }?.choices
  }

  /// Takes in what a search on a device found: the kernel of each product, or `nil` where the device's own is best.
  public mutating func merge(_ found: [TunedProduct: TunedKernel?], for properties: DeviceProperties) {
    let place = entries.firstIndex { $0.isOf(properties) } ?? entries.count
    if place == entries.count {
      entries.append(
        Entry(
          device: properties.name, driver: properties.driver, instructionSet: properties.instructionSet, choices: [:]))
    }
    for (product, kernel) in found { entries[place].choices[product] = kernel }
  }

  /// A line a choice, in the order of their texts; the same choices give the same text.
  public var text: String {
    let devices = entries.map { entry in
      let choices = entry.choices.map { ($0.key.text, $0.value.text) }.sorted { $0.0 < $1.0 }
        .map { "\n        \(JSON.quoted($0)): \(JSON.quoted($1))" }.joined(separator: ",")
      return """

            {
              "device": \(JSON.quoted(entry.device)),
              "driver": \(JSON.quoted(entry.driver)),
              "instruction_set": \(JSON.quoted(entry.instructionSet)),
              "choices": {\(choices)\(choices.isEmpty ? "" : "\n      ")}
            }
        """
    }
    let list = devices.joined(separator: ",") + (devices.isEmpty ? "" : "\n  ")
    return "{\n  \"format\": \(Self.format),\n  \"devices\": [\(list)]\n}\n"
  }

  /// Writes the file whole or not at all, and the folders above it.
  public func write(to path: String) throws {
    try AtomicFile.makeFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    try AtomicFile.write(text, to: path)
  }
}

// MARK: Places

extension TuningFile {
  /// What comes with Telar: `Kernels/tuning.json`, embedded.
  public static func shipped() throws -> TuningFile {
    let bytes = UnsafeRawBufferPointer(start: telar_tuning, count: telar_tuning_length)
    return try TuningFile(parsing: String(decoding: bytes, as: UTF8.self), path: shippedName)
  }

  static let shippedName = "shipped"

  /// The user's own file: `$XDG_CONFIG_HOME/telar/tuning.json`, by default under `~/.config`; `nil` without a home.
  public static func standardPath(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
    // The base directory specification has relative paths ignored.
    if let path = environment["XDG_CONFIG_HOME"], path.hasPrefix("/") { return path + "/telar/tuning.json" }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return home + "/.config/telar/tuning.json"
  }

  /// The tuning for a device: of the file that `TELAR_TUNING` names, or none where that is empty; without the variable
  /// of the user's own file, or what is shipped where that does not know the device.
  ///
  /// Choices that the device has no kernel for, which another version may have had, are left out and named in `unknown`.
  public static func tuning(
    for properties: DeviceProperties, _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> (tuning: Tuning, unknown: [String]) {
    var choices: [TunedProduct: TunedKernel]?
    var source: String?
    if let named = environment["TELAR_TUNING"] {
      if named.isEmpty { return (Tuning(), []) }
      (choices, source) = (try TuningFile(path: named).choices(for: properties), named)
    } else {
      if let path = standardPath(environment), FileManager.default.fileExists(atPath: path) {
        (choices, source) = (try TuningFile(path: path).choices(for: properties), path)
      }
      if choices == nil { (choices, source) = (try shipped().choices(for: properties), shippedName) }
    }
    guard let choices else { return (Tuning(), []) }
    let usable = choices.filter { $0.value.runs(on: properties) }
    let unknown = choices.filter { usable[$0.key] == nil }.map { "\($0.key.text): \($0.value.text)" }.sorted()
    return (Tuning(usable, source: usable.isEmpty ? nil : source), unknown)
  }
}

extension Tuning {
  /// What is recorded of it with a measurement or a run; `null` when it chooses nothing.
  public var json: JSON {
    choices.isEmpty
      ? .null : .object(["file": source.map(JSON.string) ?? .null, "choices": .integer(choices.count)])
  }
}

/// A file that is no file of tunings.
public struct TuningFileError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    case missing, malformed
  }

  public var kind: Kind
  public var path: String
  public var problem: String

  init(_ kind: Kind, path: String, _ problem: String) {
    (self.kind, self.path, self.problem) = (kind, path, problem)
  }

  public var description: String { "\(path): \(problem)" }
}
