import TelarNN

// The layers of TelarNN as ONNX's operators: one conformance a layer.

extension Conv2d: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) {
    graph.append("Conv", [graph.input] + graph.parameters(), geometry.exported())
  }
}

extension ConvTranspose2d: ONNXLayer {
  /// ONNX Runtime refuses an output padding that is not below the stride. Such rows and columns at the end come from
  /// less padding there and, where that is not enough, from zeros behind the image, which add no more than room.
  public func export(to graph: inout ONNXGraphBuilder) {
    var outputPadding = geometry.outputPadding.list
    var endPadding = geometry.padding.list
    var zeros = [0, 0]
    for (axis, stride) in geometry.stride.list.enumerated() where outputPadding[axis] >= stride {
      zeros[axis] = max(0, outputPadding[axis] - endPadding[axis]).dividedUp(by: stride)
      endPadding[axis] += zeros[axis] * stride - outputPadding[axis]
      outputPadding[axis] = 0
    }
    var x = graph.input
    if zeros != [0, 0] {
      x = graph.append("Pad", [x, graph.constant("pads", [0, 0, 0, 0, 0, 0] + zeros)], name: "pad")
    }
    graph.append(
      "ConvTranspose", [x] + graph.parameters(),
      geometry.exported(endPadding: endPadding) + [("output_padding", .integers(outputPadding))])
  }
}

extension Linear: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) {
    // Weights are [out, in], as in PyTorch.
    graph.append("Gemm", [graph.input] + graph.parameters(), [("transB", .integer(1))])
  }
}

extension BatchNorm2d: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) {
    graph.append("BatchNormalization", [graph.input] + graph.parameters(), [("epsilon", .number(epsilon))])
  }
}

extension MaxPool2d: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) {
    graph.append("MaxPool", [graph.input], geometry.exported)
  }
}

extension AvgPool2d: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) {
    graph.append(
      "AveragePool", [graph.input],
      geometry.exported + [("count_include_pad", .integer(geometry.countIncludePad ? 1 : 0))])
  }
}

extension ReLU: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) { graph.append("Relu", [graph.input]) }
}

extension LeakyReLU: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) {
    graph.append("LeakyRelu", [graph.input], [("alpha", .number(negativeSlope))])
  }
}

extension Sigmoid: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) { graph.append("Sigmoid", [graph.input]) }
}

extension Tanh: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) { graph.append("Tanh", [graph.input]) }
}

extension Flatten: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) {
    graph.append("Flatten", [graph.input], [("axis", .integer(1))])
  }
}

extension Unflatten: ONNXLayer {
  public func export(to graph: inout ONNXGraphBuilder) {
    // A zero keeps the size that is there: N.
    graph.append("Reshape", [graph.input, graph.constant("shape", [0, channels, height, width])])
  }
}

extension Dropout: ONNXLayer {
  /// In evaluation it does nothing.
  public func export(to graph: inout ONNXGraphBuilder) {}
}

extension ConvGeometry {
  /// - Parameter endPadding: the padding behind each axis, where it is not that in front.
  fileprivate func exported(endPadding: [Int]? = nil) -> [(String, ONNXAttribute)] {
    [
      ("kernel_shape", .integers(kernelSize.list)), ("strides", .integers(stride.list)),
      ("pads", .integers(padding.list + (endPadding ?? padding.list))), ("dilations", .integers(dilation.list)),
      ("group", .integer(groups)),
    ]
  }
}

extension PoolGeometry {
  fileprivate var exported: [(String, ONNXAttribute)] {
    [
      ("kernel_shape", .integers(kernelSize.list)), ("strides", .integers(stride.list)),
      ("pads", .integers(padding.list + padding.list)),
    ]
  }
}

extension Pair {
  fileprivate var list: [Int] { [height, width] }
}
