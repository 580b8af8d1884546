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
      let x = try #require(tensors[node.input[0]], "\(node.name) reads \(node.input[0]), which nothing wrote")
      let others = node.input.dropFirst().map { tensors[$0] }
      let attributes = Dictionary(uniqueKeysWithValues: node.attribute.map { ($0.name, $0) })
      func list(_ name: String, _ fallback: [Int]) -> [Int] { attributes[name]?.ints.map(Int.init) ?? fallback }
      func integer(_ name: String, _ fallback: Int) -> Int { attributes[name].map { Int($0.i) } ?? fallback }
      func number(_ name: String, _ fallback: Float) -> Double { Double(attributes[name]?.f ?? fallback) }
      func each(_ function: (Double) -> Double) -> Array4 { Array4(shape: x.shape, values: x.values.map(function)) }
      let y: Array4
      switch node.opType {
      case "Identity": y = x
      case "Relu": y = each { max($0, 0) }
      case "LeakyRelu":
        let alpha = number("alpha", 0.01)
        y = each { $0 < 0 ? alpha * $0 : $0 }
      case "Sigmoid": y = each { 1 / (1 + exp(-$0)) }
      case "Tanh": y = each(tanh)
      case "Erf": y = each(erf)
      case "Mul": y = try Self.broadcast(x, try #require(others[0]), *)
      case "Add": y = try Self.broadcast(x, try #require(others[0]), +)
      case "Flatten":
        try #require(integer("axis", 1) == 1)
        y = Array4(shape: [x.shape[0], x.shape.dropFirst().reduce(1, *)], values: x.values)
      case "Reshape":
        let sizes = try #require(integers[node.input[1]]).enumerated().map { $1 == 0 ? x.shape[$0] : $1 }
        let rest = x.values.count / sizes.filter { $0 > 0 }.reduce(1, *)
        y = Array4(shape: sizes.map { $0 == -1 ? rest : $0 }, values: x.values)
        try #require(y.shape.reduce(1, *) == x.values.count)
      case "Pad":
        y = Self.pad(x, try #require(integers[node.input[1]]))
      case "Gemm":
        try #require(integer("transA", 0) == 0 && integer("transB", 0) == 1)
        y = Self.gemm(x, others[0]!, others.count > 1 ? others[1] : nil)
      case "Shape":
        integers[node.output[0]] = x.shape
        continue
      case "Unsqueeze":
        var shape = x.shape
        for axis in try #require(integers[node.input[1]]).sorted() { shape.insert(1, at: axis) }
        y = Array4(shape: shape, values: x.values)
      case "InstanceNormalization":
        y = Self.instanceNormalization(x, others.map { $0!.values }, epsilon: number("epsilon", 1e-5))
      case "BatchNormalization":
        y = Self.batchNormalization(x, others.map { $0!.values }, epsilon: number("epsilon", 1e-5))
      case "GlobalAveragePool":
        y = Self.pool(
          x, kernel: Array(x.shape[2...]), strides: [1, 1], pads: [0, 0, 0, 0], isMean: true, countsPadding: false)
      case "MaxPool", "AveragePool":
        y = Self.pool(
          x, kernel: list("kernel_shape", []), strides: list("strides", [1, 1]), pads: list("pads", [0, 0, 0, 0]),
          isMean: node.opType == "AveragePool", countsPadding: integer("count_include_pad", 0) == 1)
      case "Conv":
        y = Self.conv(
          x, others[0]!, others.count > 1 ? others[1]! : nil, strides: list("strides", [1, 1]),
          pads: list("pads", [0, 0, 0, 0]), dilations: list("dilations", [1, 1]), group: integer("group", 1))
      case "ConvTranspose":
        // As ONNX Runtime has it.
        try #require(zip(list("output_padding", [0, 0]), list("strides", [1, 1])).allSatisfy { $0 < $1 })
        y = Self.convTranspose(
          x, others[0]!, others.count > 1 ? others[1]! : nil, strides: list("strides", [1, 1]),
          pads: list("pads", [0, 0, 0, 0]), dilations: list("dilations", [1, 1]),
          outputPadding: list("output_padding", [0, 0]), group: integer("group", 1))
      default:
        Issue.record("operator \(node.opType)")
        return x
      }
      tensors[node.output[0]] = y
    }
    return try #require(tensors[model.graph.output[0].name])
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
