import TelarData
import TelarNN

/// One pass of an operator: forward, or a gradient.
package struct OpPass {
  package var name: String
  /// The networks that need it.
  package var networks: [String]
  package var flops = 0.0
  /// Bytes of inputs and outputs, once each.
  package var bytes: Double
  /// Makes the tensors and returns a closure that runs the pass, any number of times.
  package var prepare: (any Device) throws -> () throws -> Void
}

extension OpCase {
  /// The operator's passes on a batch of images.
  ///
  /// Products count as 2 · batch · places · weights operations in each pass, other operators as none. The bytes of a
  /// gradient are those of the gradients of input and output and, where it depends on the values, of the smaller of
  /// the two themselves.
  package func passes(batch: Int) -> [OpPass] {
    switch work {
    case .product(let layer, let activation): productPasses(layer, activation, batch)
    case .layers(let layers): layerPasses(layers, batch)
    case .bias: [biasGradient(batch)]
    case .activationGradient(let activation): [activationGradient(activation, batch)]
    case .loss(let loss): [lossPass(loss, batch)]
    case .adam: [adamStep()]
    case .gatherImages: [imageGather(batch)]
    case .gatherLabels: [labelGather(batch)]
    }
  }

  /// - Parameter floats: elements of inputs and outputs, 4 bytes each.
  private func pass(
    _ name: String, of networks: [String]? = nil, floats: Int, flops: Double = 0,
    _ prepare: @escaping (any Device) throws -> () throws -> Void
  ) -> OpPass {
    OpPass(name: name, networks: networks ?? self.networks, flops: flops, bytes: Double(floats) * 4, prepare: prepare)
  }

  private func productPasses(_ layer: any ProductLayer, _ activation: (any ActivationLayer)?, _ batch: Int) -> [OpPass]
  {
    let (input, output) = (batched(input, batch), batched(output, batch))
    let flops = productFlops(of: layer, batch: batch)
    let floats = input.reduce(1, *) + output.reduce(1, *) + layer.weightCount
    var unbiased = layer
    unbiased.hasBias = false
    return [
      pass("forward", floats: floats, flops: flops) { device in
        try SmallNetwork([layer] + [activation].compactMap { $0 }, input, on: device).forward()
      },
      pass("input gradient", of: inputGradientNetworks, floats: floats, flops: flops) { device in
        try SmallNetwork([layer], input, on: device, isFrozen: true).gradient(from: output)
      },
      pass("weight gradient", floats: floats, flops: flops) { [unbiased] device in
        try SmallNetwork([unbiased], input, on: device, needsInputGradient: false).gradient(from: output)
      },
    ]
  }

  private func layerPasses(_ layers: [any Layer], _ batch: Int) -> [OpPass] {
    let (input, output) = (batched(input, batch), batched(output, batch))
    let (inputCount, outputCount) = (input.reduce(1, *), output.reduce(1, *))
    let parameters = layers.flatMap(\.parameters).reduce(0) { $0 + $1.count }
    let kept = layers.allSatisfy(\.isLinear) ? 0 : min(inputCount, outputCount)
    let needsInputGradient = !inputGradientNetworks.isEmpty
    let flops = productFlops(of: layers[0], batch: batch)
    return [
      pass("forward", floats: inputCount + outputCount + parameters, flops: flops) { device in
        try SmallNetwork(layers, input, on: device, needsInputGradient: needsInputGradient).forward()
      },
      pass(
        "gradient", of: parameters > 0 ? networks : inputGradientNetworks,
        floats: inputCount + outputCount + kept + parameters, flops: needsInputGradient ? 2 * flops : flops
      ) { device in
        try SmallNetwork(layers, input, on: device, needsInputGradient: needsInputGradient).gradient(from: output)
      },
    ]
  }

  private func biasGradient(_ batch: Int) -> OpPass {
    let output = batched(output, batch)
    return pass("gradient", floats: output.reduce(1, *) + output.last!) { device in
      let dy = try device.patterned(output)
      let sum = try device.tensor([output.last!])
      return { try columnSum(dy, into: sum, accumulate: false) }
    }
  }

  private func activationGradient(_ activation: Activation, _ batch: Int) -> OpPass {
    let output = batched(output, batch)
    return pass("gradient", floats: 3 * output.reduce(1, *)) { device in
      let (dy, y) = (try device.patterned(output), try device.patterned(output))
      return { _ = try Tensors.activationGradient(dy, y, activation) }
    }
  }

