/// The tensors of a convolution's forward pass, which writes `y`, or of its transposed pass, which writes `x`.
package struct ConvOperands {
  /// Images `[N, H, W, C]`, shaped as the input of the convolution.
  package var x: Tensor
  package var weight: Tensor
  /// Added to each channel of what is written; `nil` for none.
  package var bias: Tensor?
  package var epilogue: Epilogue
  /// Images `[N, Ho, Wo, O]`, shaped as the output of the convolution.
  package var y: Tensor

  package init(x: Tensor, weight: Tensor, bias: Tensor? = nil, _ epilogue: Epilogue = .none, y: Tensor) {
    (self.x, self.weight, self.bias) = (x, weight, bias)
    (self.epilogue, self.y) = (epilogue, y)
  }

  var device: any Device { x.device }

  /// The same with another epilogue.
  func with(_ epilogue: Epilogue) -> ConvOperands { ConvOperands(x: x, weight: weight, bias: bias, epilogue, y: y) }

  /// The bias, or zeros for each of `channels`.
  func biasBuffer(channels: Int) throws -> Buffer { try bias?.buffer ?? device.zeros(byteCount: channels * 4) }
}

/// The tensors of a convolution's weight gradient.
package struct ConvGradientOperands {
  package var x: Tensor
  package var dy: Tensor
  package var weight: GradientTarget
  /// The gradient of the bias, from dy, or of a transposed convolution from x; `nil` where it is not wanted here. Only routes
  /// that say so compute it: see ``Route/sumsBias``.
  package var bias: BiasGradient?

  package init(x: Tensor, dy: Tensor, weight: GradientTarget, bias: BiasGradient? = nil) {
    (self.x, self.dy, self.weight, self.bias) = (x, dy, weight, bias)
  }

  /// - Parameter accumulate: whether to add to what `dweight` holds.
  package init(x: Tensor, dy: Tensor, dweight: Tensor, accumulate: Bool) {
    self.init(x: x, dy: dy, weight: GradientTarget(gradient: dweight, accumulate: accumulate))
  }

  var dweight: Tensor { weight.gradient }
  /// Whether to add to what `dweight` holds.
  var accumulate: Bool { weight.accumulate }

  var device: any Device { x.device }
}
