/// The routes of matrix products: those of linear layers, and of convolutions that are one.
package enum GemmRoutes {
  package static let product = Routes<GemmProblem, GemmOperands>(
    "matrix product",
    [
      .local("local-tile", sumsBias: true, fits: { $0.isPlain }) { try $0.enqueue($1, on: $2.device) },
      .vector("packed", fits: { problem, _, _ in problem.isLarge && problem.k > 0 }) {
        try $0.enqueuePacked($1, on: $2.device)
      },
      .vector("strips") { try $0.enqueue($1, on: $2.device) },
    ])
}

/// Where a product runs; its matrices are the problem's.
package struct GemmOperands {
  let device: any Device
}

extension GemmProblem {
  /// What a route is chosen by on a device. Several products at once, or with a bias that repeats, have no tuning.
  func choice(on device: any Device) -> KernelChoice {
    KernelChoice(device.traits) {
      self.isPlain
        ? device.kernel(m: self.m, n: self.n, k: self.gradient == nil ? self.k : nil, for: self.product)
        : .vector(device.traits.registerTile(forColumns: self.n))
    }
  }

  /// Enqueues the product by the first route that fits, or by the one of that name, and the gradient of a bias that is
  /// wanted.
  func enqueue(on device: any Device, route name: String? = nil) throws {
    precondition(m == 0 || m.isMultiple(of: groupRows), "\(m) rows in groups of \(groupRows)")
    let named = name.map { name in
      guard let route = GemmRoutes.product[name] else { preconditionFailure("no route \(name)") }
      return route
    }
    let drawsDropout = named?.drawsDropout ?? GemmRoutes.product.draws(epilogue, self, choice(on: device))
    try epilogue.enqueue(to: Tensor(shape: [m, n], buffer: out), drawsDropout: drawsDropout) { epilogue in
      var product = self
      product.epilogue = epilogue
      let operands = GemmOperands(device: device), route: Route<GemmProblem, GemmOperands>
      if let named {
        try named.enqueue(product, operands, choice(on: device))
        route = named
      } else {
        route = try GemmRoutes.product.enqueue(product, operands, choice(on: device), on: device)
      }
      if let sums, !route.sumsBias { try sums.enqueue() }
    }
  }
}
