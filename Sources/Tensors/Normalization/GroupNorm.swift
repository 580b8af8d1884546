/// Group normalisation. Kernels in `group_norm.cl` and `group_norm_tile.cl`.
private enum GroupNormKernels {
  static let forward = FamilyKernel("group_norm", "group_norm_forward")
  static let backward = FamilyKernel("group_norm", "group_norm_backward")
}

/// Normalises each group of channels of each image by its own mean and (biased) variance.
///
/// y = (x − mean) / √(variance + epsilon) · weight + bias, where a group is `C / groups` neighbouring channels.
/// - Shapes: x `[N, H, W, C]` → the same; weight, bias `[C]`
/// - Throws: ``ShapeError`` when the shapes do not fit or the groups do not divide the channels.
/// - Cost: one launch, and up to three for the gradients; each reads x and, for the gradients, the output's gradient from
///   memory once and up to twice more from the cache.
/// - Source: semantics of torch.nn.functional.group_norm; Wu and He, arXiv:1803.08494.
public func groupNorm(
  _ x: Tensor, groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5
) throws -> Tensor {
  guard x.shape.count == 4 else { throw ShapeError("groupNorm", "the input must be [N, H, W, C], not \(x.shape)") }
  try checkIndexable("groupNorm", x.count)
  let (device, images, channels) = (x.device, x.shape[0], x.shape[3])
  guard groups > 0, channels % groups == 0 else {
    throw ShapeError("groupNorm", "\(groups) groups do not divide \(channels) channels")
  }
  for vector in [weight, bias] where vector != nil && vector!.shape != [channels] {
    throw ShapeError("groupNorm", "weight and bias must be [\(channels)], not \(vector!.shape)")
  }
  let group = channels / groups
  let sizes = [x.shape[1] * x.shape[2], channels, group].map { KernelArgument.int($0) }
  let isVector = device.traits.isVector
  // A work-item may do several groups; those past the last one return at once. In the tile family a work-group does one.
  let grid = isVector ? device.planeGrid(groups, images) : device.groupGrid(groups, images)
  let launchSizes =
    isVector ? [.int(images)] + sizes : sizes + [.int(min(device.groupSumItems, powerOfTwo(from: group)))]
  let y = try device.tensor(x.shape), statistics = try device.tensor([images, groups, 2])
  // A buffer that is missing is replaced by one that is not read.
  try device.launch(
    GroupNormKernels.forward, over: grid, moving: 2 * x.count,
    [.buffer(x.buffer), .buffer(y.buffer), .buffer((weight ?? x).buffer), .buffer((bias ?? x).buffer)]
      + [.buffer(statistics.buffer)] + launchSizes
      + [.float(epsilon), .int(weight == nil ? 0 : 1), .int(bias == nil ? 0 : 1)])
  guard let tape = Tape.of(x, weight, bias) else { return y }
  tape.record(y) { dy in
    let sums = try device.tensor([images, channels]), products = try device.tensor([images, channels])
    let dx = try x.requiresGradient ? device.tensor(x.shape) : sums
    try device.launch(
      GroupNormKernels.backward, over: grid, moving: 3 * x.count,
      [.buffer(dy.buffer), .buffer(x.buffer), .buffer((weight ?? x).buffer), .buffer(statistics.buffer)]
        + [.buffer(dx.buffer), .buffer(sums.buffer), .buffer(products.buffer)] + launchSizes
        + [.int(weight == nil ? 0 : 1), .int(x.requiresGradient ? 1 : 0)])
    for (parameter, terms) in [(weight, products), (bias, sums)] {
      guard let parameter, let target = try tape.gradientTarget(of: parameter) else { continue }
      try columnSum(terms, into: target.gradient, accumulate: target.accumulate)
      try target.finish()
    }
    if x.requiresGradient { try tape.accumulate(dx, into: x) }
  }
  return y
}
