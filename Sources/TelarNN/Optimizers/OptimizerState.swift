/// An optimizer at work on a network: the arrays that it keeps, and how many steps each parameter has had.
public final class OptimizerState {
  public let optimizer: any Optimizer
  /// Gradients are scaled so that the norm of all of them together is at most this; `nil` to leave them.
  public var clipNorm: Double?
  private let arena: ParameterArena
  private let arrays: [Buffer]
  /// Steps that each trained parameter has had; they differ when some had no gradient in a step.
  private var steps: [Int]
  /// The whole run of trained parameters, made once: what all but odd steps use.
  private let whole: Whole?
  private var groups: [Group]

  private struct Whole {
    let values, gradients: Tensor
    let arrays: [Tensor]
  }

  /// Parameters with an optimizer of the same settings.
  private struct Group {
    let optimizer: any Optimizer
    /// Their indices among the trained parameters, in the order of their memory.
    let members: [Int]
    let slots: [GradientSlot]
    /// A table for each layout that the gradients' parts have had so far, the latest last.
    var tables: [GradientTable] = []
  }

  /// Tables that are kept of a group: a backward pass has one for each size of batch.
  private static let mostTables = 16

  /// - Parameter groups: parameters with other settings, each set of which takes a launch of its own.
  /// - Throws: `AttributeError` for settings that the optimizer does not have, and groups that match nothing.
  public init(_ optimizer: any Optimizer, groups: [ParameterGroup] = [], for network: Network) throws {
    self.optimizer = optimizer
    let arena = network.arena
    self.arena = arena
    let arrays = try optimizer.stateNames.map { _ in try network.device.zeroed(floats: arena.trainedCount) }
    self.arrays = arrays
    steps = [Int](repeating: 0, count: arena.trained.count)
    whole = arena.gradients.map { gradients in
      let shape = [arena.trainedCount]
      return Whole(
        values: Tensor(shape: shape, buffer: arena.values), gradients: Tensor(shape: shape, buffer: gradients),
        arrays: arrays.map { Tensor(shape: shape, buffer: $0) })
    }
    let (optimizers, group) = try optimizer.grouped(
      by: groups, arena.trained.map { ($0.parameter.key, $0.parameter.spec) })
    let inMemory = arena.trained.indices.sorted { arena.trained[$0].offset < arena.trained[$1].offset }
    self.groups = optimizers.enumerated().map { index, optimizer in
      let members = inMemory.filter { group[$0] == index }
      return Group(optimizer: optimizer, members: members, slots: members.map { arena.slots[$0] })
    }.filter { !$0.members.isEmpty }
  }

  /// Sets the numbers of the next step on the device, as far as they are known before its gradients.
  func announce(learningRate: Double? = nil) {
    guard let group = groups.first, let first = steps.first, steps.allSatisfy({ $0 == first }) else { return }
    group.optimizer.announce(
      learningRate: rate(of: group, learningRate), step: first + 1, on: arena.values.device)
  }

  /// A group's learning rate, in proportion to the optimizer's.
  private func rate(of group: Group, _ learningRate: Double?) -> Double {
    let own = group.optimizer.learningRate
    guard let learningRate else { return own }
    return own == optimizer.learningRate ? learningRate : learningRate * (own / optimizer.learningRate)
  }

  /// One step, from the gradients of the backward pass that was before it.
  ///
  /// As in PyTorch, a parameter that had no gradient stays as it is and does not count the step. One launch for each group
  /// of parameters when all had one, otherwise one for each run of neighbours; three or four more to clip the gradients.
  ///
  /// - Parameter learningRate: by default the optimizer's.
  public func update(learningRate: Double? = nil) throws {
    try update(learningRate: learningRate, finishing: nil)
  }

  /// The same, which also finishes the step's loss: in the optimizer's last launch if all parameters have a gradient that is
  /// not clipped, the optimizer is a ``SummingOptimizer`` and the device is of the tile family; otherwise in a launch before
  /// it.
  func update(learningRate: Double?, finishing loss: PendingLoss?) throws {
    guard let whole else {
      try loss?.finish()
      return
    }
    let isSet = arena.slots.map(\.isSet)
    let isEven = !isSet.contains(false) && steps.allSatisfy { $0 == steps[0] }
    if isEven, clipNorm == nil, let parts = arena.parts, optimizer is any SummingOptimizer {
      for index in groups.indices {
        let group = groups[index], optimizer = group.optimizer as! any SummingOptimizer
        let sums = try GradientSums(
          table(ofGroup: index), of: group.slots, in: parts,
          finishing: index == groups.count - 1 ? loss : nil)
        try optimizer.update(
          parameters: whole.values, gradients: whole.gradients, sums: sums, state: whole.arrays,
          learningRate: rate(of: group, learningRate), step: steps[0] + 1)
      }
    } else {
      try loss?.finish()
      try arena.slots.forEach { try $0.addParts() }
      if let clipNorm { try clip(whole.gradients, to: clipNorm, isSet) }
      for group in groups {
        try update(group, whole, isSet, isEven: isEven, learningRate: rate(of: group, learningRate))
      }
    }
    arena.values.didChange()
    for index in steps.indices where isSet[index] { steps[index] += 1 }
  }

