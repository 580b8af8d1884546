import Compute
import Tensors
import TestSupport
import Testing

/// Optimizers that add up gradients in parts, and finish a loss, in one launch: the same bits as launches of their own
/// have.
@Suite struct GradientSumsTests {
  /// Elements and parts of the gradients: whole, zero, in few parts and in many, aligned and not.
  private static let gradients: [(count: Int, parts: Int?)] = [
    (1, 5), (3, nil), (37, 2), (64, 300), (6, 0), (1030, 7), (4, 1200), (2052, nil), (5, 33), (100, 4),
  ]

  private struct Step {
    let parameters: [Tensor]
    let slots: [GradientSlot]
    let flat, gradients, first, second: Tensor
    let table: GradientTable
    let arena: PartsArena
    let places: [(offset: Int, count: Int)]

    init(on device: any Device, clearing isSecondPass: Bool) throws {
      var random = SeededGenerator(seed: 21)
      let alignment = device.properties.bufferAlignment / 4
      var places: [(offset: Int, count: Int)] = [], end = 0
      for (count, _) in GradientSumsTests.gradients {
        places.append((end, count))
        end = (end + count + alignment - 1) / alignment * alignment
      }
      func values(_ shape: [Int]) throws -> Tensor { try device.tensor(shape, random.gaussians(shape).floats) }
      (flat, gradients, first) = try (values([end]), values([end]), values([end]))
      second = try device.tensor([end], random.gaussians([end]).floats.map { $0 * $0 })
      self.places = places
      let arena = try PartsArena(on: device)
      self.arena = arena
      slots = try places.map { [gradients] place in
        let memory = try device.slice(gradients.buffer, byteOffset: place.offset * 4, byteCount: place.count * 4)
        return GradientSlot(tensor: Tensor(shape: [place.count], buffer: memory), partsIn: arena)
      }
      parameters = try zip(places, slots).map { [flat] place, slot in
        let memory = try device.slice(flat.buffer, byteOffset: place.offset * 4, byteCount: place.count * 4)
        return Tensor(shape: [place.count], buffer: memory, gradient: slot, requiresGradient: true)
      }
      // Memory grows within the first pass and suffices for the second.
      for _ in 0..<(isSecondPass ? 2 : 1) {
        arena.clear()
        slots.forEach { $0.clear() }
        for ((count, parts), parameter) in zip(GradientSumsTests.gradients, parameters) {
          guard let target = try Tape().gradientTarget(of: parameter) else { continue }
          guard let parts else { continue }
          if parts == 0 {
            try target.addZeros()
          } else {
            let memory = try target.parts(parts)
            try memory.buffer.write(random.gaussians([parts * count]).floats)
            try memory.add()
          }
        }
      }
      table = try GradientTable(places, slots.map(\.parts?.place), on: device)
    }

    func sums(finishing loss: PendingLoss? = nil) throws -> GradientSums {
      try GradientSums(table, of: slots, in: arena, finishing: loss)
    }

    /// All bits of parameters and state, but for the gaps between parameters.
    func bits(_ tensors: [Tensor]) throws -> [UInt32] {
      try tensors.flatMap { tensor in
        let values = try tensor.values()
        return places.flatMap { values[$0.offset..<$0.offset + $0.count].map(\.bitPattern) }
      }
    }
  }

  @Test(arguments: TestDevices.tile, [false, true])
  func adamAddsUpParts(_ on: TestDevice, isSecondPass: Bool) throws {
    try on.use { device in
      func step(addsUp: Bool) throws -> [UInt32] {
        let it = try Step(on: device, clearing: isSecondPass)
        if !addsUp { for slot in it.slots { _ = try slot.tensor } }
        try adamStep(
          parameters: it.flat, gradients: it.gradients, sums: addsUp ? it.sums() : nil, firstMoment: it.first,
          secondMoment: it.second, learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1,
          isDecoupled: false, step: 3)
        return try it.bits([it.flat, it.first, it.second])
      }
      let isSame = try step(addsUp: true) == step(addsUp: false)
      #expect(isSame)
    }
  }

