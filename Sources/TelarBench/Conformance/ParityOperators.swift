import TelarNN

extension Operators {
  /// Operators without a name in the golden format, which devices are compared in as well.
  static let others: [String: @Sendable (CaseRun) throws -> Void] = [
    "dropout": { run in
      let x = try run.leaf("input")
      let probability = try run.attributes.number("p", in: 0...1)
      let key = DropoutKey(seed: 0x1234_5678_9abc_def0, layer: 3, step: 17)
      try run.differentiate { try dropout(x, probability: probability, key: key) }
    },
    "relu_dropout": { run in
      let x = try run.leaf("input")
      let probability = try run.attributes.number("p", in: 0...1)
      let key = DropoutKey(seed: 1, layer: 0, step: 2)
      try run.differentiate { try reluDropout(x, probability: probability, key: key) }
    },
    "flatten": { run in
      let x = try run.leaf("input", .image, rank: 4)
      try run.differentiate { try flatten(x) }
    },
    "unflatten": { run in
      let x = try run.leaf("input", rank: 2)
      let size = try run.attributes.integers("unflattened_size", count: 3)
      try run.differentiate(.image) { try unflatten(x, channels: size[0], height: size[1], width: size[2]) }
    },
    "add": { run in
      let (a, b) = (try run.leaf("input"), try run.leaf("other"))
      try run.differentiate { try add(a, b) }
    },
    "sum": { run in try run.keep("output", sum(run.tensor("input"))) },
    "arg_max": { run in run.keep("output", try argMax(run.tensor("input", rank: 2)).values()) },
    "gather": { run in
      let images = try run.host("input", rank: 3)
      let device = run.device
      let bytes = try device.allocate(byteCount: images.values.count)
      try bytes.write(images.values.map { UInt8($0) })
      let order = try run.host("order", rank: 1).values.map { Int32($0) }
      let orderBuffer = try device.allocate(byteCount: order.count * 4)
      try orderBuffer.write(order)
      let batch = try gatherBatch(
        bytes, height: images.shape[1], width: images.shape[2], order: orderBuffer, offset: 1, count: order.count - 1)
      try run.keep("output", batch)
    },
  ]
}
