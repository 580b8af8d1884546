import Tensors

/// One pass of one operator at one shape.
public struct OpResult: Codable, Sendable {
  public var op: String
  public var pass: String
  public var shape: String
  public var device: String
  public var seconds: Double
  public var gflops: Double
  /// Share of the roof: min(peak, FLOPs / bytes of inputs and outputs once × copy bandwidth).
  public var roofFraction: Double
  public var launches: Int

  enum CodingKeys: String, CodingKey {
    case op, pass, shape, device, seconds, gflops, launches
    case roofFraction = "roof_fraction"
  }
}

/// The convolutions of the studies' networks, each pass on its own.
public enum OpsBenchmark {
  /// A convolution or transposed convolution as a network has it.
  struct ConvCase {
    var channels: Int
    var outputs: Int
    var side: Int
    var geometry: ConvGeometry
    var isTransposed = false
    var hasInputGradient = true
  }

  static let cases: [ConvCase] = [
    ConvCase(
      channels: 1, outputs: 32, side: 28, geometry: ConvGeometry(kernelSize: 3, padding: 1), hasInputGradient: false),
    ConvCase(channels: 32, outputs: 64, side: 14, geometry: ConvGeometry(kernelSize: 3, padding: 1)),
    ConvCase(channels: 64, outputs: 128, side: 7, geometry: ConvGeometry(kernelSize: 3, padding: 1)),
    ConvCase(channels: 1, outputs: 16, side: 28, geometry: ConvGeometry(kernelSize: 3), hasInputGradient: false),
    ConvCase(channels: 16, outputs: 32, side: 13, geometry: ConvGeometry(kernelSize: 3)),
    ConvCase(channels: 64, outputs: 96, side: 13, geometry: ConvGeometry(kernelSize: 3)),
    ConvCase(channels: 64, outputs: 32, side: 7, geometry: ConvGeometry(kernelSize: 2, stride: 2), isTransposed: true),
    ConvCase(channels: 32, outputs: 1, side: 14, geometry: ConvGeometry(kernelSize: 2, stride: 2), isTransposed: true),
    ConvCase(channels: 128, outputs: 64, side: 3, geometry: ConvGeometry(kernelSize: 3, stride: 2), isTransposed: true),
    ConvCase(
      channels: 32, outputs: 16, side: 5, geometry: ConvGeometry(kernelSize: 5, stride: 2, padding: 2, dilation: 2),
      isTransposed: true),
    ConvCase(
      channels: 96, outputs: 64, side: 5, geometry: ConvGeometry(kernelSize: 5, stride: 2, padding: 2, dilation: 2),
      isTransposed: true),
    ConvCase(
      channels: 16, outputs: 1, side: 13, geometry: ConvGeometry(kernelSize: 6, stride: 2, padding: 1),
      isTransposed: true),
    ConvCase(
      channels: 64, outputs: 1, side: 13, geometry: ConvGeometry(kernelSize: 6, stride: 2, padding: 1),
      isTransposed: true),
  ]

  /// Times every pass of every case and hands each result out as it is there.
  public static func run(batch: Int, on device: any Device, _ report: (OpResult) throws -> Void) throws {
    let peak = try PeakBenchmark.gflops(on: device)
    let bandwidth = try PeakBenchmark.copyGigabytesPerSecond(on: device)
    for test in cases {
      let side = Pair(both: test.side)
      let (g, c, o) = (test.geometry, test.channels, test.outputs)
      let out = test.isTransposed ? g.transposedOutputSize(of: side) : g.outputSize(of: side)
      let x = try device.zeros([batch, test.side, test.side, c])
      let y = try device.zeros([batch, out.height, out.width, o])
      let kernel = [g.kernelSize.height, g.kernelSize.width]
      let w = try device.zeros(kernel + (test.isTransposed ? [o, c] : [c, o]))
      let dw = try device.zeros(w.shape)
      let problem =
        test.isTransposed
        ? try ConvProblem(transposing: x.shape, weight: w.shape, bias: nil, g)
        : try ConvProblem(convolving: x.shape, weight: w.shape, bias: nil, g)
      let (image, result) = test.isTransposed ? (y, x) : (x, y)
      var passes: [(String, () throws -> Void)] = [
        (
          test.isTransposed ? "input gradient" : "forward",
          { try problem.enqueueForward(image, w, bias: nil, activation: .none, to: result) }
        ),
        (
          test.isTransposed ? "forward" : "input gradient",
          { try problem.enqueueTransposed(result, w, bias: nil, activation: .none, to: image) }
        ),
        (
          "weight gradient",
          { try problem.enqueueWeightGradient(problem.padded(image), result, to: dw, accumulate: false) }
        ),
      ]
      if !test.hasInputGradient { passes.remove(at: 1) }
      for (pass, body) in passes {
        let before = device.counters.launches
        try body()
        let launches = device.counters.launches - before
        let seconds = try Stopwatch.medianSeconds(on: device, body)
        let gflops = problem.flops / seconds * 1e-9
        let roof = min(peak, problem.flops / problem.bytes * bandwidth)
        try report(
          OpResult(
            op: test.isTransposed ? "conv_transpose2d" : "conv2d", pass: pass,
            shape:
              "\(batch)×\(test.side)×\(test.side)×\(c)→\(o) k\(g.kernelSize) s\(g.stride) p\(g.padding) d\(g.dilation)",
            device: device.properties.identifier, seconds: seconds, gflops: gflops, roofFraction: gflops / roof,
            launches: launches))
      }
    }
  }
}
