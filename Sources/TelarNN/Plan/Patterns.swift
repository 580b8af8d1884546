/// The rows of what operators do the work of several layers: what is matched, when, and what runs in its place.
///
/// A plan matches a chain from its end, since what follows decides how a layer is best joined: a convolution before ReLU
/// and dropout leaves ReLU to the dropout, whose gradient then needs no mask. At each place the first row that fits is
/// taken; a layer that no row takes runs by itself.
enum Patterns {
  static let all: [Pattern] = [
    Pattern(
      "conv-norm-relu-pool-dropout", [.convolution, .norm, .relu, .maxPool, .dropout], in: .training,
      when: { $0.fusesConvNormPool }, run: { try $0.reluDropout($0.convNormPool(.none)) }),
    Pattern(
      "conv-norm-pool", [.convolution, .norm, .optional(.activation), .maxPool], in: .training,
      when: { $0.fusesConvNormPool }, run: { try $0.convNormPool($0.activation) }),
    Pattern(
      "norm-relu-pool-dropout", [.norm, .relu, .maxPool, .dropout], in: .training,
      when: { $0.fusesNormPool }, run: { try $0.reluDropout($0.normPool(.none)) }),
    Pattern(
      "norm-pool", [.norm, .optional(.activation), .pool],
      when: { $0.fusesNormPool }, run: { try $0.normPool($0.activation) }),
    Pattern(
      "conv-pool-2x2",
      [.convolution, .optional(.activation), .optional(.dropout), .maxPool, .optional(.dropout)],
      when: { $0.fusesConvPool2x2 }, run: { try $0.convPool2x2() }),
    Pattern(
      "relu-pool-2x2", [.relu, .optional(.dropout), .maxPool, .optional(.dropout)],
      when: { $0.joinsPool2x2 }, run: { try $0.pool2x2() }),
    Pattern(
      "conv-relu-dropout-pool", [.convolution, .relu, .dropout, .maxPool], in: .training,
      when: { $0.fusesConvDropoutPool }, run: { try $0.convDropoutPool() }),
    // ReLU and taking the largest can change places: ReLU then works on the pooled values, which are fewer.
    Pattern(
      "conv-relu-pool", [.convolution, .relu, .maxPool, .optional(.dropout)], in: .training,
      when: { $0.fusesConvPool(.none) }, run: { try $0.reluDropout($0.convPool(.none)) }),
    Pattern(
      "conv-pool", [.convolution, .optional(.activation), .maxPool],
      when: { $0.fusesConvPool($0.activation) }, run: { try $0.convPool($0.activation) }),
    Pattern(
      "relu-dropout-pool", [.relu, .dropout, .maxPool], in: .training,
      when: { $0.poolGeometry.isTiling }, run: { try $0.dropoutPool() }),
    Pattern("norm-relu", [.norm, .relu, .maxPool], in: .training, run: { try $0.pool($0.activating(.relu)) }),
    Pattern(
      "relu-pool", [.relu, .maxPool, .optional(.dropout)], in: .training, run: { try $0.reluDropout($0.pool($0.x)) }),
    Pattern(
      "product-relu-dropout", [.product, .relu, .dropout], in: .training,
      when: { $0.appliesDropout }, run: { try $0.productDropout() }),
    Pattern("relu-dropout", [.relu, .dropout], in: .training, run: { try $0.reluDropout($0.x) }),
    Pattern("layer-activation", [.activating, .activation], run: { try $0.activating($0.activation) }),
  ]
}