  private func lossPass(_ loss: Loss, _ batch: Int) -> OpPass {
    let input = batched(input, batch)
    let count = input.reduce(1, *)
    return pass("forward and gradient", floats: loss == .reconstruction ? 3 * count : 2 * count + batch) { device in
      let x = try device.patterned(input).needingGradient
      let target = try device.patterned(input)
      let labels = try device.labels((0..<Int32(batch)).map { $0 % Int32(input.last!) })
      let tape = Tape()
      return {
        tape.clear()
        _ = try tape.recording { try loss(x, images: target, labels: labels) }
      }
    }
  }

  private func adamStep() -> OpPass {
    let input = input
    return pass("step", floats: 7 * input.reduce(1, *)) { device in
      let arrays = try (0..<3).map { _ in try device.patterned(input) }
      let squares = try device.filled(input, with: 1)
      return {
        try Adam().update(
          parameters: arrays[0], gradients: arrays[1], state: [arrays[2], squares], learningRate: 1e-3, step: 1)
      }
    }
  }

  private func imageGather(_ batch: Int) -> OpPass {
    let input = batched(input, batch)
    let count = input.reduce(1, *)
    return pass("forward", floats: count + count / 4 + batch) { device in
      let data = try ShuffledBytes(perImage: count / batch, batch: batch, on: device)
      return {
        _ = try gatherBatch(
          data.bytes, height: input[1], width: input[2], channels: input[3], order: data.order, offset: data.next(),
          count: batch)
      }
    }
  }

  private func labelGather(_ batch: Int) -> OpPass {
    pass("forward", floats: 2 * batch + batch / 2) { device in
      let data = try ShuffledBytes(perImage: 2, batch: batch, on: device)
      return { _ = try gatherLabels(data.bytes, order: data.order, offset: data.next(), count: batch) }
    }
  }
}

extension OpCase {
  /// The operations of a layer's product, two per multiply-add; 0 for a layer without one.
  private func productFlops(of layer: any Layer, batch: Int) -> Double {
    guard let layer = layer as? any ProductLayer, let output = try? layer.outputShape(of: input) else { return 0 }
    return 2 * Double(batch * rowsPerImage) * Double(layer.places(from: input, to: output))
      * Double(layer.weightCount)
  }
}

/// A network of one operator with a batch, recorded on a tape as in training.
private final class SmallNetwork {
  private let network: Network
  private let tape = Tape()
  private let x: Tensor

  init(
    _ layers: [any Layer], _ input: [Int], on device: any Device, isFrozen: Bool = false,
    needsInputGradient: Bool = true
  ) throws {
    network = try Network(
      Architecture([Part("op", Sequential(layers), isFrozen: isFrozen)]), on: device,
      inputShape: Array(input.dropFirst()), seed: 1)
    let x = try device.patterned(input)
    self.x = needsInputGradient ? x.needingGradient : x
  }

  private func output() throws -> Tensor {
    tape.clear()
    return try tape.recording { try network(x, .training(step: 0)) }
  }

  func forward() -> () throws -> Void { { _ = try self.output() } }

  /// All gradients, from an output gradient of the given shape.
  func gradient(from shape: [Int]) throws -> () throws -> Void {
    let y = try output()
    let dy = try x.device.patterned(shape)
    return {
      self.network.clearGradients()
      try self.tape.backwardKeepingRecords(from: y, seed: dy)
    }
  }
}

/// A data set of bytes that is read in random order, batch by batch.
private final class ShuffledBytes {
  let bytes: Buffer
  let order: Buffer
  private let batch: Int
  private var offset = 0
  /// As many images as the test set has, more than L1 and L2 caches hold.
  private static let count = 10_000

  init(perImage: Int, batch: Int, on device: any Device) throws {
    self.batch = batch
    bytes = try device.allocate(byteCount: max(4, Self.count * perImage))
    order = try device.allocate(byteCount: Self.count * 4)
    try bytes.write((0..<Self.count * perImage).map { UInt8($0 % 9 + 1) })
    try order.write(Permutation(count: Self.count, seed: 0, epoch: 0).indices)
  }

  /// The start of the next batch.
  func next() -> Int {
    offset = (offset + batch) % (Self.count - batch + 1)
    return offset
  }
}

extension Tensor {
  /// The same values, requiring a gradient.
  fileprivate var needingGradient: Tensor { Tensor(shape: shape, buffer: buffer, requiresGradient: true) }
}

extension Layer {
  /// Whether the gradient is independent of the input.
  fileprivate var isLinear: Bool { self is Dropout || self is AvgPool2d || self is Flatten || self is Unflatten }
}
