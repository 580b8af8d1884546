import Foundation
import TelarNN
import TestSupport
import Testing

/// Random networks by their plan, which merges layers into operators, against the same networks layer by layer: the output,
/// every gradient, the running statistics and the batches counted, in training and in evaluation.
///
/// Two thirds of the networks compute on a grid, where sums are exact in any order and both ways must agree to the bit.
@Suite struct ChainTests {
  private static let chainsPerDevice = 800

  @Test(arguments: TestDevices.all.indices)
  func theirPlanComputesWhatTheirLayersDo(deviceIndex: Int) throws {
    let folder = try TemporaryFolder()
    try TestDevices.all[deviceIndex].use { device in
      let profiler = Profiler()
      device.profiler = profiler
      defer { device.profiler = nil }
      var (compared, exact, withoutGradients) = (0, 0, 0)
      // Drivers compile the tile family's kernels for each tile and size of work-group, which takes longer than the chains.
      let count = device.traits.isVector ? Self.chainsPerDevice : Self.chainsPerDevice / 8
      for index in 0..<count {
        let chain = RandomChain(seed: UInt64(deviceIndex * Self.chainsPerDevice + index))
        for mode in [Mode.training(step: chain.step), .evaluation] {
          let planned = try Outcome(chain, on: device, mode, statisticsFile: folder.path + "/a") { try $0($1, mode) }
          var sensitivity = Sensitivity(chain, mode)
          let plain = try Outcome(chain, on: device, mode, statisticsFile: folder.path + "/b") {
            try layerByLayer($0, $1, mode, &sensitivity)
          }
          let comparison = Comparison(plain, sensitivity, mode)
          compared += 1
          exact += comparison.isExact ? 1 : 0
          withoutGradients += comparison.leavesOutGradients ? 1 : 0
          if let difference = comparison.difference(of: planned) {
            Issue.record("\(difference) on \(device.properties.identifier) in \(mode): \(chain)")
            return
          }
        }
      }
      #expect(exact * 2 > compared && withoutGradients * 10 < compared, "\(exact), \(withoutGradients) of \(compared)")
      try device.synchronize()
      if device is CPUDevice { expectKernels(profiler) }
      if !device.traits.isVector {
        let launched = Set(profiler.report.map(\.kernel))
        for name in ["conv2d_max_pool_2x2_tile", "pool_max_relu_2x2_tile"] {
          #expect(launched.contains(name), "\(name) was not met")
        }
      }
    }
  }

  /// Those that only merged layers launch, or that only certain shapes do, were among them.
  private func expectKernels(_ profiler: Profiler) {
    let launched = profiler.report.map(\.kernel)
    for name in [
      "conv2d_first", "conv2d_first_pool", "conv2d_first_dropout_pool", "conv2d_first_pool_weight_gradient",
      "conv2d_first_norm_pool", "conv2d_first_norm_weight_gradient", "conv2d_from_one",
      "conv2d_from_one_weight_gradient", "conv2d_to_one", "conv2d_transposed_dot", "conv2d_collect", "conv2d_window",
      "conv2d_batch", "conv2d_pool", "conv2d_transposed", "conv2d_weight_gradient", "winograd_forward",
      "winograd_weight_gradient",
      "batch_norm_pool_forward", "batch_norm_pool_backward", "relu_dropout_pool_2x2", "pool_max_forward",
      "pool_average_forward",
    ] {
      // The names of kernels with a register tile end in it: `conv2d_window_6x2`.
      let isMet = launched.contains { launchedName in
        launchedName == name
          || launchedName.hasPrefix(name + "_") && launchedName.dropFirst(name.count + 1).first!.isNumber
      }
      #expect(isMet, "\(name) was not met")
    }
  }

  /// Runs each layer by itself, and notes what the result depends on.
  private func layerByLayer(
    _ network: Network, _ x: Tensor, _ mode: Mode, _ sensitivity: inout Sensitivity
  ) throws -> Tensor {
    var y = x
    for (part, runner) in zip(network.architecture.parts, network.parts) {
      for (index, layer) in part.layers.layers.enumerated() {
        try sensitivity.note(layer, isFrozen: part.isFrozen, y)
        y = try runner.runLayer(index, on: y, mode)
      }
    }
    return y
  }
}

