import TelarNN

/// The optimizer's own rate throughout.
public struct ConstantShape: ScheduleShape {
  public static var kind: String { "constant" }

  public init() {}

  public init(attributes: inout AttributeReader) throws {}

  public var attributes: JSON.Members { [:] }

  public func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double { base }
}

extension ScheduleShape where Self == ConstantShape {
  public static var constant: ConstantShape { ConstantShape() }
}
