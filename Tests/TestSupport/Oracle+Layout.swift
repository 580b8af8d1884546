extension Oracle {
  /// `[N, H, W, C]` → `[N, C, H, W]`.
  public static func channelsFirst(_ x: OracleTensor) -> OracleTensor {
    let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    var y = OracleTensor(zeros: [n, c, h, w])
    for b in 0..<n {
      for channel in 0..<c {
        for row in 0..<h {
          for column in 0..<w {
            y.values[((b * c + channel) * h + row) * w + column] =
              x.values[((b * h + row) * w + column) * c + channel]
          }
        }
      }
    }
    return y
  }
}
