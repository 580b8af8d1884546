import ArgumentParser
import Foundation
import Telar

/// The choice of a device.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where to compute: auto, cpu, cpu:avx2 and the like, opencl, opencl:N, or part of a device's name.",
      valueName: "name"), completion: Completions.device)
  var device = "auto"

  @Option(help: ArgumentHelp("Threads of the CPU, and of OpenCL drivers that allow it.", valueName: "count"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads) is not 1 to 1024")
    }
  }

  /// Opens the device with its tuning, and prints which it is and why.
  func open(isTuned: Bool = true) throws -> any Device {
    let choice = try DeviceCatalog.choose(device, threads: threads, workload: .announced)
    let properties = choice.device.properties
    Console.note("Device \(properties.identifier): \(properties.name), \(properties.computeUnitsLabel).")
    if let reason = choice.reason { Console.note("Chosen because \(reason).") }
    if let remark = choice.remark { Console.note("Note: \(remark).") }
    if !isTuned { return choice.device }
    let (tuning, unknown) = try TuningFile.tuning(for: properties)
    if let first = unknown.first {
      Console.note("Note: \(unknown.count) tuned choices are left out; the device has no such kernel (\(first)).")
    }
    if let sentence = tuning.sentence { Console.note(sentence) }
    choice.device.tuning = tuning
    return choice.device
  }
}

extension DeviceWorkload {
  /// The workload that `auto` measures. It prints a line before each device, as a driver may take long to build
  /// kernels.
  static var announced: DeviceWorkload {
    let training = DeviceWorkload.training
    return DeviceWorkload(name: training.name) { device in
      Console.note("Measuring \(device.properties.identifier), once for these devices and drivers …")
      return try training.measure(device)
    }
  }
}

extension Tuning {
  /// A sentence for the user; `nil` when nothing was chosen.
  var sentence: String? {
    choices.isEmpty ? nil : "Kernels tuned for its products: \(choices.count) choices, from \(source ?? "")."
  }
}

/// The location of the data set.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Images to use, of a format that telar data knows. By default Fashion-MNIST, from $FASHION_MNIST_DIR or "
        + "/usr/share/datasets/fashion-mnist.", valueName: "path"), completion: .file())
  var data: String?

  @Flag(help: "Accept 28 × 28 images in ten classes that are not Fashion-MNIST's.")
  var allowOtherData = false

  /// Reads the data set, and prints what a user should know of how it was read.
  func load(_ options: ImageDataset.Options = ImageDataset.Options()) throws -> ImageDataset {
    var options = options
    options.allowsOtherData = allowOtherData || options.allowsOtherData
    let data = try Self.load(data, options)
    for note in data.notes { Console.note("Note: \(note).") }
    return data
  }

  /// Reads a data set, with its progress on a terminal.
  static func load(_ path: String?, _ options: ImageDataset.Options) throws -> ImageDataset {
    var options = options
    options.progress = { done, count in Console.progress("Reading images: \(done) of \(count)") }
    defer { Console.progress("") }
    return try ImageDataset.load(path, options)
  }
}
