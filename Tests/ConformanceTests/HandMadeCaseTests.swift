import Foundation
import TelarBench
import TelarNN
import TestSupport
import Testing

/// Cases that nobody generated: fewer results, pairs for numbers, and all that can be wrong with them.
@Suite struct HandMadeCaseTests {
  let folder: CaseFolder

  init() throws { folder = try CaseFolder() }

  private typealias Tensors = [(name: String, shape: [Int], values: [Float])]

  @Test func aCaseMayHoldTheOutputOnly() throws {
    let result = try folder.result(
      #"{"op":"relu","attributes":{},"exact":true}"#, [("input", [3], [-1, 0, 2]), ("output", [3], [-0.0, 0, 2])])
    #expect(result.isPassed && result.worst == 0, "\(result)")
  }

  @Test func attributesMayBePairs() throws {
    // Rows stride 2, columns stride 1: sums of 1×2 windows of the first and third row.
    let tensors: Tensors = [
      ("input", [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]), ("weight", [1, 1, 1, 2], [1, 1]),
      ("output", [1, 1, 2, 2], [3, 5, 15, 17]),
    ]
    let result = try folder.result(#"{"op":"conv2d","attributes":{"stride":[2,1]},"exact":true}"#, tensors)
    #expect(result.isPassed, "\(result)")
    let pool = try folder.result(
      #"{"op":"max_pool2d","attributes":{"kernel_size":[1,2],"stride":[2,1],"padding":[0,1]},"exact":true}"#,
      [("input", [1, 1, 3, 2], [1, 2, 3, 4, 5, 6]), ("output", [1, 1, 2, 3], [1, 2, 2, 5, 6, 6])])
    #expect(pool.isPassed, "\(pool)")
  }

  @Test(arguments: [
    (#"{"op":"frobnicate","attributes":{}}"#, "unknown operator \"frobnicate\""),
    (#"{"op":"fold","attributes":{"p":0.5}}"#, "unknown operator \"fold\""),
    (#"{"op":"relu","attributes":{"slope":1}}"#, "no keyword is named \"slope\""),
    (#"{"op":"relu","attributes":[]}"#, "lacks the op or the attributes"),
    (#"{"op":7,"attributes":{}}"#, "lacks the op or the attributes"),
    (#"{"op":"relu"}"#, "lacks the op or the attributes"),
    (#"{"op":"relu","attributes":{},"exact":1}"#, "exact must be true or false"),
    ("[1,2", "its metadata is broken"),
    (#"{"op":"max_pool2d","attributes":{"kernel_size":2}}"#, "input must have 4 dimensions"),
    (#"{"op":"leaky_relu","attributes":{"negative_slope":"steep"}}"#, "negative_slope must be a number"),
    (#"{"op":"relu","attributes":{"tolerance":3}}"#, "tolerance must be an object"),
    (#"{"op":"relu","attributes":{"tolerance":{"absolute":1}}}"#, "tolerance lacks relative"),
    (#"{"op":"mse","attributes":{}}"#, "has no tensor target"),
  ])
  func brokenMetadataFailsTheCase(metadata: String, message: String) throws {
    let result = try folder.result(metadata, [("input", [2], [1, 2]), ("output", [2], [1, 2])])
    #expect(!result.isPassed && result.worst == nil)
    #expect(result.error?.contains(message) == true, "\(result)")
  }

  @Test(arguments: [
    #"{"stride":0}"#, #"{"stride":-1}"#, #"{"stride":[1,1,1]}"#, #"{"stride":[]}"#, #"{"stride":1.5}"#,
    #"{"stride":"1"}"#,
    #"{"stride":null,"padding":null,"dilation":null,"groups":null}"#, #"{"padding":"same"}"#, #"{"padding":-1}"#,
    #"{"dilation":0}"#, #"{"dilation":9999999999999999999}"#, #"{"dilation":16777216}"#, #"{"padding":16777216}"#,
    #"{"groups":0}"#, #"{"groups":3}"#, #"{"groups":true}"#, #"{"groups":2}"#,
  ])
  func malformedAttributesFailTheCase(attributes: String) throws {
    let result = try folder.result(
      #"{"op":"conv2d","attributes":\#(attributes)}"#,
      [
        ("input", [1, 2, 3, 3], [Float](repeating: 1, count: 18)),
        ("weight", [1, 2, 2, 2], [Float](repeating: 1, count: 8)),
        ("output", [1, 1, 2, 2], [8, 8, 8, 7]),
      ])
    #expect(!result.isPassed && result.error != nil, "\(attributes): \(result)")
  }

  /// A stride past the image and a dilation of a single tap mean nothing, and PyTorch takes them.
  @Test(arguments: TestDevices.all) func stepsLongerThanTheImageAreTaken(_ on: TestDevice) throws {
    let tensors: Tensors = [
      ("input", [1, 1, 2, 2], [1, 2, 3, 4]), ("weight", [1, 1, 1, 2], [1, 1]), ("output", [1, 1, 1, 1], [3]),
      ("grad_output", [1, 1, 1, 1], [2]), ("grad_input", [1, 1, 2, 2], [2, 2, 0, 0]),
      ("grad_weight", [1, 1, 1, 2], [2, 4]),
    ]
    let conv = try folder.result(
      #"{"op":"conv2d","attributes":{"stride":16777216,"dilation":[16777216,1]},"exact":true}"#, tensors, on: on)
    #expect(conv.isPassed, "\(conv)")
    let transposed = try folder.result(
      #"{"op":"conv_transpose2d","attributes":{"stride":16777216,"output_padding":[0,1]},"exact":true}"#,
      [
        ("input", [1, 1, 1, 1], [3]), ("weight", [1, 1, 1, 2], [1, 2]), ("output", [1, 1, 1, 3], [3, 6, 0]),
        ("grad_output", [1, 1, 1, 3], [1, 2, 4]), ("grad_input", [1, 1, 1, 1], [5]),
        ("grad_weight", [1, 1, 1, 2], [3, 6]),
      ], on: on)
    #expect(transposed.isPassed, "\(transposed)")
    let pool = try folder.result(
      #"{"op":"avg_pool2d","attributes":{"kernel_size":2,"stride":16777216},"exact":true}"#,
      [
        ("input", [1, 1, 2, 3], [1, 2, 3, 4, 5, 6]), ("output", [1, 1, 1, 1], [3]),
        ("grad_output", [1, 1, 1, 1], [4]), ("grad_input", [1, 1, 2, 3], [1, 1, 0, 1, 1, 0]),
      ], on: on)
    #expect(pool.isPassed, "\(pool)")
  }

  @Test func wrongShapesFailTheCase() throws {
    let conv = #"{"op":"conv2d","attributes":{}}"#
    func fails(_ metadata: String, _ tensors: Tensors, _ message: String) throws {
      let result = try folder.result(metadata, tensors)
      #expect(!result.isPassed && result.error?.contains(message) == true, "\(result)")
    }
    let x: (String, [Int], [Float]) = ("input", [1, 1, 2, 2], [1, 2, 3, 4])
    let w: (String, [Int], [Float]) = ("weight", [1, 1, 1, 1], [1])
    try fails(conv, [x, w], "holds no result")
    try fails(conv, [x, w, ("output", [4], [1, 2, 3, 4])], "output has shape [1, 1, 2, 2] and should have [4]")
    try fails(conv, [x, ("weight", [1, 2, 1, 1], [1, 1]), ("output", [1], [1])], "does not fit")
    try fails(conv, [x, w, ("bias", [2], [1, 1]), ("output", [1], [1])], "bias")
    try fails(conv, [x, w, ("grad_output", [1], [1]), ("output", [1, 1, 2, 2], [1, 2, 3, 4])], "grad_output")
    try fails(conv, [x, w, ("grad_input", [1, 1, 2, 2], [1, 2, 3, 4])], "gives no grad_input")
    try fails(conv, [("input", [1, 1, 0, 2], []), w, ("output", [1], [1])], "is empty")
    try fails(
      #"{"op":"cross_entropy","attributes":{}}"#,
      [("input", [1, 2], [0, 0]), ("target", [1], [2]), ("output", [1], [0.6931472])], "no class from 0 to 1")
    try fails(
      #"{"op":"adam","attributes":{"learning_rate":0.1,"steps":3}}"#,
      [("input", [2], [0, 0]), ("grads", [2, 2], [1, 1, 1, 1]), ("output", [2], [0, 0])],
      "not one for each of the steps")
    try fails(
      #"{"op":"relu","attributes":{}}"#,
      [("input", [1], [1]), ("output", [1], [1]), ("magnitude.output", [1], [1])], "no attribute terms.output")
  }

  /// Cases of some hundred bytes that would take gigabytes or hours: refused before anything is made.
  @Test(
    arguments: [
      (#"{"op":"conv_transpose2d","attributes":{"stride":8000}}"#, "makes an array of"),
      (#"{"op":"conv_transpose2d","attributes":{"stride":16777216}}"#, "more elements than"),
      (#"{"op":"conv2d","attributes":{"padding":8000,"stride":16000}}"#, "makes an array of"),
      (#"{"op":"conv2d","attributes":{"padding":16777216}}"#, "more elements than"),
      (#"{"op":"avg_pool2d","attributes":{"kernel_size":16777216,"padding":8388608,"stride":1}}"#, nil),
    ] as [(String, String?)])
  func largeCasesFail(metadata: String, message: String?) throws {
    let ones = [Float](repeating: 1, count: 16)
    let result = try folder.result(
      metadata, [("input", [1, 1, 4, 4], ones), ("weight", [1, 1, 2, 2], [1, 1, 1, 1]), ("output", [1], [1])])
    #expect(!result.isPassed && result.error != nil)
    #expect(message.map { result.error!.contains($0) } ?? true, "\(result)")
  }

  @Test func longProductsFail() throws {
    let column = [Float](repeating: 1, count: 5_000)
    let result = try folder.result(
      #"{"op":"gemm","attributes":{}}"#, [("a", [5_000, 1], column), ("b", [1, 5_000], column), ("output", [1], [1])])
    #expect(
      result.error?.contains("makes an array of 25000000 numbers, over the limit of 16777216") == true, "\(result)")
  }

  @Test func notANumberFails() throws {
    let relu = #"{"op":"relu","attributes":{}}"#
    let result = try folder.result(relu, [("input", [2], [1, .nan]), ("output", [2], [1, 2])])
    #expect(!result.isPassed && result.worst == nil)
    #expect(result.error == "output[1] is nan and should be 2.0")
    let infinite = try folder.result(relu, [("input", [1], [.infinity]), ("output", [1], [3e38])])
    #expect(!infinite.isPassed && infinite.worst == nil)
    let expected = try folder.result(relu, [("input", [2], [.infinity, 1]), ("output", [2], [.infinity, 1])])
    #expect(expected.isPassed)
  }

  @Test func foldersWithoutGoldenFilesAreErrors() throws {
    func kind(_ path: String) -> ConformanceError.Kind? {
      #expect(throws: ConformanceError.self) { try GoldenFolder(path) }?.kind
    }
    #expect(kind(folder.path) == .unusable)
    #expect(kind(folder.path + "/nowhere") == .missing)
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder.path + "/other.safetensors"))
    #expect(kind(folder.path) == .unusable)
    #expect(kind(folder.path + "/other.safetensors") == .unusable)
    try SafetensorsWriter().write(to: folder.path + "/op-empty.safetensors")
    #expect(kind(folder.path) == .unusable)
    try FileManager.default.removeItem(atPath: folder.path + "/op-empty.safetensors")
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder.path + "/op-broken.safetensors"))
    #expect(kind(folder.path) == .unusable)
    try FileManager.default.removeItem(atPath: folder.path + "/op-broken.safetensors")
    try FileManager.default.createDirectory(
      atPath: folder.path + "/op-folder.safetensors", withIntermediateDirectories: true)
    #expect(kind(folder.path) == .unusable)
  }
}
