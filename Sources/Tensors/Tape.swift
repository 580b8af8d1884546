import Foundation

/// Records operators as they run, and runs their gradients in the opposite order.
///
/// An operator records itself when one of its inputs requires a gradient. Parameters are not made under a tape, so a
/// forward pass runs within ``recording(_:)``, and the operators find the tape there.
///
/// A gradient that reaches a tensor on several ways is summed in the order in which the ways come back, which is fixed,
/// so results are deterministic.
public final class Tape {
  private struct Record {
    let output: Tensor
    let outputFunction: OutputFunction
    let backward: (Tensor) throws -> Void
    /// The step of a plan that the operator is a part of, for a profiler.
    let step: String?
  }

  private var records: [Record] = []
  private var gradients: [ObjectIdentifier: Tensor] = [:]
  /// Gradients before the output functions of the operators that made these tensors.
  private var preactivationGradients: [ObjectIdentifier: Tensor] = [:]
  /// What the next loss is to contain.
  private(set) var penalties: [Penalty] = []
  /// A loss whose chunks nobody has summed yet, where the pass may leave that to others.
  private var pendingLoss: PendingLoss?
  private var leavesLoss = false
  /// The ones that a backward pass without a seed starts from, kept so that a step does not fill them again.
  private var ones: Tensor?

  public init() {}

  /// The tape that operators record on now; `nil` outside of ``recording(_:)``, where nothing is recorded.
  ///
  /// It is the thread's own, because a device and its tensors are used from one thread at a time.
  package static var current: Tape? {
    get { recordingSlot.tape }
    set { recordingSlot.tape = newValue }
  }
  private static let recordingSlot = ThreadSlot()

  /// Whether the thread records, or runs the gradients of what was recorded: a step of training.
  static var isTraining: Bool { recordingSlot.tape != nil || backwardSlot.tape != nil }
  private static let backwardSlot = ThreadSlot()

  /// A tape that is the thread's own. It is the system's key rather than a task-local value or the thread's dictionary,
  /// which are slower, and every operator asks.
  private struct ThreadSlot {
    private let key = {
      var key = pthread_key_t()
      let status = pthread_key_create(&key, nil)
      precondition(status == 0, "no key for the thread's tape: error \(status)")
      return key
    }()

    var tape: Tape? {
      get { pthread_getspecific(key).map { Unmanaged.fromOpaque($0).takeUnretainedValue() } }
      // Not retained: who sets it keeps the tape for as long as it is there.
      nonmutating set { pthread_setspecific(key, newValue.map { Unmanaged.passUnretained($0).toOpaque() }) }
    }
  }

  /// Runs `body` and records the operators that it calls.
  public func recording<Result>(_ body: () throws -> Result) rethrows -> Result {
    let outer = Tape.current
    Tape.current = self
    defer { Tape.current = outer }
    return try withExtendedLifetime(self) { try body() }
  }

  /// The same for a `body` that returns what a loss function does, and does not read it: where the device's optimizers can
  /// finish the loss, that is left to them.
  ///
  /// - Returns: the loss, and what is left of it.
  package func recordingLoss(_ body: () throws -> Tensor) throws -> (loss: Tensor, pending: PendingLoss?) {
    (pendingLoss, leavesLoss) = (nil, true)
    defer { (pendingLoss, leavesLoss) = (nil, false) }
    let loss = try recording(body)
    precondition(
      pendingLoss == nil || pendingLoss!.loss === loss, "a repeated step's loss is what a loss function returns")
    return (loss, pendingLoss)
  }

  /// Has a penalty added to the loss that is computed next.
  func addPenalty(_ penalty: Penalty) { penalties.append(penalty) }

  /// The penalties, which are then those of a loss.
  func takePenalties() -> [Penalty] {
    defer { penalties = [] }
    return penalties
  }

  /// Leaves a loss to be finished by others, if the pass may.
  func leave(_ loss: PendingLoss) -> Bool {
    guard leavesLoss else { return false }
    precondition(pendingLoss == nil, "a repeated step has one loss")
    pendingLoss = loss
    return true
  }

