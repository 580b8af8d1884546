/// A row of ``Patterns``.
package struct Pattern: Sendable {
  /// What `telar explain`, benchmarks and tests call it.
  package let name: String
  let elements: [PatternElement]
  /// The modes that it is for.
  let phase: Phase
  /// Whether the operators apply to the layers that the elements matched.
  let when: @Sendable (PatternMatch) -> Bool
  /// Runs in the place of those layers.
  let run: @Sendable (PlannedStep) throws -> Tensor

  enum Phase {
    case training, any
  }

  init(
    _ name: String, _ elements: [PatternElement], in phase: Phase = .any,
    when: @escaping @Sendable (PatternMatch) -> Bool = { _ in true },
    run: @escaping @Sendable (PlannedStep) throws -> Tensor
  ) {
    self.name = name
    self.elements = elements
    self.phase = phase
    self.when = when
    self.run = run
  }

  /// The places of the layers that the elements match when the last of them is the last of `candidates`, places in the
  /// chain in order; `nil` where they do not.
  func match(endOf candidates: ArraySlice<Int>, _ chain: PlanContext) -> PatternMatch? {
    if phase == .training && !chain.isTraining { return nil }
    guard let places = Self.places(elements[...], candidates, chain.layers) else { return nil }
    let match = PatternMatch(places: places, chain: chain)
    return when(match) ? match : nil
  }

  private static func places(
    _ elements: ArraySlice<PatternElement>, _ candidates: ArraySlice<Int>, _ layers: [any Layer]
  ) -> [Int]? {
    guard let element = elements.last else { return [] }
    if let place = candidates.last, element.matches(layers[place]),
      let before = places(elements.dropLast(), candidates.dropLast(), layers)
    {
      return before + [place]
    }
    return element.isOptional ? places(elements.dropLast(), candidates, layers) : nil
  }
}

/// One layer that a pattern asks for.
struct PatternElement: Sendable {
  let isOptional: Bool
  let matches: @Sendable (any Layer) -> Bool

  static let convolution = of { $0 is Conv2d }
  static let norm = of { $0 is BatchNorm2d }
  /// A layer whose operator applies an activation.
  static let activating = of { $0 is any ActivatingLayer }
  static let product = of { $0 is any ProductLayer }
  static let activation = of { $0 is any ActivationLayer }
  static let relu = of { $0 is ReLU }
  static let maxPool = of { $0 is MaxPool2d }
  static let pool = of { $0 is any PoolLayer }
  static let dropout = of { $0 is Dropout }

  static func optional(_ element: PatternElement) -> PatternElement {
    PatternElement(isOptional: true, matches: element.matches)
  }

  private static func of(_ matches: @escaping @Sendable (any Layer) -> Bool) -> PatternElement {
    PatternElement(isOptional: false, matches: matches)
  }
}

/// What a plan is made for, and what is known of each layer of the chain then.
struct PlanContext {
  let layers: [any Layer]
  let isTraining: Bool
  /// Whether the parameters train.
  let isTrainable: Bool
  /// The shape of the batch in front of each layer, and behind the last.
  let shapes: [[Int]]
  /// Whether the gradient of what is in front of each layer is wanted, and of what is behind the last.
  let wantsGradient: [Bool]
  let traits: DeviceTraits
}

/// The layers that a pattern matched.
struct PatternMatch {
  /// Their places in the chain, in order.
  let places: [Int]
  let chain: PlanContext

  /// The first matched layer of a type.
  func layer<Wanted>(_ type: Wanted.Type) -> Wanted? {
    for place in places { if let layer = chain.layers[place] as? Wanted { return layer } }
    return nil
  }

  var activation: Activation { layer((any ActivationLayer).self)?.activation ?? .none }
  var poolGeometry: PoolGeometry { layer((any PoolLayer).self)!.geometry }
  private var wantsInputGradient: Bool { chain.wantsGradient[places[0]] }
  private var wantsGradient: Bool { chain.wantsGradient[places.last! + 1] }

  /// The convolution and the pooling; `nil` where the shapes do not fit, which the operators report.
  private var convPool: ConvPoolProblem? {
    guard let convolution = layer(Conv2d.self), let weight = convolution.parameters.first else { return nil }
    let problem = try? ConvProblem(
      convolving: chain.shapes[places[0]], weight: weight.layout.shape(ofPyTorch: weight.shape), bias: nil,
      convolution.geometry)
    return problem.map { ConvPoolProblem($0, poolGeometry) }
  }

  var fusesConvNormPool: Bool {
    chain.isTrainable
      && convPool?.isFusibleWithNorm(chain.traits, wantsInputGradient: wantsInputGradient) ?? false
  }

  var fusesNormPool: Bool { FusedOps.poolsNormalized(poolGeometry) }

  var fusesConvDropoutPool: Bool {
    wantsGradient
      && convPool?.isFusibleWithDropout(chain.traits, wantsInputGradient: wantsInputGradient) ?? false
  }

  /// Whether a product's kernel draws dropout's mask as it stores its result.
  var appliesDropout: Bool { !chain.traits.isVector }

  /// Whether ReLU and dropout, where there are any, join max-pooling by 2×2 windows.
  var joinsPool2x2: Bool {
    let dropouts = places.count { chain.layers[$0] is Dropout }
    return chain.traits.poolsIn2x2(poolGeometry) && dropouts <= 1
      && (activation == .relu || activation == .none && dropouts == 0)
  }

  var fusesConvPool2x2: Bool { joinsPool2x2 && convPool?.isFusible2x2(chain.traits) ?? false }

  func fusesConvPool(_ activation: Activation) -> Bool {
    convPool?.isFusible(
      on: chain.traits, wantsInputGradient: wantsInputGradient, wantsGradient: wantsGradient,
      activation: activation) ?? false
  }
}