  private func clip(_ gradients: Tensor, to norm: Double, _ isSet: [Bool]) throws {
    // What earlier steps have left does not count.
    for (index, slot) in arena.slots.enumerated() where !isSet[index] {
      try slot.memory.device.fill(slot.memory.buffer, at: 0, byteCount: slot.memory.count * 4, pattern: 0)
    }
    try Tensors.clip(gradients: gradients, toNorm: Float(norm))
  }

  /// A group's table for the present layout of the gradients' parts.
  private func table(ofGroup index: Int) throws -> GradientTable {
    let places = groups[index].slots.map(\.parts?.place)
    if let table = groups[index].tables.last(where: { $0.places == places }) { return table }
    let parameters = groups[index].members.map {
      (offset: arena.trained[$0].offset, count: arena.trained[$0].parameter.spec.count)
    }
    if groups[index].tables.count == Self.mostTables { groups[index].tables.removeFirst() }
    let table = try GradientTable(parameters, places, on: arena.values.device)
    groups[index].tables.append(table)
    return table
  }

  /// A step of a group's whole gradients.
  private func update(_ group: Group, _ whole: Whole, _ isSet: [Bool], isEven: Bool, learningRate: Double) throws {
    if isEven, groups.count == 1 {
      return try group.optimizer.update(
        parameters: whole.values, gradients: whole.gradients, state: whole.arrays, learningRate: learningRate,
        step: steps[0] + 1)
    }
    var rest = group.members.filter { isSet[$0] }[...]
    while let first = rest.first {
      var last = first
      rest = rest.dropFirst()
      while let next = rest.first, steps[next] == steps[first], arena.trained[next].offset == end(of: last) {
        last = next
        rest = rest.dropFirst()
      }
      try updateRun(arena.trained[first].offset..<end(of: last), group.optimizer, learningRate, step: steps[first] + 1)
    }
  }

  /// Where the next parameter begins in memory.
  private func end(of index: Int) -> Int {
    let (parameter, offset) = arena.trained[index]
    return offset + arena.room(for: parameter.spec)
  }

  /// A step of some parameters that lie side by side.
  private func updateRun(_ run: Range<Int>, _ optimizer: any Optimizer, _ learningRate: Double, step: Int) throws {
    func part(_ buffer: Buffer) throws -> Tensor {
      Tensor(
        shape: [run.count],
        buffer: try buffer.device.slice(buffer, byteOffset: run.lowerBound * 4, byteCount: run.count * 4))
    }
    try optimizer.update(
      parameters: part(arena.values), gradients: part(arena.gradients!), state: arrays.map(part),
      learningRate: learningRate, step: step)
  }

  /// Takes what another state of the same optimizer has for the parameters that both train, on the same device.
  ///
  /// - Cost: waits for the device.
  package func take(from other: OptimizerState) throws {
    for (index, (parameter, offset)) in arena.trained.enumerated() {
      guard let place = other.arena.trained.firstIndex(where: { $0.parameter.key == parameter.key }) else { continue }
      for (mine, theirs) in zip(arrays, other.arrays) {
        let count = parameter.spec.count
        try mine.write(theirs.read(Float.self, count: count, at: other.arena.trained[place].offset * 4), at: offset * 4)
      }
      steps[index] = other.steps[place]
    }
  }

  // MARK: On disk

  /// Adds the state to a file: `optimizer/exp_avg/encoder.0.weight` in PyTorch's layout, and the counts of steps as
  /// `optimizer/step/encoder.0.weight`. Waits for the device.
  public func add(to writer: inout SafetensorsWriter) throws {
    for (index, (parameter, offset)) in arena.trained.enumerated() {
      let spec = parameter.spec
      for (name, array) in zip(optimizer.stateNames, arrays) {
        let values = try array.read(Float.self, count: spec.count, at: offset * 4)
        writer.add(
          "optimizer/\(name)/\(parameter.key)", shape: spec.shape,
          spec.layout.values(toPyTorch: values, shape: spec.shape))
      }
      writer.add("optimizer/step/\(parameter.key)", shape: [], [Int64(steps[index])])
    }
  }

  /// Takes the state from a file that ``add(to:)`` wrote for the same network and optimizer.
  ///
  /// - Throws: `SafetensorsError` when something is missing or has another shape; the state may then be partly loaded.
  public func load(from file: SafetensorsFile) throws {
    for (index, (parameter, offset)) in arena.trained.enumerated() {
      let spec = parameter.spec
      for (name, array) in zip(optimizer.stateNames, arrays) {
        let values = try file.floats("optimizer/\(name)/\(parameter.key)", shape: spec.shape)
        try array.write(spec.layout.values(fromPyTorch: values, shape: spec.shape), at: offset * 4)
      }
      let count = try file.values("optimizer/step/\(parameter.key)", as: Int64.self)
      guard count.count == 1, 0...Int64(Int32.max) ~= count[0] else {
        throw SafetensorsError(.mismatch, path: file.path, "optimizer/step/\(parameter.key) is no count of steps")
      }
      steps[index] = Int(count[0])
    }
  }
}
