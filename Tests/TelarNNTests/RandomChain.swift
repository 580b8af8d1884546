import TelarNN
import TestSupport

/// A network of random layers that follow one another, in one part or two, and the batch that it runs on.
///
/// Everything follows from the seed: shapes of 1 to 12 pixels, few channels or 16 and 32 of them, a few images or enough
/// for tiles of images, parts that train or are frozen, an input that wants a gradient or not.
struct RandomChain: CustomStringConvertible {
  let seed: UInt64
  let parts: [Part]
  let inputShape: [Int]
  let outputShape: [Int]
  let batch: Int
  let wantsInputGradient: Bool
  let step: Int
  /// Whether all values and gradients are multiples of 2^-fractionBits, so that sums are exact in any order as long as
  /// they are small.
  let isOnGrid: Bool
  let fractionBits: Int

  init(seed: UInt64) {
    self.seed = seed
    var builder = ChainBuilder(seed: seed)
    (isOnGrid, batch, inputShape) = (builder.isOnGrid, builder.batch, builder.shape)
    builder.addBlocks()
    (outputShape, fractionBits) = (builder.shape, builder.fractionBits)
    let layers = builder.layers
    let end = builder.random.pick([layers.count, Int.random(in: 0...layers.count, using: &builder.random)])
    parts = [("first", layers[..<end]), ("second", layers[end...])].filter { !$0.1.isEmpty }.map { name, layers in
      Part(name, Sequential(Array(layers)), isFrozen: builder.chance(0.2))
    }
    wantsInputGradient = builder.chance(0.4)
    step = Int.random(in: 0..<1000, using: &builder.random)
  }

  var description: String {
    let layers = parts.map { part in
      "\(part.name)\(part.isFrozen ? " (frozen)" : ""): \(part.layers.layers.map { "\($0)" }.joined(separator: "; "))"
    }
    return "seed \(seed), batch \(batch) of \(inputShape)\(wantsInputGradient ? " with gradient" : ""), "
      + layers.joined(separator: " | ")
  }

  // MARK: Values

  /// The batch, and the gradient of the network's output.
  func data() -> (x: OracleTensor, dy: OracleTensor) {
    var random = SeededGenerator(seed: seed ^ 0x5eed)
    let x = [batch] + inputShape, dy = [batch] + outputShape
    return isOnGrid
      ? (random.integers(x), random.sparse(dy, density: 0.3)) : (random.gaussians(x), random.gaussians(dy))
  }

  /// Gives a network of these parts its parameters and running statistics.
  func initialize(_ network: Network) throws {
    var random = SeededGenerator(seed: seed ^ 0xfade)
    for parameter in network.parameters {
      let shape = parameter.spec.shape
      let fanIn = Double(shape.dropFirst().reduce(1, *))
      let values =
        switch parameter.spec.name {
        case "running_var": random.gaussians(shape).map { 0.5 + abs($0) }
        case "weight" where shape.count == 1: random.gaussians(shape, mean: 1)
        case "weight" where isOnGrid: random.sparse(shape, density: 5 / fanIn)
        case "weight": random.gaussians(shape, scale: 1.4 / fanIn.squareRoot())
        case _ where isOnGrid: random.sparse(shape, density: 0.8)
        default: random.gaussians(shape, scale: 0.5)
        }
      try parameter.write(values.floats)
    }
  }
}

extension SeededGenerator {
  /// 1 and -1 with a density, otherwise 0.
  fileprivate mutating func sparse(_ shape: [Int], density: Double) -> OracleTensor {
    OracleTensor(
      shape,
      (0..<shape.reduce(1, *)).map { _ in
        Double.random(in: 0..<1, using: &self) < density ? pick([-1, 1]) : 0
      })
  }
}

