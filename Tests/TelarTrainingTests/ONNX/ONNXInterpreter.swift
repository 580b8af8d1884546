import Foundation
import SwiftProtobuf
import TelarTraining
import Testing

/// Computes an ONNX file by the descriptions of its operators, in plain double-precision loops that share nothing with
/// what wrote the file. Tensors are row-major, images `[N, C, H, W]`.
struct ONNXInterpreter {
  struct Array4 {
    var shape: [Int]
    var values: [Double]
  }

  let model: ONNXModelProto

  init(_ bytes: [UInt8]) throws { model = try ONNXModelProto(serializedBytes: bytes) }

  /// The tensors of the graph that are given by value, of floats and of integers.
  private func initializers() throws -> (tensors: [String: Array4], integers: [String: [Int]]) {
    var tensors: [String: Array4] = [:]
    var integers: [String: [Int]] = [:]
    for tensor in model.graph.initializer {
      let shape = tensor.dims.map(Int.init)
      switch tensor.dataType {
      case 1:
        let values = tensor.rawData.withUnsafeBytes { bytes in
          (0..<(bytes.count / 4)).map { Double(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)) }
        }
        try #require(values.count == shape.reduce(1, *))
        tensors[tensor.name] = Array4(shape: shape, values: values)
      case 7:
        integers[tensor.name] = tensor.rawData.withUnsafeBytes { bytes in
          (0..<(bytes.count / 8)).map { Int(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)) }
        }
      default: Issue.record("initializer \(tensor.name) of type \(tensor.dataType)")
      }
    }
    return (tensors, integers)
  }

  func callAsFunction(_ input: Array4) throws -> Array4 {
    var (tensors, integers) = try initializers()
    tensors["input"] = input
    for node in model.graph.node {
      if node.opType == "Div", let dividend = integers[node.input[0]] {
        integers[node.output[0]] = zip(dividend, try #require(integers[node.input[1]])).map { $0 / $1 }
        continue
      }
      let x = try #require(tensors[node.input[0]], "\(node.name) reads \(node.input[0]), which nothing wrote")
      if node.opType == "Shape" {
        integers[node.output[0]] = x.shape
        continue
      }
      if node.opType == "Slice" {
        let ends = try #require(integers[node.input[2]])
        try #require(integers[node.input[1]] == [0, 0] && x.shape.count == 2)
        let rows = stride(from: 0, to: x.values.count, by: x.shape[1]).prefix(ends[0])
        tensors[node.output[0]] = Array4(shape: ends, values: rows.flatMap { x.values[$0..<$0 + ends[1]] })
        continue
      }
      let others = node.input.dropFirst().map { tensors[$0] }
      let sizes = node.input.count > 1 ? integers[node.input[1]] : nil
      tensors[node.output[0]] = try Self.output(of: node, x, others, sizes: sizes)
    }
    return try #require(tensors[model.graph.output[0].name])
  }

  /// The attributes of a node, each with the value that it has by default.
  private struct Attributes {
    private let values: [String: ONNXAttributeProto]

    init(_ node: ONNXNodeProto) { values = Dictionary(uniqueKeysWithValues: node.attribute.map { ($0.name, $0) }) }

    func list(_ name: String, _ fallback: [Int]) -> [Int] { values[name]?.ints.map(Int.init) ?? fallback }
    func integer(_ name: String, _ fallback: Int) -> Int { values[name].map { Int($0.i) } ?? fallback }
    func number(_ name: String, _ fallback: Float) -> Double { Double(values[name]?.f ?? fallback) }
  }

  /// - Parameter sizes: the second input, where that is of integers.
  private static func output(of node: ONNXNodeProto, _ x: Array4, _ others: [Array4?], sizes: [Int]?) throws -> Array4 {
    let attributes = Attributes(node)
    if let function = elementFunction(of: node.opType, attributes) {
      return Array4(shape: x.shape, values: x.values.map(function))
    }
    switch node.opType {
    case "Identity": return x
    case "Mul": return try broadcast(x, try #require(others[0]), *)
    case "Add": return try broadcast(x, try #require(others[0]), +)
    case "Concat":
      try #require(attributes.integer("axis", 0) == 1)
      return concatenated([x] + others.map { $0! })
    case "Pad": return pad(x, try #require(sizes))
    case "Gemm":
      try #require(attributes.integer("transA", 0) == 0 && attributes.integer("transB", 0) == 1)
      return gemm(x, others[0]!, others.count > 1 ? others[1] : nil)
    case "InstanceNormalization":
      return instanceNormalization(x, others.map { $0!.values }, epsilon: attributes.number("epsilon", 1e-5))
    case "BatchNormalization":
      return batchNormalization(x, others.map { $0!.values }, epsilon: attributes.number("epsilon", 1e-5))
    case "Flatten", "Reshape", "Unsqueeze": return try reshaped(x, node.opType, attributes, sizes)
    default: return try windowed(x, others, node.opType, attributes)
    }
  }

  /// Arrays side by side in their second dimension.
  private static func concatenated(_ arrays: [Array4]) -> Array4 {
    let sizes = arrays.map { $0.shape.dropFirst().reduce(1, *) }
    var shape = arrays[0].shape
    shape[1] = arrays.reduce(0) { $0 + $1.shape[1] }
    let values = (0..<shape[0]).flatMap { n in
      zip(arrays, sizes).flatMap { array, size in array.values[n * size..<(n + 1) * size] }
    }
    return Array4(shape: shape, values: values)
  }

  /// What an operator does to each element; `nil` for one that is not element by element.
  private static func elementFunction(of name: String, _ attributes: Attributes) -> ((Double) -> Double)? {
    switch name {
    case "Relu": return { max($0, 0) }
    case "LeakyRelu":
      let alpha = attributes.number("alpha", 0.01)
      return { $0 < 0 ? alpha * $0 : $0 }
    case "Sigmoid": return { 1 / (1 + exp(-$0)) }
    case "Tanh": return tanh
    case "Erf": return erf
    default: return nil
    }
  }

  private static func reshaped(_ x: Array4, _ name: String, _ attributes: Attributes, _ sizes: [Int]?) throws -> Array4
  {
    var shape = x.shape
    switch name {
    case "Flatten":
      try #require(attributes.integer("axis", 1) == 1)
      shape = [x.shape[0], x.shape.dropFirst().reduce(1, *)]
    case "Unsqueeze":
      for axis in try #require(sizes).sorted() { shape.insert(1, at: axis) }
    default:
      // 0 keeps a size, and -1 takes the rest.
      let sizes = try #require(sizes).enumerated().map { $1 == 0 ? x.shape[$0] : $1 }
      let rest = x.values.count / sizes.filter { $0 > 0 }.reduce(1, *)
      shape = sizes.map { $0 == -1 ? rest : $0 }
    }
    try #require(shape.reduce(1, *) == x.values.count)
    return Array4(shape: shape, values: x.values)
  }

  /// Operators that slide a window over an image.
  private static func windowed(_ x: Array4, _ others: [Array4?], _ name: String, _ attributes: Attributes) throws
    -> Array4
  {
    let (strides, pads) = (attributes.list("strides", [1, 1]), attributes.list("pads", [0, 0, 0, 0]))
    let (dilations, group) = (attributes.list("dilations", [1, 1]), attributes.integer("group", 1))
    switch name {
    case "GlobalAveragePool":
      return pool(x, kernel: Array(x.shape[2...]), strides: strides, pads: pads, isMean: true, countsPadding: false)
    case "MaxPool", "AveragePool":
      return pool(
        x, kernel: attributes.list("kernel_shape", []), strides: strides, pads: pads, isMean: name == "AveragePool",
        countsPadding: attributes.integer("count_include_pad", 0) == 1)
    case "Conv":
      return conv(
        x, others[0]!, others.count > 1 ? others[1]! : nil, strides: strides, pads: pads, dilations: dilations,
        group: group)
    case "ConvTranspose":
      let outputPadding = attributes.list("output_padding", [0, 0])
      // As ONNX Runtime requires.
      try #require(zip(outputPadding, strides).allSatisfy { $0 < $1 })
      return convTranspose(
        x, others[0]!, others.count > 1 ? others[1]! : nil, strides: strides, pads: pads, dilations: dilations,
        outputPadding: outputPadding, group: group)
    default:
      Issue.record("operator \(name)")
      return x
    }
  }

  /// Element by element, where the second array has as many dimensions or fewer, each of the same size or 1.
  private static func broadcast(
    _ a: Array4, _ b: Array4, _ combine: (Double, Double) -> Double
  ) throws -> Array4 {
    let sizes = [Int](repeating: 1, count: a.shape.count - b.shape.count) + b.shape
    try #require(zip(sizes, a.shape).allSatisfy { $0 == 1 || $0 == $1 })
    var y = a
    for place in a.values.indices {
      var (rest, other, step) = (place, 0, 1)
      for axis in a.shape.indices.reversed() {
        if sizes[axis] > 1 { other += rest % a.shape[axis] * step }
        step *= sizes[axis]
        rest /= a.shape[axis]
      }
      y.values[place] = combine(a.values[place], b.values[other])
    }
    return y
  }

  /// Zeros around an image; `pads` are those in front of all axes, then those behind them.
  private static func pad(_ x: Array4, _ pads: [Int]) -> Array4 {
    let shape = (0..<4).map { x.shape[$0] + pads[$0] + pads[4 + $0] }
    var y = Array4(shape: shape, values: [Double](repeating: 0, count: shape.reduce(1, *)))
    for place in x.values.indices {
      var (rest, target, step) = (place, 0, 1)
      for axis in (0..<4).reversed() {
        target += (rest % x.shape[axis] + pads[axis]) * step
        rest /= x.shape[axis]
        step *= shape[axis]
      }
      y.values[target] = x.values[place]
    }
    return y
  }

  private static func gemm(_ a: Array4, _ b: Array4, _ c: Array4?) -> Array4 {
    let (m, k, n) = (a.shape[0], a.shape[1], b.shape[0])
    var y = Array4(shape: [m, n], values: [])
    for i in 0..<m {
      for j in 0..<n {
        var sum = c?.values[j] ?? 0
        for l in 0..<k { sum += a.values[i * k + l] * b.values[j * k + l] }
        y.values.append(sum)
      }
    }
    return y
  }

  /// `parameters` are scale, bias, mean and variance.
  private static func batchNormalization(_ x: Array4, _ parameters: [[Double]], epsilon: Double) -> Array4 {
    let area = x.shape[2] * x.shape[3]
    var y = x
    for place in x.values.indices {
      let c = place / area % x.shape[1]
      y.values[place] =
        (x.values[place] - parameters[2][c]) / (parameters[3][c] + epsilon).squareRoot() * parameters[0][c]
        + parameters[1][c]
    }
    return y
  }

  /// `parameters` are scale and bias.
  private static func instanceNormalization(_ x: Array4, _ parameters: [[Double]], epsilon: Double) -> Array4 {
    let size = x.shape[2...].reduce(1, *)
    var y = x
    for plane in 0..<(x.shape[0] * x.shape[1]) {
      let values = x.values[(plane * size)..<((plane + 1) * size)]
      let mean = values.reduce(0, +) / Double(size)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
      let c = plane % x.shape[1]
      for i in values.indices {
        y.values[i] = (x.values[i] - mean) / (variance + epsilon).squareRoot() * parameters[0][c] + parameters[1][c]
      }
    }
    return y
  }

  private static func pool(
    _ x: Array4, kernel: [Int], strides: [Int], pads: [Int], isMean: Bool, countsPadding: Bool
  ) -> Array4 {
    let (h, w) = (x.shape[2], x.shape[3])
    let ho = (h + pads[0] + pads[2] - kernel[0]) / strides[0] + 1
    let wo = (w + pads[1] + pads[3] - kernel[1]) / strides[1] + 1
    var y = Array4(shape: [x.shape[0], x.shape[1], ho, wo], values: [])
    for plane in 0..<(x.shape[0] * x.shape[1]) {
      for i in 0..<ho {
        for j in 0..<wo {
          var inside: [Double] = []
          for r in 0..<kernel[0] {
            for s in 0..<kernel[1] {
              let (row, column) = (i * strides[0] + r - pads[0], j * strides[1] + s - pads[1])
              if 0..<h ~= row, 0..<w ~= column { inside.append(x.values[(plane * h + row) * w + column]) }
            }
          }
          let count = countsPadding ? kernel[0] * kernel[1] : inside.count
          y.values.append(isMean ? inside.reduce(0, +) / Double(count) : inside.max() ?? -.infinity)
        }
      }
    }
    return y
  }

  private static func conv(
    _ x: Array4, _ weight: Array4, _ bias: Array4?, strides: [Int], pads: [Int], dilations: [Int], group: Int
  ) -> Array4 {
    let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (o, cg, kh, kw) = (weight.shape[0], weight.shape[1], weight.shape[2], weight.shape[3])
    let ho = (h + pads[0] + pads[2] - dilations[0] * (kh - 1) - 1) / strides[0] + 1
    let wo = (w + pads[1] + pads[3] - dilations[1] * (kw - 1) - 1) / strides[1] + 1
    var y = Array4(shape: [n, o, ho, wo], values: [])
    for image in 0..<n {
      for out in 0..<o {
        let firstChannel = out / (o / group) * cg
        for i in 0..<ho {
          for j in 0..<wo {
            var sum = bias?.values[out] ?? 0
            for channel in 0..<cg {
              for r in 0..<kh {
                for s in 0..<kw {
                  let row = i * strides[0] + r * dilations[0] - pads[0]
                  let column = j * strides[1] + s * dilations[1] - pads[1]
                  guard 0..<h ~= row, 0..<w ~= column else { continue }
                  sum +=
                    x.values[((image * c + firstChannel + channel) * h + row) * w + column]
                    * weight.values[((out * cg + channel) * kh + r) * kw + s]
                }
              }
            }
            y.values.append(sum)
          }
        }
      }
    }
    return y
  }

  private static func convTranspose(
    _ x: Array4, _ weight: Array4, _ bias: Array4?, strides: [Int], pads: [Int], dilations: [Int],
    outputPadding: [Int], group: Int
  ) -> Array4 {
    let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (og, kh, kw) = (weight.shape[1], weight.shape[2], weight.shape[3])
    let o = og * group
    let ho = strides[0] * (h - 1) + outputPadding[0] + (kh - 1) * dilations[0] + 1 - pads[0] - pads[2]
    let wo = strides[1] * (w - 1) + outputPadding[1] + (kw - 1) * dilations[1] + 1 - pads[1] - pads[3]
    var y = Array4(shape: [n, o, ho, wo], values: [Double](repeating: 0, count: n * o * ho * wo))
    for place in y.values.indices { y.values[place] = bias?.values[place / (ho * wo) % o] ?? 0 }
    for image in 0..<n {
      for channel in 0..<c {
        let firstOut = channel / (c / group) * og
        for i in 0..<h {
          for j in 0..<w {
            let value = x.values[((image * c + channel) * h + i) * w + j]
            for out in 0..<og {
              for r in 0..<kh {
                for s in 0..<kw {
                  let row = i * strides[0] + r * dilations[0] - pads[0]
                  let column = j * strides[1] + s * dilations[1] - pads[1]
                  guard 0..<ho ~= row, 0..<wo ~= column else { continue }
                  y.values[((image * o + firstOut + out) * ho + row) * wo + column] +=
                    value * weight.values[((channel * og + out) * kh + r) * kw + s]
                }
              }
            }
          }
        }
      }
    }
    return y
  }
}
