/// One way to compute a pass of an operator: kernels, and when they apply.
package struct Route<Problem, Operands>: Sendable {
  /// What `telar explain`, profiles and tests call it.
  package let name: String
  /// Whether the route computes the problem with the kernels chosen for it, and is worth it where a later one does too.
  package let fits: @Sendable (Problem, KernelChoice) -> Bool
  /// Whether the route of a weight's gradient computes that of the bias too. For others that is a launch of its own.
  package let sumsBias: Bool
  /// Whether its kernels, those of the tile family, draw dropout as they store.
  let drawsDropout: Bool
  /// Enqueues the launches.
  package let enqueue: @Sendable (Problem, Operands, KernelChoice) throws -> Void

  private init(
    name: String, sumsBias: Bool = false, drawsDropout: Bool = false,
    fits: @escaping @Sendable (Problem, KernelChoice) -> Bool,
    enqueue: @escaping @Sendable (Problem, Operands, KernelChoice) throws -> Void
  ) {
    self.name = name
    self.sumsBias = sumsBias
    self.drawsDropout = drawsDropout
    self.fits = fits
    self.enqueue = enqueue
  }

  /// A route whose kernels have no tile to choose.
  init(
    _ name: String, fits: @escaping @Sendable (Problem, DeviceTraits) -> Bool,
    enqueue: @escaping @Sendable (Problem, Operands) throws -> Void
  ) {
    self.init(
      name: name, fits: { fits($0, $1.traits) }, enqueue: { problem, operands, _ in try enqueue(problem, operands) })
  }

  /// A route without a tile that is chosen by more than the device's traits.
  static func chosen(
    _ name: String, fits: @escaping @Sendable (Problem, KernelChoice) -> Bool,
    enqueue: @escaping @Sendable (Problem, Operands) throws -> Void
  ) -> Route {
    Route(name: name, fits: fits, enqueue: { problem, operands, _ in try enqueue(problem, operands) })
  }

  /// A route of the vector family, whose kernels have a register tile.
  static func vector(
    _ name: String, fits: @escaping @Sendable (Problem, RegisterTile, DeviceTraits) -> Bool = { _, _, _ in true },
    enqueue: @escaping @Sendable (Problem, RegisterTile, Operands) throws -> Void
  ) -> Route {
    Route(
      name: name, fits: { problem, choice in choice.registerTile.map { fits(problem, $0, choice.traits) } ?? false },
      enqueue: { problem, operands, choice in try enqueue(problem, choice.registerTile!, operands) })
  }

  /// A route of the tile family, for whatever it is chosen for.
  static func local(
    _ name: String, sumsBias: Bool = false, fits: @escaping @Sendable (Problem) -> Bool = { _ in true },
    enqueue: @escaping @Sendable (Problem, LocalTile, Operands) throws -> Void
  ) -> Route {
    Route(
      name: name, sumsBias: sumsBias, drawsDropout: true, fits: { $1.localTile != nil && fits($0) },
      enqueue: { problem, operands, choice in try enqueue(problem, choice.localTile!, operands) })
  }
}

/// The routes of a pass in order: the first that fits is taken. Where the last fits everything, there is always one.
package struct Routes<Problem, Operands>: Sendable {
  /// The operator and its pass: `conv2d forward`.
  package let pass: String
  package let list: [Route<Problem, Operands>]

  init(_ pass: String, _ list: [Route<Problem, Operands>]) {
    self.pass = pass
    self.list = list
  }

  /// The route that the problem takes; `nil` where none fits.
  package func route(for problem: Problem, _ choice: KernelChoice) -> Route<Problem, Operands>? {
    list.first { $0.fits(problem, choice) }
  }

  /// Enqueues the first route that fits with an epilogue; `operands` has those of a launch that applies one, to `out`.
  func enqueue(
    _ problem: Problem, _ choose: @autoclosure () -> KernelChoice, _ epilogue: Epilogue, to out: Tensor,
    operands: (Epilogue) -> Operands
  ) throws {
    try epilogue.enqueue(to: out, drawsDropout: draws(epilogue, problem, choose())) {
      try enqueue(problem, operands($0), choose(), on: out.device)
    }
  }

  /// Whether the first route that fits draws the epilogue's dropout as it stores, or there is none.
  func draws(_ epilogue: Epilogue, _ problem: Problem, _ choice: @autoclosure () -> KernelChoice) -> Bool {
    guard case .reluDropout = epilogue else { return true }
    return route(for: problem, choice())?.drawsDropout ?? true
  }

  /// The route of a name.
  package subscript(name: String) -> Route<Problem, Operands>? { list.first { $0.name == name } }

  /// Enqueues the first route that fits. Where the driver turns out to run its kernel in smaller groups only, the choice is
  /// made again by the traits that the device then has.
  ///
  /// - Precondition: there is one.
  /// - Returns: the route that was taken.
  @discardableResult
  func enqueue(
    _ problem: Problem, _ operands: Operands, _ choose: @autoclosure () -> KernelChoice, on device: any Device
  ) throws -> Route<Problem, Operands> {
    while true {
      let choice = choose()
      guard let route = route(for: problem, choice) else { preconditionFailure("no route of \(pass) fits \(problem)") }
      do {
        try device.inRoute(route.name) { try route.enqueue(problem, operands, choice) }
        return route
      } catch DeviceError.groupTooLarge where device.traits != choice.traits {
        continue
      }
    }
  }
}

extension Device {
  /// Runs what enqueues a route, and says so to the profiler. Routes that it enqueues in turn are a part of it.
  func inRoute<Result>(_ route: String, _ body: () throws -> Result) rethrows -> Result {
    guard let profiler, profiler.context.route == nil else { return try body() }
    profiler.context.route = route
    defer { profiler.context.route = nil }
    return try body()
  }

  /// Runs what computes one of an operator's gradients, and says so to the profiler.
  func inRole(_ role: LaunchContext.Role, _ body: () throws -> Void) rethrows {
    guard let profiler else { return try body() }
    let outer = profiler.context.role
    profiler.context.role = role
    defer { profiler.context.role = outer }
    try body()
  }
}

/// What a route is chosen by besides the problem: the device's traits, and the kernel that its tuning names for the
/// problem, or else its traits.
package final class KernelChoice {
  package let traits: DeviceTraits
  private let choose: () -> ProductKernel
  /// Looked up when a route first asks: a tuner would search in vain for a problem whose route has no tile.
  private lazy var kernel = choose()

  init(_ traits: DeviceTraits, _ choose: @escaping () -> ProductKernel) {
    self.traits = traits
    self.choose = choose
  }

  /// For passes whose routes have no tile.
  package convenience init(_ traits: DeviceTraits) {
    self.init(traits) { .vector(traits.registerTiles[0]) }
  }

  /// The register tile, where a kernel of the vector family is chosen.
  package var registerTile: RegisterTile? { if case .vector(let tile) = kernel { tile } else { nil } }

  /// The local-memory tile, where a kernel of the tile family is chosen.
  package var localTile: LocalTile? { if case .tile(let tile) = kernel { tile } else { nil } }
}
