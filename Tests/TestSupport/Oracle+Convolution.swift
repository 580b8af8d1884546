import Tensors

/// Convolutions as bilinear maps: every product of an input and a weight that contributes to an output is enumerated
/// once, and the output and both gradients are sums over that enumeration. Only attributes of ``ConvGeometry`` are
/// used, not its formulas.
extension Oracle {
  /// Convolution of x `[N, H, W, C]` with weight `[KH, KW, C/groups, O]`; semantics of torch.nn.functional.conv2d.
  public static func conv2d(_ x: OracleTensor, weight: OracleTensor, bias: OracleTensor?, _ g: ConvGeometry)
    -> OracleTensor
  {
    ConvolutionTaps(inputShape: x.shape, weightShape: weight.shape, g).output(x, weight, bias)
  }

  /// The gradients of a convolution for the output's gradient dy.
  public static func conv2dGradients(_ x: OracleTensor, weight: OracleTensor, dy: OracleTensor, _ g: ConvGeometry)
    -> (dx: OracleTensor, weight: OracleTensor, bias: OracleTensor)
  {
    ConvolutionTaps(inputShape: x.shape, weightShape: weight.shape, g).gradients(x, weight, dy)
  }

  /// Transposed convolution of x `[N, H, W, C]` with weight `[KH, KW, O/groups, C]`; semantics of
  /// torch.nn.functional.conv_transpose2d.
  public static func convTranspose2d(_ x: OracleTensor, weight: OracleTensor, bias: OracleTensor?, _ g: ConvGeometry)
    -> OracleTensor
  {
    TransposedConvolutionTaps(inputShape: x.shape, weightShape: weight.shape, g).output(x, weight, bias)
  }

  /// The gradients of a transposed convolution for the output's gradient dy.
  public static func convTranspose2dGradients(
    _ x: OracleTensor, weight: OracleTensor, dy: OracleTensor, _ g: ConvGeometry
  ) -> (dx: OracleTensor, weight: OracleTensor, bias: OracleTensor) {
    TransposedConvolutionTaps(inputShape: x.shape, weightShape: weight.shape, g).gradients(x, weight, dy)
  }
}

/// A bilinear map of an input and a weight, as the list of its products.
protocol Taps {
  var outputShape: [Int] { get }

  /// Calls `body` for every product, with the places in input, weight and output.
  func forEach(_ body: (_ input: Int, _ weight: Int, _ output: Int) -> Void)
}

extension Taps {
  func output(_ x: OracleTensor, _ weight: OracleTensor, _ bias: OracleTensor?) -> OracleTensor {
    var y = OracleTensor(zeros: outputShape)
    forEach { i, w, o in y.values[o] += x.values[i] * weight.values[w] }
    if let bias { Oracle.addBias(bias, to: &y) }
    return y
  }

  func gradients(_ x: OracleTensor, _ weight: OracleTensor, _ dy: OracleTensor)
    -> (dx: OracleTensor, weight: OracleTensor, bias: OracleTensor)
  {
    precondition(dy.shape == outputShape)
    var dx = OracleTensor(zeros: x.shape)
    var dw = OracleTensor(zeros: weight.shape)
    forEach { i, w, o in
      dx.values[i] += dy.values[o] * weight.values[w]
      dw.values[w] += dy.values[o] * x.values[i]
    }
    return (dx, dw, Oracle.columnSum(dy))
  }
}

/// The products of a convolution: indices into input, weight and output.
struct ConvolutionTaps: Taps {
  let n, h, w, c, kh, kw, cPerGroup, o, ho, wo: Int
  let g: ConvGeometry

  var outputShape: [Int] { [n, ho, wo, o] }

  init(inputShape: [Int], weightShape: [Int], _ g: ConvGeometry) {
    (n, h, w, c) = (inputShape[0], inputShape[1], inputShape[2], inputShape[3])
    (kh, kw, cPerGroup, o) = (weightShape[0], weightShape[1], weightShape[2], weightShape[3])
    precondition(cPerGroup * g.groups == c && o % g.groups == 0)
    // The last position where the window still fits.
    ho = (h + 2 * g.padding.height - ((kh - 1) * g.dilation.height + 1)) / g.stride.height + 1
    wo = (w + 2 * g.padding.width - ((kw - 1) * g.dilation.width + 1)) / g.stride.width + 1
    self.g = g
  }

  func forEach(_ body: (_ input: Int, _ weight: Int, _ output: Int) -> Void) {
    for b in 0..<n {
      for oy in 0..<ho {
        for ox in 0..<wo {
          for r in 0..<kh {
            let iy = oy * g.stride.height - g.padding.height + r * g.dilation.height
            if iy < 0 || iy >= h { continue }
            for s in 0..<kw {
              let ix = ox * g.stride.width - g.padding.width + s * g.dilation.width
              if ix < 0 || ix >= w { continue }
              for oc in 0..<o {
                let group = oc / (o / g.groups)
                for ic in 0..<cPerGroup {
                  body(
                    ((b * h + iy) * w + ix) * c + group * cPerGroup + ic, ((r * kw + s) * cPerGroup + ic) * o + oc,
                    ((b * ho + oy) * wo + ox) * o + oc)
                }
              }
            }
          }
        }
      }
    }
  }
}

/// The products of a transposed convolution: every input is spread over a window of the output.
struct TransposedConvolutionTaps: Taps {
  let n, h, w, c, kh, kw, oPerGroup, o, ho, wo: Int
  let g: ConvGeometry

  var outputShape: [Int] { [n, ho, wo, o] }

  init(inputShape: [Int], weightShape: [Int], _ g: ConvGeometry) {
    (n, h, w, c) = (inputShape[0], inputShape[1], inputShape[2], inputShape[3])
    (kh, kw, oPerGroup) = (weightShape[0], weightShape[1], weightShape[2])
    precondition(weightShape[3] == c && c % g.groups == 0)
    o = oPerGroup * g.groups
    ho = (h - 1) * g.stride.height + (kh - 1) * g.dilation.height + 1 + g.outputPadding.height - 2 * g.padding.height
    wo = (w - 1) * g.stride.width + (kw - 1) * g.dilation.width + 1 + g.outputPadding.width - 2 * g.padding.width
    self.g = g
  }

  func forEach(_ body: (_ input: Int, _ weight: Int, _ output: Int) -> Void) {
    for b in 0..<n {
      for iy in 0..<h {
        for ix in 0..<w {
          for r in 0..<kh {
            let oy = iy * g.stride.height - g.padding.height + r * g.dilation.height
            if oy < 0 || oy >= ho { continue }
            for s in 0..<kw {
              let ox = ix * g.stride.width - g.padding.width + s * g.dilation.width
              if ox < 0 || ox >= wo { continue }
              for ic in 0..<c {
                let group = ic / (c / g.groups)
                for oc in 0..<oPerGroup {
                  body(
                    ((b * h + iy) * w + ix) * c + ic, ((r * kw + s) * oPerGroup + oc) * c + ic,
                    ((b * ho + oy) * wo + ox) * o + group * oPerGroup + oc)
                }
              }
            }
          }
        }
      }
    }
  }
}
