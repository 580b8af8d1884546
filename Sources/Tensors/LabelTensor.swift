/// Class numbers of a batch, as 32-bit integers on a device.
public final class LabelTensor {
  public let count: Int
  public let buffer: Buffer

  public var device: any Device { buffer.device }

  package init(count: Int, buffer: Buffer) {
    precondition(count * 4 <= buffer.byteCount, "\(count) labels are larger than their buffer")
    self.count = count
    self.buffer = buffer
  }

  /// The class numbers. Waits for the device.
  public func values() throws -> [Int32] { try buffer.read(Int32.self, count: count) }
}

extension Device {
  /// Labels with the given values.
  public func labels(_ values: [Int32]) throws -> LabelTensor {
    let labels = LabelTensor(count: values.count, buffer: try allocate(byteCount: max(4, values.count * 4)))
    try labels.buffer.write(values)
    return labels
  }
}
