import CKernels

/// Numbers that change from one training step to the next, in a device's memory: kernels read them there, so that the
/// arguments of a step's launches are the same in each and can be recorded.
///
/// Their places are `STEP_VALUE_…` in `step_values.h`.
public final class StepValues {
  private var words = [UInt32](repeating: 0, count: Int(STEP_VALUES))
  /// Kept by those who use it: a buffer keeps its device, which keeps these values.
  private weak var memory: Buffer?
  private var isCurrent = false

  public init() {}

  /// Sets a number for the launches that follow the next ``buffer(on:)``.
  package func set(_ place: Int32, to word: UInt32) {
    guard words[Int(place)] != word else { return }
    words[Int(place)] = word
    isCurrent = false
  }

  /// The same for a real number.
  package func set(_ place: Int32, to value: Float) { set(place, to: value.bitPattern) }

  /// The numbers in the memory of the device that they belong to. Writes them if some were set to another value, and if
  /// nobody has kept the buffer.
  package func buffer(on device: any Device) throws -> Buffer {
    if let memory {
      if !isCurrent { try memory.write(words) }
      isCurrent = true
      return memory
    }
    let buffer = try device.allocate(byteCount: words.count * 4)
    try buffer.write(words)
    (memory, isCurrent) = (buffer, true)
    return buffer
  }
}