  @Test(arguments: TestDevices.tile) func rmspropAddsUpParts(_ on: TestDevice) throws {
    try on.use { device in
      func step(addsUp: Bool) throws -> [UInt32] {
        let it = try Step(on: device, clearing: false), mean = try device.zeros(it.flat.shape)
        if !addsUp { for slot in it.slots { _ = try slot.tensor } }
        try rmspropStep(
          parameters: it.flat, gradients: it.gradients, sums: addsUp ? it.sums() : nil, squareAverage: it.second,
          gradientAverage: mean, velocity: it.first, learningRate: 0.01, alpha: 0.9, epsilon: 1e-8, momentum: 0.5,
          weightDecay: 0.1)
        return try it.bits([it.flat, it.first, it.second, mean])
      }
      let isSame = try step(addsUp: true) == step(addsUp: false)
      #expect(isSame)
    }
  }

  @Test(arguments: TestDevices.tile) func descentAddsUpPartsAndFinishesTheLoss(_ on: TestDevice) throws {
    try on.use { device in
      func step(addsUp: Bool) throws -> [UInt32] {
        let it = try Step(on: device, clearing: false)
        let metrics = try RunningMetrics(on: device)
        var random = SeededGenerator(seed: 22)
        let logits = try device.tensor([700, 9], random.gaussians([700, 9]).floats)
        let labels = try device.labels((0..<700).map { Int32($0 % 9) })
        func loss() throws -> Tensor { try crossEntropy(logits, labels: labels, metrics: metrics) }
        let (value, pending) = try addsUp ? Tape().recordingLoss(loss) : (loss(), nil)
        #expect((pending != nil) == addsUp)
        if !addsUp { for slot in it.slots { _ = try slot.tensor } }
        try sgdStep(
          parameters: it.flat, gradients: it.gradients, sums: addsUp ? it.sums(finishing: pending) : nil,
          velocity: it.first, learningRate: 0.01, momentum: 0.9, nesterov: true, weightDecay: 0.1)
        let found = try metrics.values()
        #expect(found.examples == 700 && found.correct > 0)
        return try it.bits([it.flat, it.first]) + [value.item().bitPattern] + metrics.snapshot()
      }
      let isSame = try step(addsUp: true) == step(addsUp: false)
      #expect(isSame)
    }
  }

  /// A gradient that is read before an optimizer did, and one that another contribution is added to.
  @Test(arguments: TestDevices.tile) func readersSeeWholeGradients(_ on: TestDevice) throws {
    try on.use { device in
      let arena = try PartsArena(on: device)
      let slot = GradientSlot(tensor: try device.filled([3], with: .nan), partsIn: arena)
      let parameter = Tensor(
        shape: [3], buffer: try device.zeros([3]).buffer, gradient: slot, requiresGradient: true)
      let tape = Tape()
      func write(_ parts: [Float]) throws {
        let target = try #require(try tape.gradientTarget(of: parameter)).parts(parts.count / 3)
        try target.buffer.write(parts)
        try target.add()
      }
      try write([1, 2, 3, 10, 20, 30])
      #expect(slot.parts?.place.count == 2)
      #expect(try slot.tensor.values() == [11, 22, 33])
      #expect(slot.parts == nil)
      try write([1, 1, 1, 2, 2, 2])
      #expect(try slot.tensor.values() == [14, 25, 36])
      slot.clear()
      arena.clear()
      try write([1, 2, 3, 4, 5, 6])
      try tape.accumulate(device.filled([3], with: 1), into: parameter)
      #expect(try slot.tensor.values() == [6, 8, 10])
      slot.clear()
      try #require(try tape.gradientTarget(of: parameter)).addZeros()
      #expect(slot.parts?.place.count == 0)
      #expect(try slot.tensor.values() == [0, 0, 0])
    }
  }
}
