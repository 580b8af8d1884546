/// The routes of batch normalisation. In training, the forward pass and the gradients begin with sums over chunks of rows.
package enum BatchNormRoutes {
  /// y = activation((x − mean) / √(variance + epsilon) · weight + bias)
  package static let forward = Routes<BatchNorm, BatchNormOperands>(
    "batchNorm2d forward", [Route("rows", fits: { _, _ in true }) { try $0.enqueueForward($1) }])

  /// dx from dy, x and the sums over all rows.
  package static let backward = Routes<BatchNorm, BatchNormGradientOperands>(
    "batchNorm2d gradient", [Route("rows", fits: { _, _ in true }) { try $0.enqueueInputGradient($1) }])
}

/// The tensors of a normalisation's forward pass.
package struct BatchNormOperands {
  let x, y: Tensor
}

/// The tensors of the gradient of a normalisation's input.
package struct BatchNormGradientOperands {
  let dy, x, dx: Tensor
  /// Sums that the gradient needs; read in training only.
  let sums: NormSums
}