/// What a network made of its batch.
private struct Outcome {
  let output: [Float]
  /// Of each parameter that trains and, where it is wanted, of the input; empty where none has come.
  let gradients: [(name: String, values: [Float])]
  let statistics: [(name: String, values: [Float])]
  let batchesTracked: [Int64]

  init(
    _ chain: RandomChain, on device: any Device, _ mode: Mode, statisticsFile: String,
    forward: (Network, Tensor) throws -> Tensor
  ) throws {
    let network = try Network(Architecture(chain.parts), on: device, inputShape: chain.inputShape, seed: chain.seed)
    try chain.initialize(network)
    let data = chain.data()
    let x =
      try chain.wantsInputGradient ? parameter(data.x, on: device) : device.tensor(data.x.shape, data.x.floats)
    let tape = Tape()
    if mode == .evaluation {
      output = try forward(network, x).values()
      gradients = []
    } else {
      let y = try tape.recording { try forward(network, x) }
      output = try y.values()
      if y.requiresGradient, y !== x { try tape.backward(from: y, seed: device.tensor(data.dy.shape, data.dy.floats)) }
      let slots =
        network.parameters.map { ($0.key, $0.tensor.gradient) } + [("the input", x.gradient)]
      gradients = try slots.compactMap { name, slot in
        try slot.map { (name, $0.isSet ? try $0.tensor.values() : []) }
      }
    }
    statistics = try network.parameters.filter { $0.spec.role == .buffer }.map { ($0.key, try $0.values()) }
    batchesTracked = try statistics.isEmpty ? [] : Self.batchesTracked(network, statisticsFile)
  }

  private static func batchesTracked(_ network: Network, _ path: String) throws -> [Int64] {
    try Data(network.checkpoint().bytes).write(to: URL(fileURLWithPath: path))
    let file = try SafetensorsFile(path)
    return try file.tensors.map(\.key).filter { $0.hasSuffix("num_batches_tracked") }.flatMap {
      try file.values($0, as: Int64.self)
    }
  }
}

/// How far two correct ways of computing a chain may differ, from what one of them computes on its way.
private struct Sensitivity {
  let chain: RandomChain
  private let trains: Bool
  /// Terms of the longest sums.
  private(set) var terms = 1
  /// How much normalisation enlarges rounding errors at most.
  private(set) var condition = 1.0
  /// Whether a rounding error may decide which way a gradient goes: values beside zero before a ReLU, or beside one
  /// another in a window of max-pooling.
  private(set) var isAmbiguous = false

  /// Rounding errors of one layer, as a part of its largest value.
  private static let rounding = 4e-6

  init(_ chain: RandomChain, _ mode: Mode) {
    self.chain = chain
    trains = mode != .evaluation
  }

  /// Looks at what a layer is given.
  mutating func note(_ layer: any Layer, isFrozen: Bool, _ x: Tensor) throws {
    terms = max(terms, x.count / x.shape.last!, layer.parameters.first.map { $0.count / $0.shape[0] } ?? 1)
    if chain.isOnGrid || !trains { return }
    let values = try x.values().map(Double.init)
    let margin = Self.rounding * condition * (values.map { abs($0) }.max() ?? 0)
    switch layer {
    case is ReLU, is LeakyReLU: isAmbiguous = isAmbiguous || values.contains { $0 != 0 && abs($0) < margin }
    case let pool as MaxPool2d: isAmbiguous = isAmbiguous || hasTie(values, x.shape, pool.geometry, margin)
    case let norm as BatchNorm2d where !isFrozen: noteStatistics(values, norm)
    default: break
    }
  }

