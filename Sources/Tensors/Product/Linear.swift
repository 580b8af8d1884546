/// x · weight + bias, then the activation.
///
/// - Shapes: x `[N, in]`, weight `[in, out]`, bias `[out]` → `[N, out]`
/// - Throws: ``ShapeError`` when shapes do not fit.
/// - Cost: one launch. Gradients: one each for x and the weight, one or two for the bias, on GPUs none, one at most for an
///   activation: none where products or a loss use its output.
/// - Source: semantics of torch.nn.functional.linear, with the weight transposed.
public func linear(_ x: Tensor, weight: Tensor, bias: Tensor?, activation: Activation = .none) throws -> Tensor {
  try linear(x, weight: weight, bias: bias, epilogue: .activation(activation))
}

/// The same with dropout of ReLU, or an activation, applied last. In the tile family dropout takes no launch.
package func linear(_ x: Tensor, weight: Tensor, bias: Tensor?, epilogue: Epilogue) throws -> Tensor {
  guard x.shape.count == 2, weight.shape.count == 2, x.shape[1] == weight.shape[0], x.shape[0] > 0 else {
    throw ShapeError("linear", "an input of shape \(x.shape) does not fit a weight [in, out] of shape \(weight.shape)")
  }
  let (batch, inputs, outputs) = (x.shape[0], weight.shape[0], weight.shape[1])
  guard bias == nil || bias!.shape == [outputs] else {
    throw ShapeError("linear", "bias \(bias!.shape) does not fit \(outputs) outputs")
  }
  guard max(batch * inputs, batch * outputs, inputs * outputs) <= Int(Int32.max) else {
    throw ShapeError("linear", "\(batch)×\(inputs)×\(outputs) is more than a kernel can index: use a smaller batch")
  }
  let y = try x.device.tensor([batch, outputs])
  try GemmProblem(
    m: batch, n: outputs, k: inputs, a: .rows(of: x), b: .rows(of: weight), out: y.buffer, bias: bias?.buffer,
    epilogue: epilogue
  ).enqueue(on: x.device)
  if let tape = Tape.of(x, weight, bias) {
    tape.record(y, outputFunction: epilogue.outputFunction) { dz in
      let sums = try BiasGradient.beside(dz, into: bias, on: tape)
      if let target = try tape.gradientTarget(of: weight) {
        try x.device.inRole(.weightGradient) {
          var product = GemmProblem(
            m: inputs, n: outputs, k: batch, a: .columns(of: x), b: .rows(of: dz), out: target.gradient.buffer,
            beta: target.accumulate ? 1 : 0)
          (product.gradient, product.sums) = (target, sums)
          try product.enqueue(on: x.device)
        }
        try target.finish()
      } else {
        try sums?.enqueue()
      }
      try sums?.target.finish()
      if x.requiresGradient {
        try tape.accumulate(into: x) { dx, epilogue in
          try GemmProblem(
            m: batch, n: inputs, k: outputs, a: .rows(of: dz), b: .columns(of: weight), out: dx.buffer,
            epilogue: epilogue
          ).enqueue(on: x.device)
        }
      }
    }
  }
  return y
}

extension MatrixView {
  /// A matrix as it lies.
  static func rows(of tensor: Tensor) -> MatrixView {
    MatrixView(buffer: tensor.buffer, rowStep: tensor.shape[1], columnStep: 1)
  }

  /// A matrix transposed.
  static func columns(of tensor: Tensor) -> MatrixView {
    MatrixView(buffer: tensor.buffer, rowStep: 1, columnStep: tensor.shape[1])
  }
}