  /// The tape to record on, when there is one and an input requires a gradient.
  ///
  /// A custom operator asks for it after computing its output:
  ///
  /// ```swift
  /// if let tape = Tape.of(x) {
  ///   tape.record(y) { dy in try tape.accumulate(gradient(dy), into: x) }
  /// }
  /// ```
  public static func of(_ inputs: Tensor?...) -> Tape? {
    guard inputs.contains(where: { $0?.requiresGradient ?? false }) else { return nil }
    return current
  }

  /// Notes how the gradients of an operator's inputs follow from that of its output. `backward` calls
  /// ``accumulate(_:into:)`` for inputs that require a gradient.
  public func record(_ output: Tensor, backward: @escaping (Tensor) throws -> Void) {
    record(output, outputFunction: .none, backward: backward)
  }

  /// The same for an operator that may apply an activation last, and whose `backward` may write to a parameter's
  /// ``GradientSlot``.
  ///
  /// - Parameter outputFunction: what the operator applies last; `backward` is given the pre-activation gradient, which
  ///   costs a launch unless those who use the output passed it on already.
  package func record(_ output: Tensor, outputFunction: OutputFunction, backward: @escaping (Tensor) throws -> Void) {
    output.requiresGradient = true
    records.append(
      Record(
        output: output, outputFunction: outputFunction, backward: backward, step: output.device.profiler?.context.step))
  }

  /// What the operator that made a tensor applied last; `none` where that is not recorded here.
  func outputFunction(of tensor: Tensor) -> OutputFunction {
    records.last { $0.output === tensor }?.outputFunction ?? .none
  }

  /// Adds to the gradient of a tensor: in its slot when it has one, otherwise in the tape until its record is reached.
  public func accumulate(_ gradient: Tensor, into tensor: Tensor) throws {
    precondition(gradient.shape == tensor.shape, "a gradient of \(gradient.shape) for a tensor of \(tensor.shape)")
    if let slot = tensor.gradient {
      let (device, sum) = (tensor.device, slot.memory.buffer)
      if try slot.claim() {
        try device.launch(
          ElementwiseKernels.add, over: device.elementwiseGrid(tensor.count),
          [.buffer(gradient.buffer), .buffer(sum), .buffer(sum), .int(tensor.count)])
      } else {
        try device.copy(from: gradient.buffer, at: 0, to: sum, at: 0, byteCount: tensor.count * 4)
      }
      return
    }
    try addGradient(gradient, of: tensor, to: &gradients)
  }

  /// Adds to the pre-activation gradient of `tensor`, before its ``outputFunction(of:)``; with `none`, the same as
  /// ``accumulate(_:into:)``.
  func accumulate(_ gradient: Tensor, into tensor: Tensor, before function: OutputFunction) throws {
    if function == .none { return try accumulate(gradient, into: tensor) }
    precondition(gradient.shape == tensor.shape, "a gradient of \(gradient.shape) for a tensor of \(tensor.shape)")
    try addGradient(gradient, of: tensor, to: &preactivationGradients)
  }

  /// Adds a gradient of `tensor` that `enqueue` writes: a product, stored with the epilogue given, so that the gradient of
  /// `tensor`'s activation takes no launch of its own.
  func accumulate(into tensor: Tensor, enqueue: (_ gradient: Tensor, _ epilogue: Epilogue) throws -> Void) throws {
    let gradient = try tensor.device.tensor(tensor.shape), function = outputFunction(of: tensor)
    try tensor.device.inRole(.inputGradient) {
      try enqueue(gradient, function == .none ? .none : .gradient(before: function, output: tensor))
    }
    try accumulate(gradient, into: tensor, before: function)
  }

  private func addGradient(_ gradient: Tensor, of tensor: Tensor, to sums: inout [ObjectIdentifier: Tensor]) throws {
    let key = ObjectIdentifier(tensor)
    // Not in place: the present gradient may be another tensor's too, as after an addition.
    sums[key] = try sums[key].map { try add($0, gradient) } ?? gradient
  }

