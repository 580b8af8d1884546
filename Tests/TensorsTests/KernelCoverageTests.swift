import Compute
import Tensors
import TestSupport
import Testing

/// Runs every kernel of every file once on tiny shapes and fails where one was left out.
///
/// `Tools/oclgrind.sh` runs this suite in Oclgrind, which checks each access to memory and each pair of work-items: a
/// new kernel is checked as soon as this suite, which will ask for it, launches it. Values are held to nothing here.
@Suite(.serialized) struct KernelCoverageTests {
  @Test(arguments: OpenCLDevice.countIfAny > 0 ? [KernelFamily.vector, .tile] : [])
  func everyKernelIsLaunched(_ family: KernelFamily) throws {
    // The tile family cuts sums for a device of several units only, and Oclgrind's has one.
    let device = try OpenCLDevice(
      index: 0, family: family, computeUnits: family == .tile ? 16 : nil, programCache: nil)
    // Without slack behind a buffer, Oclgrind sees the first byte that is read or written past its end.
    device.allocatesExactly = true
    let profiler = Profiler()
    device.profiler = profiler
    let sweep = KernelSweep(device: device)
    try sweep.elements()
    try sweep.matrices()
    try sweep.convolutions()
    try sweep.pooling()
    try sweep.normalisation()
    try sweep.losses()
    try sweep.optimizers()
    try sweep.dropoutAndBatches()
    try device.synchronize()

    let launched = Set(profiler.report.map(\.kernel))
    let missing = KernelTable.names(of: family, tiles: device.properties.registerTiles).subtracting(launched)
    #expect(missing.isEmpty, "\(family) family: no test launches \(missing.sorted().joined(separator: ", "))")
  }
}

extension OpenCLDevice {
  fileprivate static var countIfAny: Int { (try? OpenCLDevice.available().count) ?? 0 }
}

extension KernelTable {
  /// Names of the kernels that a device of the family uses, those of register tiles for each tile.
  fileprivate static func names(of family: KernelFamily, tiles: [RegisterTile]) -> Set<String> {
    let used = entries.filter { entry in
      let isOfVectorFamily = vectorPrograms.contains(entry.program)
      return family == .tile ? !isOfVectorFamily : !entry.hasLocalMemory
    }
    let names = Set(used.flatMap { $0.names(for: tiles) })
    // The other kernels of its program serve both families.
    return family == .tile ? names.subtracting(["chunk_sum", "chunk_square_sum"]) : names
  }

  /// Programs that the tile family has others for, and those that only processors use.
  private static let vectorPrograms: Set = [
    "batch_norm", "batch_norm_pool", "column_sum", "dropout", "dropout_pool", "group_norm", "layout", "loss", "softmax",
    "gemm", "conv2d", "conv2d_batch", "conv2d_depthwise", "conv2d_dot", "conv2d_first", "conv2d_first_norm",
    "conv2d_from_one", "conv2d_prepare", "conv2d_to_one", "winograd", "pointwise_loss",
    "weighted_cross_entropy",
  ]
}

/// Operators on tiny odd shapes, with their gradients.
private final class KernelSweep {
  let device: OpenCLDevice
  private var random = SeededGenerator(seed: 1)

  init(device: OpenCLDevice) { self.device = device }

  /// Values of a tensor that wants a gradient.
  private func leaf(_ shape: [Int]) throws -> Tensor {
    let values = try constant(shape)
    let slot = GradientSlot(tensor: try device.zeros(shape))
    return Tensor(shape: shape, buffer: values.buffer, gradient: slot, requiresGradient: true)
  }

  private func constant(_ shape: [Int]) throws -> Tensor { try device.tensor(shape, random.gaussians(shape).floats) }

  /// Runs an operator and its gradients; twice, so that gradients are overwritten once and added to once.
  private func differentiate(_ body: () throws -> Tensor) throws {
    for _ in 0..<2 {
      let tape = Tape()
      let y = try tape.recording(body)
      try tape.backward(from: y, seed: constant(y.shape))
    }
  }

