/// Weight and bias of a convolution of either sort. PyTorch counts a weight's fan-in by its second dimension, which for
/// a transposed convolution is that of the outputs.
func filterParameters(shape: [Int], outputChannels: Int, hasBias: Bool) -> [ParameterSpec] {
  // Sizes of an architecture from a file may be any; what is too large for a tensor is found where one is made.
  let fanIn = shape[1...].reduce(1) { product, size in
    let (product, overflow) = product.multipliedReportingOverflow(by: size)
    return overflow ? Int.max : product
  }
  let initializer = Initializer.pyTorchDefault(fanIn: fanIn)
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
  try checkedCount(place, shape)
}

extension ConvGeometry {
  /// PyTorch's keywords that both sorts of convolution have.
  var attributes: JSON.Members {
    [
      "kernel_size": kernelSize.json, "stride": stride.json, "padding": padding.json, "dilation": dilation.json,
      "groups": .integer(groups),
    ]
  }

  /// The number of positions in the kernel.
  var taps: Double { Double(kernelSize.height) * Double(kernelSize.width) }

  /// An image's shape with the padding around it.
  func padded(_ shape: [Int]) -> [Int] {
    [shape[0] + 2 * padding.height, shape[1] + 2 * padding.width, shape[2]]
  }

  /// The attributes of ONNX's operators.
  ///
  /// - Parameter endPadding: the padding behind each axis, where it is not that in front.
  func exported(endPadding: [Int]? = nil) -> [(String, ONNXAttribute)] {
    [
      ("kernel_shape", .integers(kernelSize.list)), ("strides", .integers(stride.list)),
      ("pads", .integers(padding.list + (endPadding ?? padding.list))), ("dilations", .integers(dilation.list)),
      ("group", .integer(groups)),
    ]
  }
}

extension Pair {
  /// The form of ONNX's attributes.
  var list: [Int] { [height, width] }
}
