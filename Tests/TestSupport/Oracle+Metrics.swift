import Foundation

extension Oracle {
  /// −10 log₁₀ of the mean squared difference.
  public static func peakSignalToNoiseRatio(_ x: [Double], _ y: [Double]) -> Double {
    var sum = 0.0
    for index in x.indices { sum += (x[index] - y[index]) * (x[index] - y[index]) }
    return -10 * log10(sum / Double(x.count))
  }

  /// The mean structural similarity of images `[height, width, channels]` with values from 0 to 1: a window of two
  /// dimensions at every place, about whose means the variances are taken.
  public static func structuralSimilarity(
    _ x: [Double], _ y: [Double], height: Int, width: Int, channels: Int
  ) -> Double {
    var window = (0..<121).map { (place: Int) -> Double in
      let (row, column) = (place / 11 - 5, place % 11 - 5)
      return exp(-Double(row * row + column * column) / 4.5)
    }
    let sum = window.reduce(0, +)
    window = window.map { $0 / sum }
    var values: [Double] = []
    for channel in 0..<channels {
      for top in 0...(height - 11) {
        for left in 0...(width - 11) {
          func mean(_ value: (Int) -> Double) -> Double {
            var sum = 0.0
            for place in 0..<121 {
              let pixel = (top + place / 11) * width + left + place % 11
              sum += window[place] * value(pixel * channels + channel)
            }
            return sum
          }
          let mx = mean { x[$0] }
          let my = mean { y[$0] }
          let vx = mean { (x[$0] - mx) * (x[$0] - mx) }
          let vy = mean { (y[$0] - my) * (y[$0] - my) }
          let covariance = mean { (x[$0] - mx) * (y[$0] - my) }
          let above: Double = (2 * mx * my + 1e-4) * (2 * covariance + 9e-4)
          let below: Double = (mx * mx + my * my + 1e-4) * (vx + vy + 9e-4)
          values.append(above / below)
        }
      }
    }
    return values.reduce(0, +) / Double(values.count)
  }

  /// The share of rows whose label is among the first `count` of the columns in descending order.
  public static func topAccuracy(_ count: Int, _ logits: [[Double]], labels: [Int]) -> Double {
    let hits = zip(logits, labels).count { row, label in
      let order = row.indices.sorted { (row[$1], $0) < (row[$0], $1) }
      return order.prefix(count).contains(label)
    }
    return Double(hits) / Double(labels.count)
  }
}