  func elements() throws {
    let a = try leaf([3, 7]), b = try leaf([3, 7])
    for kind in [Activation.relu, .leakyReLU(negativeSlope: 0.1), .sigmoid, .tanh] {
      try differentiate { try add(activation(a, kind), activation(b, kind)) }
    }
    try differentiate { try add(silu(a), add(gelu(a), gelu(b, approximates: true))) }
    let image = try leaf([2, 3, 2, 5])
    try differentiate { try unflatten(flatten(image), channels: 5, height: 3, width: 2) }
    try differentiate { try sum(image) }
    try differentiate { try mean(image) }
    _ = try argMax(a)
    _ = try exponential(a)
    let items = 3
    let out = try device.allocate(byteCount: items * 4)
    try device.launch(
      Kernel("peak", "peak_multiply_add"), over: Grid(items, local: (1, 1, 1)),
      [.buffer(out), .int(3), .float(0.5), .float(1)])
  }

  func matrices() throws {
    for (m, n, k) in [(1, 1, 1), (5, 3, 7), (2, 37, 3), (19, 18, 17), (2, 3, 530), (2, 3, 1030), (130, 65, 130)] {
      for (transposeA, transposeB) in [(false, false), (true, true)] {
        let a = try constant(transposeA ? [k, m] : [m, k]), b = try constant(transposeB ? [n, k] : [k, n])
        for route in device.traits.isVector ? ["strips", "packed"] : ["local-tile"] {
          _ = try gemm(
            a, b, transposeA: transposeA, transposeB: transposeB, alpha: 2, beta: 1, c: constant([m, n]), route: route)
        }
      }
    }
    let x = try leaf([3, 5]), w = try leaf([5, 18]), bias = try leaf([18])
    try differentiate { try linear(x, weight: w, bias: bias, activation: .relu) }
  }

  func convolutions() throws {
    let odd = ConvGeometry(
      kernelSize: Pair(3, 2), stride: Pair(2, 1), padding: 1, dilation: Pair(1, 2), outputPadding: 0)
    var grouped = odd
    grouped.groups = 2
    let plain = ConvGeometry(kernelSize: 2)
    for (channels, outputs, geometry) in [(1, 1, plain), (3, 5, odd), (4, 6, grouped), (6, 34, odd), (34, 2, grouped)] {
      let groups = geometry.groups
      let (h, w) = (geometry.kernelSize.height, geometry.kernelSize.width)
      let x = try leaf([2, 5, 4, channels]), bias = try leaf([outputs])
      let weight = try leaf([h, w, channels / groups, outputs])
      try differentiate { try conv2d(x, weight: weight, bias: bias, geometry, activation: .relu) }
      let transposedWeight = try leaf([h, w, outputs / groups, channels])
      try differentiate { try convTranspose2d(x, weight: transposedWeight, bias: bias, geometry) }
    }
    try fewChannels()
    try manyImages()
    let deep = try leaf([2, 4, 5, 3]), deepWeight = try leaf([3, 3, 1, 3])
    try differentiate { try conv2d(deep, weight: deepWeight, bias: nil, ConvGeometry(kernelSize: 3, groups: 3)) }
    // Distances with a common divisor: what lies between is left out.
    let sparse = try leaf([2, 7, 6, 3]), sparseWeight = try leaf([2, 2, 3, 5])
    try differentiate {
      try conv2d(
        sparse, weight: sparseWeight, bias: nil, ConvGeometry(kernelSize: 2, stride: 2, padding: 1, dilation: 2))
    }
    try cells()
    // Enough pixels for the tile family to cut their sum.
    let x = try leaf([1, 25, 25, 1]), weight = try leaf([1, 1, 1, 1])
    try differentiate { try conv2d(x, weight: weight, bias: nil, ConvGeometry(kernelSize: 1)) }
  }

  /// Convolutions of one channel, and transposed ones to few.
  private func fewChannels() throws {
    // A first layer.
    let image = try constant([2, 4, 5, 1]), filters = try leaf([3, 3, 1, 5])
    try differentiate { try conv2d(image, weight: filters, bias: nil, ConvGeometry(kernelSize: 3, padding: 1)) }
    // From one channel, with larger filters.
    for width in 4...7 {
      for stride in 1...2 {
        let x = try leaf([2, 5, 9, 1]), weight = try leaf([3, width, 1, 5])
        let geometry = ConvGeometry(kernelSize: Pair(3, width), stride: Pair(both: stride), padding: 1)
        try differentiate { try conv2d(x, weight: weight, bias: nil, geometry) }
      }
    }
    // Transposed to few channels, with filters of several rows and of one.
    for (outputs, kernelSize) in [(1, Pair(3, 2)), (1, Pair(1, 3)), (2, Pair(2, 2))] {
      let x = try leaf([2, 4, 7, 3]), weight = try leaf([kernelSize.height, kernelSize.width, outputs, 3])
      try differentiate {
        try convTranspose2d(x, weight: weight, bias: nil, ConvGeometry(kernelSize: kernelSize, stride: 2, padding: 1))
      }
    }
    for side in 2...6 {
      for (stride, padding) in [(1, 1), (2, 0), (2, 1)] {
        let y = try constant([2, 5, 3, 17]), weight = try constant([side, side, 1, 17])
        let geometry = ConvGeometry(
          kernelSize: Pair(both: side), stride: Pair(both: stride), padding: Pair(both: padding))
        _ = try convTranspose2d(y, weight: weight, bias: nil, geometry)
      }
    }
  }