  private mutating func noteStatistics(_ values: [Double], _ norm: BatchNorm2d) {
    for channel in 0..<norm.channels {
      let own = stride(from: channel, to: values.count, by: norm.channels).map { values[$0] }
      let mean = own.reduce(0, +) / Double(own.count)
      let variance = own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(own.count)
      let largest = own.map { abs($0) }.max() ?? 0
      condition = max(condition, largest / (variance + Double(norm.epsilon)).squareRoot())
    }
  }

  /// Whether a window has a value within the margin of its largest, other than one that is zero for sure.
  private func hasTie(_ values: [Double], _ shape: [Int], _ pool: PoolGeometry, _ margin: Double) -> Bool {
    let size = pool.outputSize(of: Pair(shape[1], shape[2]))
    for image in 0..<shape[0] {
      for line in 0..<size.height {
        for place in 0..<size.width {
          let top = line * pool.stride.height - pool.padding.height
          let left = place * pool.stride.width - pool.padding.width
          for channel in 0..<shape[3] {
            var window: [Double] = []
            for y in max(0, top)..<min(shape[1], top + pool.kernelSize.height) {
              for x in max(0, left)..<min(shape[2], left + pool.kernelSize.width) {
                window.append(values[((image * shape[1] + y) * shape[2] + x) * shape[3] + channel])
              }
            }
            let largest = window.max() ?? 0
            if window.count(where: { largest - $0 < margin }) > 1, largest != 0 { return true }
          }
        }
      }
    }
    return false
  }
}

/// Holds an outcome against that of the layers one by one.
private struct Comparison {
  let plain: Outcome
  /// Whether all sums were exact.
  let isExact: Bool
  /// Whether gradients cannot be compared.
  let leavesOutGradients: Bool
  private let tolerance: Double
  private let largestGradient: Double

  init(_ plain: Outcome, _ sensitivity: Sensitivity, _ mode: Mode) {
    self.plain = plain
    let chain = sensitivity.chain
    let all = [plain.output] + plain.gradients.map(\.values)
    let largest = all.map(Self.largest).max() ?? 0
    // Sums on the way may be larger than what they come to, those of Winograd's transforms some sixteen times.
    isExact = chain.isOnGrid && largest * Double(1 << chain.fractionBits) * 64 < 0x1p24
    leavesOutGradients = mode != .evaluation && (chain.isOnGrid ? !isExact : sensitivity.isAmbiguous)
    tolerance = isExact ? 0 : 0x1p-20 * Double(sensitivity.terms).squareRoot() * sensitivity.condition
    largestGradient = plain.gradients.map { Self.largest($0.values) }.max() ?? 0
  }

  private static func largest(_ values: [Float]) -> Double { values.reduce(0) { max($0, Double(abs($1))) } }

  /// What differs first, in words; `nil` when nothing does.
  func difference(of other: Outcome) -> String? {
    if other.batchesTracked != plain.batchesTracked {
      return "batches counted are \(other.batchesTracked), not \(plain.batchesTracked)"
    }
    if let difference = difference("the output", other.output, plain.output) { return difference }
    for (ours, theirs) in zip(other.statistics, plain.statistics) {
      if let difference = difference(ours.name, ours.values, theirs.values) { return difference }
    }
    if leavesOutGradients { return nil }
    for (ours, theirs) in zip(other.gradients, plain.gradients) {
      // A sum may cancel: of the terms, the largest gradient gives the size.
      let name = "the gradient of \(ours.name)"
      if let difference = difference(name, ours.values, theirs.values, atLeast: largestGradient / 10) {
        return difference
      }
    }
    return nil
  }

  private func difference(
    _ name: String, _ values: [Float], _ expected: [Float], atLeast size: Double = 0
  ) -> String? {
    guard values.count == expected.count else { return "\(name) has \(values.count) values, not \(expected.count)" }
    let bound = tolerance * max(size, Self.largest(expected))
    for (index, (value, wanted)) in zip(values, expected).enumerated() {
      if !(abs(Double(value) - Double(wanted)) <= bound) {
        return "\(name) at \(index) is \(value), not \(wanted) (bound \(bound))"
      }
    }
    return nil
  }
}
