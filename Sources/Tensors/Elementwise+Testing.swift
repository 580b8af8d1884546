/// eˣ as the kernels compute it, for tests of its accuracy.
package func exponential(_ x: Tensor) throws -> Tensor {
  let y = try x.device.tensor(x.shape)
  try x.device.launch(
    ElementwiseKernels.exponential, over: x.device.elementwiseGrid(x.count),
    [.buffer(x.buffer), .buffer(y.buffer), .int(x.count)])
  return y
}