  /// Enough images to fill the tiles whose rows are images, pooled and not.
  private func manyImages() throws {
    let many = 4 * device.properties.registerTiles[0].rows + 1
    for outputs in [3, 34] {
      let x = try leaf([many, 2, 3, 3]), weight = try leaf([2, 2, 3, outputs])
      try differentiate { try conv2d(x, weight: weight, bias: nil, ConvGeometry(kernelSize: 2, padding: 1)) }
      let transposedWeight = try leaf([2, 2, outputs, 3])
      try differentiate {
        try convTranspose2d(x, weight: transposedWeight, bias: nil, ConvGeometry(kernelSize: 2, stride: 2))
      }
    }
    for (channels, outputs) in [(1, 5), (3, 3), (3, 34)] {
      let x = try channels == 1 ? constant([many, 4, 5, channels]) : leaf([many, 4, 5, channels])
      let weight = try leaf([3, 3, channels, outputs]), bias = try leaf([outputs])
      try differentiate {
        try Joined.conv2dMaxPool2d(
          x, weight: weight, bias: bias, ConvGeometry(kernelSize: 3, padding: 1), PoolGeometry(kernelSize: 2))
      }
    }
    let grey = try constant([many, 5, 4, 1]), greyWeight = try leaf([3, 3, 1, 17])
    try differentiate {
      try Joined.conv2dReluDropoutMaxPool2d(
        grey, weight: greyWeight, bias: nil, ConvGeometry(kernelSize: 3, padding: 1), PoolGeometry(kernelSize: 2),
        probability: 0.3, key: DropoutKey(seed: 1, layer: 2, step: 3))
    }
    let ones = try device.filled([17], with: 1), zeros = try device.zeros([17])
    try differentiate {
      try Joined.conv2dBatchNorm2dPool2d(
        grey, weight: greyWeight, bias: nil, ConvGeometry(kernelSize: 3),
        BatchNormArguments(weight: ones, bias: zeros, runningMean: zeros, runningVariance: ones, training: true), .max,
        PoolGeometry(kernelSize: 2))
    }
  }

  /// Filters of 3×3 in cells of 2×2 outputs, with each register tile: they have too many channels to choose a narrow one.
  private func cells() throws {
    let log = ProductLog()
    device.tuning.log = log
    try cellOperators()
    device.tuning = Tuning()
    if device.properties.family == .tile { return }
    for tile in device.properties.registerTiles.dropFirst() {
      let narrow = TunedKernel.vector(rows: tile.rows, vectors: tile.vectors)
      device.tuning = Tuning(Dictionary(uniqueKeysWithValues: log.products.map { ($0.product, narrow) }))
      try cellOperators()
    }
    device.tuning = Tuning()
  }

  private func cellOperators() throws {
    let geometry = ConvGeometry(kernelSize: 3, padding: 1)
    let x = try leaf([2, 5, 4, 16]), weight = try leaf([3, 3, 16, 48]), bias = try leaf([48])
    try differentiate { try conv2d(x, weight: weight, bias: bias, geometry) }
    // Enough images to pool what is convolved.
    let many = 4 * device.properties.registerTiles[0].rows
    let images = try leaf([many, 3, 4, 16])
    try differentiate {
      try Joined.conv2dMaxPool2d(images, weight: weight, bias: bias, geometry, PoolGeometry(kernelSize: 2))
    }
  }

