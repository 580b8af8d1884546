/// Weight and bias of a convolution of either sort. PyTorch counts a weight's fan-in by its second dimension, which for
/// a transposed convolution is that of the outputs.
func filterParameters(shape: [Int], outputChannels: Int, hasBias: Bool) -> [ParameterSpec] {
  let initializer = Initializer.pyTorchDefault(fanIn: shape[1] * shape[2] * shape[3])
  let weight = ParameterSpec("weight", shape: shape, layout: .filter, initializer: initializer)
  return hasBias ? [weight, ParameterSpec("bias", shape: [outputChannels], initializer: initializer)] : [weight]
}

func checkChannels(
  _ place: String, _ inputChannels: Int, _ outputChannels: Int, _ geometry: ConvGeometry, of shape: [Int],
  transposed: Bool
) throws {
  try geometry.validate(place, transposed: transposed)
  guard inputChannels > 0, outputChannels > 0, inputChannels % geometry.groups == 0,
    outputChannels % geometry.groups == 0
  else {
    throw ShapeError(place, "\(geometry.groups) groups do not divide \(inputChannels) to \(outputChannels) channels")
  }
  guard shape.count == 3, shape[2] == inputChannels else {
    throw ShapeError(place, "expects an image of \(inputChannels) channels and is given \(describe(shape))")
  }
}

extension ConvGeometry {
  /// PyTorch's keywords that both sorts of convolution have.
  var attributes: JSON.Members {
    [
      "kernel_size": kernelSize.json, "stride": stride.json, "padding": padding.json, "dilation": dilation.json,
      "groups": .integer(groups),
    ]
  }
}
