/// Mean squared error and what all losses share. Kernels in `loss.cl` and `loss_tile.cl`.
enum LossKernels {
  static let squaredError = FamilyKernel("loss", "squared_error")
  static let finish = FamilyKernel("loss", "loss_finish")
}

/// The mean of (prediction − target)² over all elements.
///
/// - Shapes: prediction and target alike → `[1]`
/// - Parameter metrics: gathers the loss, if given.
/// - Throws: ``ShapeError`` when the shapes differ.
/// - Cost: two launches, in which the prediction's gradient is computed too, or, where the prediction is an
///   activation's output, the pre-activation gradient. The target gets a gradient only if it requires one, which costs a launch,
///   and another where the prediction is an activation's output, whose gradient is then a launch of its own.
/// - Source: semantics of torch.nn.functional.mse_loss.
public func meanSquaredError(_ prediction: Tensor, _ target: Tensor, metrics: RunningMetrics? = nil) throws -> Tensor {
  try elementwiseLoss(
    "meanSquaredError", LossKernels.squaredError, prediction, target, metrics, isSymmetric: true, slope: 2
  ) { $0.arguments }
}

/// The mean of a loss of each element.
///
/// - Parameters:
///   - isSymmetric: whether the target's gradient is the prediction's own, negated; otherwise it gets none.
///   - slope: what the kernel multiplies the derivative of an element by, times the count.
///   - arguments: the kernel's last ones, by what the prediction is the output of.
func elementwiseLoss(
  _ name: String, _ kernel: FamilyKernel, _ prediction: Tensor, _ target: Tensor, _ metrics: RunningMetrics?,
  isSymmetric: Bool, slope: Float, _ arguments: (OutputFunction) -> [KernelArgument]
) throws -> Tensor {
  guard prediction.shape == target.shape else {
    throw ShapeError(name, "the prediction's shape \(prediction.shape) is not the target's, \(target.shape)")
  }
  try checkIndexable(name, prediction.count)
  let device = prediction.device
  let count = prediction.count
  let tape = isSymmetric ? Tape.of(prediction, target) : Tape.of(prediction)
  let chunks = ReductionChunks.elements(count, on: device)
  let partial = try device.allocate(byteCount: chunks.count * 4)
  let gradient = try tape.map { _ in try device.tensor(prediction.shape) }
  let negated = isSymmetric && target.requiresGradient ? target : nil
  let function = negated == nil ? tape?.outputFunction(of: prediction) ?? .none : .none
  try device.launch(
    kernel, over: device.chunkGrid(chunks.count), moving: (gradient == nil ? 2 : 3) * count,
    [
      .buffer(prediction.buffer), .buffer(target.buffer), .buffer(gradient?.buffer ?? partial), .buffer(partial),
      .int(count), .int(chunks.length), .float(slope / Float(count)), .int(gradient == nil ? 0 : 1),
    ] + arguments(function))
  let loss = try finishLoss(
    partial, hits: nil, chunks: chunks.count, scale: 1 / Float(count), examples: prediction.shape.first ?? 1, metrics)
  if let tape, let gradient {
    tape.recordLoss(loss, of: prediction, gradient: gradient, before: function, negatedTo: negated)
  }
  return loss
}

/// Sums a loss's chunks, times scale, and the tape's penalties, and adds the loss to the metrics. One launch, unless it is
/// left to an optimizer, and one or two for each penalty.
func finishLoss(
  _ partial: Buffer, hits: Buffer?, chunks: Int, scale: Float, examples: Int, _ metrics: RunningMetrics?
) throws -> Tensor {
  let device = partial.device, loss = try device.tensor([1])
  for penalty in Tape.current?.penalties ?? [] {
    try sumElements(penalty.terms, into: partial, scale: 1 / scale, accumulate: true)
  }
  let pending = PendingLoss(
    loss: loss, partial: partial, hits: hits, metrics: metrics?.buffer, chunks: chunks, scale: scale,
    examples: examples)
  let isLeft = !device.traits.isVector && Tape.current?.leave(pending) == true
  if !isLeft { try pending.finish() }
  return loss
}

/// A loss whose chunks are yet to be summed.
package struct PendingLoss {
  package let loss: Tensor
  let partial: Buffer
  let hits, metrics: Buffer?
  let chunks: Int
  let scale: Float
  let examples: Int

  /// What the kernels that finish a loss are told of it, in their order.
  var arguments: [KernelArgument] {
    [
      .buffer(partial), .buffer(hits ?? partial), .buffer(loss.buffer), .buffer(metrics ?? loss.buffer), .int(chunks),
      .float(scale), .int(hits == nil ? 0 : 1), .int(metrics == nil ? 0 : 1), .int(examples),
    ]
  }

  /// The same for a kernel that finishes no loss; `any` is a buffer that it takes anyway.
  static func noArguments(_ any: Buffer) -> [KernelArgument] {
    [
      .buffer(any), .buffer(any), .buffer(any), .buffer(any), .int(0), .float(0), .int(0), .int(0), .int(0),
    ]
  }

  /// Sums the chunks. One launch.
  package func finish() throws {
    let device = partial.device
    try device.launch(LossKernels.finish, over: device.chunkGrid(1), moving: chunks, arguments)
  }
}

extension Tape {
  /// Records a loss whose input's gradient, for a loss's gradient of one, is known already: the gradient before the
  /// input's output function.
  func recordLoss(
    _ loss: Tensor, of input: Tensor, gradient: Tensor, before function: OutputFunction = .none,
    negatedTo other: Tensor? = nil
  ) {
    let penalties = takePenalties()
    record(loss) { dy in
      for penalty in penalties {
        let gradient = try penalty.gradient()
        try self.accumulate(self.isOnes(dy) ? gradient : scaled(gradient, by: dy), into: penalty.x)
      }
      if input.requiresGradient {
        try self.accumulate(
          self.isOnes(dy) ? gradient : scaled(gradient, by: dy), into: input, before: function)
      }
      if let other, other.requiresGradient {
        try self.accumulate(scaled(gradient, by: dy, scale: -1), into: other)
      }
    }
  }
}