  func pooling() throws {
    let x = try leaf([2, 5, 7, 3])
    let cells2 = PoolGeometry(kernelSize: 2), cells3 = PoolGeometry(kernelSize: 3)
    let key = DropoutKey(seed: 1, layer: 2, step: 3)
    try differentiate { try Joined.reluDropoutMaxPool2d(x, cells2, probability: 0.3, key: key) }
    if device.traits.poolsIn2x2(cells2) { try dropoutAndPoolingBy2x2(x) }
    let overlapping = PoolGeometry(kernelSize: 3, stride: 2, padding: 1, countIncludePad: false)
    for geometry in [cells2, cells3, overlapping] {
      try differentiate { try maxPool2d(x, geometry) }
      try differentiate { try avgPool2d(x, geometry) }
    }
  }

  /// Dropout behind products, and before and behind a pooling that is joined to a convolution and is not, in whole vectors
  /// and not, and with slices of the sums over k.
  private func dropoutAndPoolingBy2x2(_ x: Tensor) throws {
    let mask = DropoutMask(probability: 0.3, key: DropoutKey(seed: 1, layer: 2, step: 3))
    let geometry = ConvGeometry(kernelSize: 2)
    for outputs in [5, 8] {
      let weight = try leaf([2, 2, 3, outputs]), transposed = try leaf([2, 2, outputs, 3])
      for isBefore in [false, true] {
        let window = WindowFunction(isReLU: true, dropout: mask, isBefore: isBefore)
        try differentiate { try FusedOps.conv2dMaxPool2x2(x, weight: weight, bias: nil, geometry, window) }
        try differentiate { try FusedOps.maxPool2x2(x, window) }
      }
      try differentiate { try conv2d(x, weight: weight, bias: nil, geometry, epilogue: .reluDropout(mask)) }
      try differentiate {
        try convTranspose2d(x, weight: transposed, bias: nil, geometry, epilogue: .reluDropout(mask))
      }
      for inputs in [12, 600] {
        let rows = try leaf([3, inputs]), weight = try leaf([inputs, outputs])
        try differentiate { try linear(rows, weight: weight, bias: nil, epilogue: .reluDropout(mask)) }
      }
    }
    let deep = try leaf([1, 5, 6, 64]), weight = try leaf([2, 2, 64, 8])
    let window = WindowFunction(isReLU: true, dropout: mask, isBefore: true)
    try differentiate { try FusedOps.conv2dMaxPool2x2(deep, weight: weight, bias: nil, geometry, window) }
  }

  func normalisation() throws {
    for (channels, groups) in [(6, 2), (20, 1)] {
      let x = try leaf([2, 3, 2, channels]), weight = try leaf([channels]), bias = try leaf([channels])
      try differentiate { try groupNorm(x, groups: groups, weight: weight, bias: bias) }
      try differentiate { try groupNorm(x, groups: groups) }
    }
    let x = try leaf([2, 3, 5, 3]), weight = try leaf([3]), bias = try leaf([3])
    let mean = try device.zeros([3]), variance = try device.tensor([3], [1, 1, 1])
    for training in [true, false] {
      try differentiate {
        try batchNorm2d(
          x, weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: training,
          activation: .relu)
      }
      for pooling in [Pooling.max, .average] {
        try differentiate {
          try Joined.batchNorm2dPool2d(
            x, weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: training, pooling,
            PoolGeometry(kernelSize: 2))
        }
      }
    }
  }

  func losses() throws {
    let metrics = try RunningMetrics(on: device)
    let logits = try leaf([5, 3]), labels = try device.labels([0, 2, 1, 1, 0])
    try differentiate { try crossEntropy(logits, labels: labels, metrics: metrics) }
    let prediction = try leaf([3, 7]), target = try constant([3, 7])
    try differentiate { try meanSquaredError(prediction, target, metrics: metrics) }
    try differentiate { try huberLoss(prediction, target) }
    try differentiate { try binaryCrossEntropyWithLogits(prediction, target) }
    let weights = try ClassWeights([1, 2, 3], on: device)
    try differentiate { try crossEntropy(logits, labels: labels, weights: weights, labelSmoothing: 0.1) }
    try clip(gradients: constant([3, 7]), toNorm: 1)
    let halves = try leaf([5, 34])
    try differentiate {
      try penalizeAbsoluteValues(of: halves, weight: 0.5)
      let z = try sampleNormal(halves, divergenceWeight: 0.5, key: DropoutKey(seed: 1, layer: 2, step: 3))
      return try meanSquaredError(z, constant([5, 17]))
    }
    _ = try means(of: halves)
    try updateMovingAverage(constant([37]), by: constant([37]), share: 0.25)
    try differentiate { try mean(concatenate([leaf([3, 5]), leaf([3, 2])])) }
    _ = try correctCount(logits, labels)
    _ = try metrics.values()
  }