  /// Runs the gradients of everything recorded, from `output`, and forgets the records.
  ///
  /// - Parameter seed: the gradient of the output itself; by default ones, which fits a scalar loss.
  public func backward(from output: Tensor, seed: Tensor? = nil) throws {
    defer { clear() }
    try start(from: output, seed: seed)
    try differentiating { while let record = records.popLast() { try run(record) } }
  }

  /// Runs the gradients as ``backward(from:seed:)`` does and keeps the records, so that they can be run again.
  package func backwardKeepingRecords(from output: Tensor, seed: Tensor) throws {
    defer { clearGradients() }
    try start(from: output, seed: seed)
    try differentiating { for record in records.reversed() { try run(record) } }
  }

  private func differentiating(_ body: () throws -> Void) rethrows {
    let outer = Self.backwardSlot.tape
    Self.backwardSlot.tape = self
    defer { Self.backwardSlot.tape = outer }
    try withExtendedLifetime(self) { try body() }
  }

  private func start(from output: Tensor, seed: Tensor?) throws {
    if seed == nil, ones?.shape != output.shape || ones?.device !== output.device {
      ones = try output.device.filled(output.shape, with: 1)
    }
    gradients[ObjectIdentifier(output)] = seed ?? ones
  }

  private func run(_ record: Record) throws {
    guard let profiler = record.output.device.profiler else { return try differentiate(record) }
    (profiler.context.step, profiler.context.role) = (record.step, .gradient)
    defer { profiler.context = LaunchContext() }
    try differentiate(record)
  }

  private func differentiate(_ record: Record) throws {
    let (output, function) = (record.output, record.outputFunction)
    if let gradient = gradients.removeValue(forKey: ObjectIdentifier(output)) {
      let before = function == .none ? gradient : try preactivationGradient(gradient, output, function)
      try addGradient(before, of: output, to: &preactivationGradients)
    }
    // A result that does not reach the loss has no gradient.
    guard let gradient = preactivationGradients.removeValue(forKey: ObjectIdentifier(output)) else { return }
    try record.backward(gradient)
  }

  /// Forgets everything recorded, and with it the intermediate tensors.
  public func clear() {
    records.removeAll(keepingCapacity: true)
    penalties.removeAll(keepingCapacity: true)
    clearGradients()
  }

  private func clearGradients() {
    gradients.removeAll(keepingCapacity: true)
    preactivationGradients.removeAll(keepingCapacity: true)
  }

  /// Whether a gradient is known to be all ones, so that a loss need not multiply by it.
  package func isOnes(_ gradient: Tensor) -> Bool { gradient === ones }

  /// Where a kernel writes the gradient of a parameter, or of a tensor in a parameter's place; `nil` when no gradient
  /// is wanted. Call ``GradientTarget/finish()`` once it is written.
  package func gradientTarget(of tensor: Tensor) throws -> GradientTarget? {
    guard tensor.requiresGradient else { return nil }
    if let slot = tensor.gradient { return try GradientTarget(slot) }
    let gradient = try tensor.device.tensor(tensor.shape)
    return GradientTarget(gradient: gradient, accumulate: false) { try self.accumulate(gradient, into: tensor) }
  }
}

/// Where a kernel writes a gradient, and how.
package struct GradientTarget {
  package let gradient: Tensor
  /// Whether to add to what is there or to overwrite it.
  package let accumulate: Bool
  /// Passes the gradient on, when it is not a parameter's.
  package let finish: () throws -> Void

  /// Where parts of the gradient may stay that are not added up.
  let slot: GradientSlot?

  package init(gradient: Tensor, accumulate: Bool, finish: @escaping () throws -> Void = {}) {
    (self.gradient, self.accumulate, self.finish) = (gradient, accumulate, finish)
    slot = nil
  }

  /// The gradient of a parameter.
  fileprivate init(_ slot: GradientSlot) throws {
    (gradient, accumulate, finish) = (slot.memory, try slot.claim(), {})
    self.slot = accumulate ? nil : slot
  }
}
