import Tensors
import Testing

/// Tensors that lie between canaries, so that a kernel that writes past an end is caught.
///
/// Each tensor is a slice of a larger buffer that is filled with a pattern; ``check(_:sourceLocation:)`` looks whether
/// the pattern is still around it.
public final class Canaries {
  private static let pattern: UInt32 = 0xdead_beef
  private let device: any Device
  private var guarded: [(whole: Buffer, offset: Int, byteCount: Int)] = []

  public init(on device: any Device) { self.device = device }

  /// A buffer of the given size with canaries before and behind it.
  public func buffer(byteCount: Int) throws -> Buffer {
    // Wide enough for the widest vector, and a multiple of every alignment that devices ask for.
    let margin = max(4096, device.properties.bufferAlignment)
    let whole = try device.allocate(byteCount: 2 * margin + (byteCount + 3) / 4 * 4)
    try device.fill(whole, at: 0, byteCount: whole.byteCount, pattern: Self.pattern)
    guarded.append((whole, margin, byteCount))
    return try device.slice(whole, byteOffset: margin, byteCount: byteCount)
  }

  /// A tensor of undefined values (the pattern, which is a large negative number) between canaries.
  public func tensor(_ shape: [Int]) throws -> Tensor {
    Tensor(shape: shape, buffer: try buffer(byteCount: max(4, shape.reduce(1, *) * 4)))
  }

  /// A tensor with the given values between canaries.
  public func tensor(_ values: OracleTensor) throws -> Tensor {
    let tensor = try tensor(values.shape)
    try tensor.buffer.write(values.floats)
    return tensor
  }

  /// Records an issue for each canary that was overwritten.
  public func check(_ test: TestCase, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for (index, part) in guarded.enumerated() {
      let bytes = try part.whole.read(UInt8.self, count: part.whole.byteCount)
      let expected = (0..<4).map { UInt8(truncatingIfNeeded: Self.pattern >> (8 * $0)) }
      let outside = bytes.indices.filter { $0 < part.offset || $0 >= part.offset + part.byteCount }
      if let broken = outside.first(where: { bytes[$0] != expected[$0 % 4] }) {
        Issue.record(
          "\(test): buffer \(index) of \(part.byteCount) bytes was overwritten at byte \(broken - part.offset)",
          sourceLocation: sourceLocation)
      }
    }
  }
}