  func optimizers() throws {
    let parameters = try constant([37]), gradients = try constant([37])
    let first = try device.zeros([37]), second = try device.zeros([37])
    try adamStep(
      parameters: parameters, gradients: gradients, firstMoment: first, secondMoment: second, learningRate: 0.1,
      weightDecay: 0.1, step: 1)
    try sgdStep(
      parameters: parameters, gradients: gradients, velocity: first, learningRate: 0.1, momentum: 0.9, nesterov: true)
    try rmspropStep(
      parameters: parameters, gradients: gradients, squareAverage: second, gradientAverage: device.zeros([37]),
      velocity: first, learningRate: 0.1, momentum: 0.9)
    if device.traits.isVector { return }
    // Gradients in parts, and a loss to finish.
    let arena = try PartsArena(on: device)
    let slot = GradientSlot(tensor: gradients, partsIn: arena)
    let parameter = Tensor(shape: [37], buffer: parameters.buffer, gradient: slot, requiresGradient: true)
    for kernel in 0..<3 {
      let parts = try Tape().gradientTarget(of: parameter)!.parts(3)
      try parts.buffer.write(random.gaussians([3 * 37]).floats)
      try parts.add()
      let table = try GradientTable([(0, 37)], [slot.parts?.place], on: device)
      let metrics = try RunningMetrics(on: device), logits = try leaf([5, 3])
      let loss = try Tape().recordingLoss {
        try crossEntropy(logits, labels: device.labels([0, 2, 1, 1, 0]), metrics: metrics)
      }
      let sums = try GradientSums(table, of: [slot], in: arena, finishing: loss.pending)
      switch kernel {
      case 0:
        try adamStep(
          parameters: parameters, gradients: gradients, sums: sums, firstMoment: first, secondMoment: second,
          learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, isDecoupled: false, step: 1)
      case 1:
        try sgdStep(
          parameters: parameters, gradients: gradients, sums: sums, velocity: first, learningRate: 0.1, momentum: 0.9,
          nesterov: false, weightDecay: 0)
      default:
        try rmspropStep(
          parameters: parameters, gradients: gradients, sums: sums, squareAverage: second,
          gradientAverage: device.zeros([37]), velocity: first, learningRate: 0.1, alpha: 0.9, epsilon: 1e-8,
          momentum: 0.9, weightDecay: 0)
      }
      slot.clear()
    }
  }

  func dropoutAndBatches() throws {
    let x = try leaf([3, 67])
    let key = DropoutKey(seed: 1, layer: 2, step: 3)
    try differentiate { try dropout(x, probability: 0.3, key: key) }
    try differentiate { try reluDropout(x, probability: 0.3, key: key) }
    _ = try philoxBlocks(on: device, count: 3, counter: (0, 0, 2, 3), key: (1, 0))
    let images = try device.allocate(byteCount: 4 * 15), labels = try device.allocate(byteCount: 8)
    let order = try device.allocate(byteCount: 4 * 4)
    try images.write((0..<60).map(UInt8.init))
    try labels.write([1, 2, 3, 4] as [UInt16])
    try order.write([3, 1, 0, 2] as [Int32])
    _ = try gatherBatch(images, height: 5, width: 3, order: order, offset: 1, count: 3)
    let scaling = try ChannelScaling(scales: [1, 2, 3], shifts: [0, 1, 2], on: device)
    _ = try gatherBatch(images, height: 1, width: 5, order: order, offset: 1, count: 3, by: scaling)
    _ = try gatherLabels(labels, order: order, offset: 1, count: 3)
    let changes = try ImageChanges(count: 4, on: device)
    var change = ImageChange()
    change.column = [0.8, 0.6, -1.5]
    change.row = [-0.6, 0.8, 1.25]
    try changes.set([change, change, change, change])
    let changed = try gatherBatch(
      images, height: 1, width: 5, order: order, offset: 1, count: 3, by: scaling, changes: changes, fill: 9)
    _ = try addNoise(to: changed, order: order, offset: 1, deviation: 2, by: scaling, changes: changes)
  }
}
