extension Oracle {
  /// An image `[height, width, channels]` of bytes, drawn anew: pixel (y, x) from column c₀x + c₁y + c₂ and row
  /// r₀x + r₁y + r₂, weighting the four pixels about it by the areas opposite; `fill` stands beside the image.
  public static func changed(
    _ image: OracleTensor, column c: [Double], row r: [Double], factor: Double, term: Double, erasedRows: Range<Int>,
    erasedColumns: Range<Int>, fill: Double
  ) -> OracleTensor {
    let (height, width, channels) = (image.shape[0], image.shape[1], image.shape[2])
    var result = OracleTensor(zeros: image.shape)
    for y in 0..<height {
      for x in 0..<width {
        let place = (
          x: c[0] * Double(x) + c[1] * Double(y) + c[2], y: r[0] * Double(x) + r[1] * Double(y) + r[2]
        )
        for channel in 0..<channels {
          var sum = 0.0
          let (left, top) = (place.x.rounded(.down), place.y.rounded(.down))
          for (column, row) in [(left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)] {
            let isInside = column >= 0 && column < Double(width) && row >= 0 && row < Double(height)
            let value = isInside ? image.values[(Int(row) * width + Int(column)) * channels + channel] : fill
            sum += (1 - abs(place.x - column)) * (1 - abs(place.y - row)) * value
          }
          let contrasted = min(255, max(0, sum * factor + term))
          let isErased = erasedRows.contains(y) && erasedColumns.contains(x)
          result.values[(y * width + x) * channels + channel] = isErased ? fill : contrasted
        }
      }
    }
    return result
  }

  /// Number `index` of an image's noise, from 0 to 65,535.
  public static func noiseNumber(_ index: Int, key: [UInt32]) -> Int {
    let word = philox(counter: [UInt32(index / 8), 0, 0, 0], key: key)[index % 8 / 2]
    return Int(index % 2 == 0 ? word & 0xffff : word >> 16)
  }
}