/// A chain in the making: the layers so far, and the shape of a sample behind them.
private struct ChainBuilder {
  var random: SeededGenerator
  let isOnGrid: Bool
  let batch: Int
  var shape: [Int]
  var layers: [any Layer] = []
  var fractionBits = 0
  private let isWide: Bool
  /// Whether the usual choices are made mostly: grey images, 3×3 filters, ReLU, cells of 2×2.
  private let isUsual: Bool
  /// Multiply-adds that a pass of all layers may still take.
  private var products = 2_000_000

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    isOnGrid = random.pick([true, true, true, false, false])
    (isWide, isUsual) = random.pick([(true, false), (false, false), (false, true)])
    batch = random.pick([1, 2, 3, 5, 7, 36])
    let channels = random.pick(isWide ? [1, 16, 16, 32] : isUsual ? [1] : [1, 1, 2, 3, 5])
    let sides = 1...(batch > 8 || isWide ? 8 : 12)
    shape = [Int.random(in: sides, using: &random), Int.random(in: sides, using: &random), channels]
    if chance(0.08) { shape = [Int.random(in: 1...40, using: &random)] }
  }

  mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &random) < probability }

  mutating func addBlocks() {
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      switch Double.random(in: 0..<1, using: &random) {
      case _ where shape.count == 1: addFeatures()
      case ..<0.6: add { $0.convolution() }
      case ..<0.8: add { $0.transposed() }
      case ..<0.9: add { _ in Flatten() }
      default: break
      }
      addEnding()
    }
    if layers.isEmpty { add { _ in Flatten() } }
  }

  /// Linear, or an image of the features.
  private mutating func addFeatures() {
    if chance(0.3) {
      let side = random.pick([1, 2, 3])
      let image = Unflatten(channels: shape[0] / (side * side), height: side, width: side)
      if (try? image.outputShape(of: shape)) != nil { return append(image, shape: [side, side, image.channels]) }
    }
    let (inputs, outputs, hasBias) = (shape[0], Int.random(in: 1...40, using: &random), chance(0.8))
    add { _ in Linear(inputs, outputs, bias: hasBias) }
  }

  /// What comes behind a layer with weights, or without one: some of normalisation, activation, pooling and dropout, in
  /// the usual orders and in others.
  private mutating func addEnding() {
    var kinds: [OutputFunction] = random.pick([
      [.norm, .activation, .pool, .dropout], [.norm, .activation, .pool, .dropout],
      [.norm, .activation, .dropout, .pool], [.norm, .pool, .activation, .dropout],
    ])
    if chance(0.2) { kinds.shuffle(using: &random) }
    for kind in kinds where chance(isUsual ? 0.85 : 0.6) {
      switch kind {
      case .activation: add { $0.activation() }
      case .dropout: add { $0.dropout() }
      case .pool: if shape.count == 3 { add { $0.pool() } }
      case .norm:
        if !isOnGrid, shape.count == 3, batch * shape[0] * shape[1] > 1 {
          let channels = shape[2]
          add { _ in BatchNorm2d(channels) }
        }
      }
    }
  }

  private enum OutputFunction { case norm, activation, pool, dropout }

  // MARK: Layers

  /// Adds a layer that fits, if one is drawn in a few attempts.
  private mutating func add(_ draw: (inout ChainBuilder) -> any Layer) {
    for _ in 0..<8 {
      let layer = draw(&self)
      guard let next = try? layer.outputShape(of: shape) else { continue }
      let weights = layer.parameters.first.map { $0.shape.count > 1 ? $0.count : 0 } ?? 0
      let pixels = max(shape.dropLast().reduce(1, *), next.dropLast().reduce(1, *))
      let cost = batch * max(pixels * weights, next.reduce(1, *))
      guard next.reduce(1, *) <= 8192, cost <= products else { continue }
      products -= cost
      return append(layer, shape: next)
    }
  }

  private mutating func append(_ layer: any Layer, shape: [Int]) {
    layers.append(layer)
    self.shape = shape
    switch layer {
    case is LeakyReLU: fractionBits += 1
    case let pool as AvgPool2d:
      fractionBits += (pool.geometry.kernelSize.height * pool.geometry.kernelSize.width).trailingZeroBitCount
    default: break
    }
  }

  private mutating func channels() -> Int { random.pick(isWide ? [16, 16, 32] : [1, 2, 3, 4, 5, 8, 17]) }

  private mutating func convolution() -> any Layer {
    let outputs = channels(), hasBias = chance(0.8)
    if chance(isUsual ? 0.9 : 0.6) {
      return Conv2d(shape[2], outputs, kernelSize: 3, padding: pair([0, 1, 1, 2]), bias: hasBias)
    }
    return Conv2d(
      shape[2], outputs, kernelSize: pair([1, 2, 3, 4, 5]), stride: pair([1, 1, 2, 3]), padding: pair([0, 0, 1, 2]),
      dilation: pair([1, 1, 1, 2]), groups: random.pick([1, 1, 1, 2]), bias: hasBias)
  }

  private mutating func transposed() -> any Layer {
    let outputs = random.pick([1, 1, 2, channels()]), hasBias = chance(0.8)
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      let cell = pair([2, 2, 3, 1])
      return ConvTranspose2d(shape[2], outputs, kernelSize: cell, stride: cell, bias: hasBias)
    case 1: return ConvTranspose2d(shape[2], outputs, kernelSize: 3, padding: pair([0, 1, 1]), bias: hasBias)
    case 2:
      return ConvTranspose2d(
        shape[2], outputs, kernelSize: Pair(both: random.pick([2, 3, 4, 5, 6])),
        stride: Pair(both: random.pick([1, 2])), padding: pair([0, 1, 2]), bias: hasBias)
    default:
      let stride = pair([1, 2, 3])
      return ConvTranspose2d(
        shape[2], outputs, kernelSize: pair([1, 2, 3, 4]), stride: stride, padding: pair([0, 1]),
        outputPadding: Pair(random.pick([0, stride.height - 1]), random.pick([0, stride.width - 1])),
        dilation: pair([1, 1, 2]), groups: random.pick([1, 1, 2]), bias: hasBias)
    }
  }

  private mutating func pair(_ choices: [Int]) -> Pair {
    let height = random.pick(choices)
    return Pair(height, chance(0.7) ? height : random.pick(choices))
  }

  private mutating func activation() -> any Layer {
    if isUsual, chance(0.7) { return ReLU() }
    return isOnGrid
      ? random.pick([ReLU(), ReLU(), ReLU(), LeakyReLU(negativeSlope: 0.5)] as [any Layer])
      : random.pick([ReLU(), ReLU(), LeakyReLU(negativeSlope: 0.2), Sigmoid(), Tanh()] as [any Layer])
  }

  private mutating func dropout() -> any Layer { Dropout(random.pick(isOnGrid ? [0, 0.5, 0.75] : [0, 0.3, 0.5])) }

  private mutating func pool() -> any Layer {
    if isUsual, chance(0.7) { return MaxPool2d(2) }
    let isMax = chance(0.65)
    // Means of as many values as a power of two stay on the grid.
    let sides = isMax || !isOnGrid ? [2, 2, 2, 2, 1, 3, 4] : [2, 2, 2, 1, 4]
    let kernelSize = pair(sides), stride = chance(0.7) ? kernelSize : pair([1, 2, 3])
    let padding = chance(0.8) ? 0 : Pair(kernelSize.height / 2, kernelSize.width / 2)
    return isMax
      ? MaxPool2d(kernelSize, stride: stride, padding: padding)
      : AvgPool2d(kernelSize, stride: stride, padding: padding, countIncludePad: isOnGrid || chance(0.5))
  }
}
