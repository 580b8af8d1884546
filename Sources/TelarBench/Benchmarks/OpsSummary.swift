import Foundation

/// The summary of `telar bench ops`.
public struct OpsSummary: Sendable {
  /// The statistics of several shares.
  public struct Shares: Sendable {
    public private(set) var count = 0
    private var sumOfLogarithms = 0.0
    /// The least share, and the result that has it.
    public private(set) var least = Double.nan
    public private(set) var worst: String?

    /// NaN without shares.
    public var geometricMean: Double { count == 0 ? .nan : exp(sumOfLogarithms / Double(count)) }

    /// Adds a share, unless it is NaN.
    mutating func add(_ share: Double, of result: OpResult) {
      if share.isNaN { return }
      count += 1
      sumOfLogarithms += log(share)
      if !(least <= share) { (least, worst) = (share, "\(result.op) \(result.pass) \(result.shape)") }
    }
  }

  public let device: String
  public let emptyLaunchSeconds: Double
  /// The highest roof that was measured.
  public private(set) var roof: Roof
  /// Convolutions and transposed convolutions: shares of the roof.
  public private(set) var convolutions = Shares()
  /// Linear layers: shares of the roof.
  public private(set) var linear = Shares()
  /// Matrix products, those of linear layers and those equivalent to convolutions: shares of the multiply-add peak.
  public private(set) var products = Shares()

  package init(device: String, emptyLaunchSeconds: Double, roof: Roof) {
    (self.device, self.emptyLaunchSeconds, self.roof) = (device, emptyLaunchSeconds, roof)
  }

  package mutating func add(_ result: OpResult, roof: Roof) {
    self.roof = self.roof.raised(to: roof)
    switch result.op {
    case "conv2d", "conv_transpose2d": convolutions.add(result.roofFraction, of: result)
    case "linear":
      linear.add(result.roofFraction, of: result)
      products.add(result.peakFraction, of: result)
    case "gemm": products.add(result.peakFraction, of: result)
    default: break
    }
  }
}
