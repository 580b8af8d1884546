import Foundation
import TelarNN
import TestSupport
import Testing

/// `num_batches_tracked` as PyTorch's `load_state_dict` takes it: of any type, as long as it is a count.
@Suite struct BatchCountTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A batch normalisation of one channel whose count has this type and these bytes.
  private func file(_ type: String, _ shape: String, _ bytes: [UInt8]) throws -> SafetensorsFile {
    let names = ["weight", "bias", "running_mean", "running_var"]
    var members = names.enumerated().map { index, name in
      #""n.0.\#(name)":{"dtype":"F32","shape":[1],"data_offsets":[\#(4 * index),\#(4 * index + 4)]}"#
    }
    members.append(
      #""n.0.num_batches_tracked":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[16,\#(16 + bytes.count)]}"#)
    let header = "{\(members.joined(separator: ","))}"
    var all = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    all += header.utf8
    all += [Float](arrayLiteral: 1, 0, 0, 1).withUnsafeBytes { Array($0) } + bytes
    let path = folder.path + "/a.safetensors"
    try Data(all).write(to: URL(fileURLWithPath: path))
    return try SafetensorsFile(path)
  }

  /// The count after the file is loaded and saved again, and after a batch more.
  private func counts(_ file: SafetensorsFile) throws -> [Int64] {
    try TestDevices.cpu.use { device in
      let network = try Network(on: device, inputShape: [2, 2, 1], seed: 1) { Part("n") { BatchNorm2d(1) } }
      try network.load(from: file)
      var counts: [Int64] = []
      for step in 0..<2 {
        try network.save(to: folder.path + "/b.safetensors")
        let saved = try SafetensorsFile(folder.path + "/b.safetensors")
        counts += try saved.values("n.0.num_batches_tracked", as: Int64.self)
        _ = try network(device.filled([2, 2, 2, 1], with: 1), .training(step: step))
      }
      return counts
    }
  }

  @Test(
    arguments: [
      ("I64", [5, 0, 0, 0, 0, 0, 0, 0]), ("I32", [5, 0, 0, 0]), ("U8", [5]), ("F16", [0, 0x45]),
      ("BF16", [0xa0, 0x40]),
      ("F32", [0, 0, 0xa0, 0x40]), ("F64", [0, 0, 0, 0, 0, 0, 0x14, 0x40]),
    ] as [(String, [UInt8])])
  func anyTypeIsTaken(type: String, bytes: [UInt8]) throws {
    #expect(try counts(file(type, "[]", bytes)) == [5, 6])
  }

  @Test func theLargestCountStays() throws {
    #expect(try counts(file("I64", "[]", [255, 255, 255, 255, 255, 255, 255, 127])) == [.max, .max])
  }

  @Test(
    arguments: [
      ("I64", "[]", [255, 255, 255, 255, 255, 255, 255, 255]), ("F16", "[]", [0, 0x38]), ("F16", "[]", [0, 0x7c]),
      ("I64", "[0]", []), ("U8", "[2]", [1, 2]),
    ] as [(String, String, [UInt8])])
  func whatIsNoCountIsRefused(type: String, shape: String, bytes: [UInt8]) throws {
    let error = #expect(throws: SafetensorsError.self) { try counts(file(type, shape, bytes)) }
    #expect(error?.kind == .mismatch && error?.problem.contains("n.0.num_batches_tracked") == true)
  }
}
