/// An optimizer at work on a network: the arrays that it keeps, and how many steps each parameter has had.
public final class OptimizerState {
  public var optimizer: any Optimizer
  private let arena: ParameterArena
  private let arrays: [Buffer]
  /// Steps that each trained parameter has had; they differ when some had no gradient in a step.
  private var steps: [Int]
  /// The whole run of trained parameters, made once: what all but odd steps use.
  private let whole: (values: Tensor, gradients: Tensor, arrays: [Tensor])?
  /// A table for each layout that the gradients' parts have had so far, the latest last.
  private var tables: [GradientTable] = []
  /// Tables that are kept: a backward pass has one for each size of batch.
  private static let mostTables = 16

  public init(_ optimizer: any Optimizer, for network: Network) throws {
    self.optimizer = optimizer
    let arena = network.arena
    self.arena = arena
    let arrays = try optimizer.stateNames.map { _ in try network.device.zeroed(floats: arena.trainedCount) }
    self.arrays = arrays
    steps = [Int](repeating: 0, count: arena.trained.count)
    whole = arena.gradients.map { gradients in
      let shape = [arena.trainedCount]
      return (
        Tensor(shape: shape, buffer: arena.values), Tensor(shape: shape, buffer: gradients),
        arrays.map { Tensor(shape: shape, buffer: $0) }
      )
    }
  }

  /// Sets the numbers of the next step on the device, as far as they are known before its gradients.
  func announce(learningRate: Double? = nil) {
    guard let first = steps.first, steps.allSatisfy({ $0 == first }) else { return }
    optimizer.announce(
      learningRate: learningRate ?? optimizer.learningRate, step: first + 1, on: arena.values.device)
  }

  /// One step, from the gradients of the backward pass that was before it.
  ///
  /// As in PyTorch, a parameter that had no gradient stays as it is and does not count the step. One launch when all
  /// had one, otherwise one for each run of neighbours.
  ///
  /// - Parameter learningRate: by default the optimizer's.
  public func update(learningRate: Double? = nil) throws {
    try update(learningRate: learningRate, finishing: nil)
  }

  /// The same, which also finishes the step's loss: in the optimizer's launch if all parameters have a gradient, the
  /// optimizer is a ``SummingOptimizer`` and the device is of the tile family; otherwise in a launch before it.
  func update(learningRate: Double?, finishing loss: PendingLoss?) throws {
    guard let whole else {
      try loss?.finish()
      return
    }
    let rate = learningRate ?? optimizer.learningRate
    let isSet = arena.slots.map(\.isSet)
    let isEven = !isSet.contains(false) && steps.allSatisfy { $0 == steps[0] }
    if isEven, let parts = arena.parts, let optimizer = optimizer as? any SummingOptimizer {
      try optimizer.update(
        parameters: whole.values, gradients: whole.gradients,
        sums: GradientSums(table(), of: arena.slots, in: parts, finishing: loss), state: whole.arrays,
        learningRate: rate, step: steps[0] + 1)
    } else {
      try loss?.finish()
      try arena.slots.forEach { try $0.addParts() }
      try updateWhole(whole, isSet, isEven: isEven, learningRate: rate)
    }
    arena.values.didChange()
    for index in steps.indices where isSet[index] { steps[index] += 1 }
  }

  /// The table for the present layout of the gradients' parts.
  private func table() throws -> GradientTable {
    let places = arena.slots.map(\.parts?.place)
    if let index = tables.lastIndex(where: { $0.places == places }) { return tables[index] }
    let parameters = arena.trained.map { (offset: $0.offset, count: $0.parameter.spec.count) }
    if tables.count == Self.mostTables { tables.removeFirst() }
    tables.append(try GradientTable(parameters, places, on: arena.values.device))
    return tables.last!
  }

  /// A step of whole gradients.
  private func updateWhole(
    _ whole: (values: Tensor, gradients: Tensor, arrays: [Tensor]), _ isSet: [Bool], isEven: Bool, learningRate: Double
  ) throws {
    if isEven {
      try optimizer.update(
        parameters: whole.values, gradients: whole.gradients, state: whole.arrays, learningRate: learningRate,
        step: steps[0] + 1)
    } else {
      var first = 0
      while first < steps.count {
        var end = first + 1
        while end < steps.count, isSet[end] == isSet[first], steps[end] == steps[first] { end += 1 }
        if isSet[first] { try updateRun(first..<end, learningRate: learningRate) }
        first = end
      }
    }
  }

  /// A step of some parameters that lie side by side.
  private func updateRun(_ run: Range<Int>, learningRate: Double) throws {
    let start = arena.trained[run.lowerBound].offset
    let end = run.upperBound < arena.trained.count ? arena.trained[run.upperBound].offset : arena.trainedCount
    func part(_ buffer: Buffer) throws -> Tensor {
      Tensor(
        shape: [end - start],
        buffer: try buffer.device.slice(buffer, byteOffset: start * 4, byteCount: (end - start) * 4))
    }
    try optimizer.update(
      parameters: part(arena.values), gradients: part(arena.gradients!), state: arrays.map(part),
      learningRate: learningRate, step: steps[run.lowerBound] + 1)
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
