/// The words of consecutive Philox4x32-10 blocks, as the device's kernels compute them: four a block.
package func philoxBlocks(
  on device: any Device, count: Int, counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
) throws -> [UInt32] {
  let words = try device.allocate(byteCount: count * 16)
  try device.launch(
    DropoutKernels.philoxBlocks,
    over: device.elementwiseGrid(count),
    [
      .buffer(words), .int(count), .uint(counter.0), .uint(counter.1), .uint(counter.2), .uint(counter.3),
      .uint(key.0), .uint(key.1),
    ])
  return try words.read(UInt32.self, count: count * 4)
}
