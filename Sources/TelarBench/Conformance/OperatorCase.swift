import TelarNN

/// An operator with its inputs and, in a golden case, the expected results.
package struct OperatorCase {
  package var name: String
  package var op: String
  package var attributes: JSON.Members
  /// Whether all arithmetic is on small integers, so that results must be equal.
  package var isExact: Bool
  /// Inputs, expected results and their magnitudes, by the format's names.
  package var tensors: [String: HostTensor]

  package init(
    name: String, op: String, attributes: JSON.Members, isExact: Bool = false, tensors: [String: HostTensor]
  ) {
    self.name = name
    self.op = op
    self.attributes = attributes
    self.isExact = isExact
    self.tensors = tensors
  }
}

/// A case that cannot be run.
package struct CaseError: Error, CustomStringConvertible {
  package var description: String

  init(_ description: String) { self.description = description }
}

/// A case on a device: provides the operator's inputs and collects its results.
final class CaseRun {
  let device: any Device
  let given: OperatorCase
  /// The operator's attributes.
  let members: JSON.Members
  var attributes: AttributeReader
  /// The operator's results, in PyTorch's order.
  private(set) var results: [String: HostTensor] = [:]

  /// An input whose gradient is a result.
  private struct Leaf {
    var name: String
    var layout: DeviceLayout
    var shape: [Int]
    var slot: GradientSlot
  }
  private var leaves: [Leaf] = []

  init(_ given: OperatorCase, on device: any Device) {
    self.given = given
    self.device = device
    // Members that describe bounds are not attributes.
    var members = given.attributes
    for key in members.keys where key.hasPrefix("terms.") || key == "tolerance" { members[key] = nil }
    self.members = members
    attributes = AttributeReader(members, place: given.op)
  }

  func has(_ name: String) -> Bool { given.tensors[name] != nil }

  /// A tensor of the case, of the given rank if there is one.
  func host(_ name: String, rank: Int? = nil) throws -> HostTensor {
    guard let tensor = given.tensors[name] else { throw CaseError("has no tensor \(name)") }
    guard rank == nil || tensor.shape.count == rank else {
      throw CaseError("\(name) must have \(rank!) dimensions and has the shape \(tensor.shape)")
    }
    guard !tensor.values.isEmpty else { throw CaseError("\(name) of shape \(tensor.shape) is empty") }
    return tensor
  }

  /// A tensor of the case on the device.
  func tensor(_ name: String, _ layout: DeviceLayout = .same, rank: Int? = nil) throws -> Tensor {
    let host = layout.toDevice(try host(name, rank: rank))
    return try device.tensor(host.shape, host.values)
  }

  /// A tensor on the device whose gradient is a result, named `grad_` and its name.
  func leaf(_ name: String, _ layout: DeviceLayout = .same, rank: Int? = nil) throws -> Tensor {
    let host = try host(name, rank: rank)
    let tensor = try tensor(name, layout, rank: rank)
    let slot = GradientSlot(tensor: try device.tensor(tensor.shape))
    leaves.append(Leaf(name: name, layout: layout, shape: host.shape, slot: slot))
    return Tensor(shape: tensor.shape, buffer: tensor.buffer, gradient: slot, requiresGradient: true)
  }

  /// Runs the operator and, from `grad_output` if there is one, its gradients.
  ///
  /// - Parameter isLoss: whether the output is a loss, whose gradient is one.
  func differentiate(_ layout: DeviceLayout = .same, isLoss: Bool = false, _ body: () throws -> Tensor) throws {
    try attributes.end()
    let tape = Tape()
    let output = try tape.recording(body)
    try keep("output", output, layout)
    let wantsGradients = given.tensors.keys.contains { $0.hasPrefix("grad_") && $0 != "grad_output" }
    guard isLoss ? wantsGradients || given.tensors["output"] == nil : has("grad_output") else { return }
    var seed: Tensor?
    if !isLoss {
      let gradient = layout.toDevice(try host("grad_output", rank: results["output"]!.shape.count))
      guard gradient.shape == output.shape else {
        throw CaseError("grad_output does not have the output's shape, \(results["output"]!.shape)")
      }
      seed = try device.tensor(gradient.shape, gradient.values)
    }
    // A layer that only passes on what it is given returns the leaf, from which there is nothing to run back.
    if let seed, output.gradient != nil {
      try tape.accumulate(seed, into: output)
    } else {
      try tape.backward(from: output, seed: seed)
    }
    for leaf in leaves {
      guard leaf.slot.isSet else { throw CaseError("the operator computed no gradient of \(leaf.name)") }
      let sum = try leaf.slot.tensor
      let gradient = HostTensor(sum.shape, try sum.values())
      results["grad_\(leaf.name)"] = leaf.layout.fromDevice(gradient, shape: leaf.shape)
    }
  }

  /// Keeps a device tensor as a result.
  ///
  /// - Parameter shape: the shape in PyTorch's order, for a weight.
  func keep(_ name: String, _ tensor: Tensor, _ layout: DeviceLayout = .same, shape: [Int]? = nil) throws {
    results[name] = layout.fromDevice(HostTensor(tensor.shape, try tensor.values()), shape: shape ?? tensor.shape)
  }

  /// Keeps integers as a result.
  func keep(_ name: String, _ numbers: [Int32]) {
    results[name] = HostTensor([numbers.count], numbers.map { Float($0) })
  }

  /// A tensor of the case as class labels below `limit`.
  func labels(_ name: String, below limit: Int) throws -> LabelTensor {
    let numbers = try host(name, rank: 1).values.map { value -> Int32 in
      guard let number = Int32(exactly: value), 0 <= number, Int(number) < limit else {
        throw CaseError("\(name) holds \(value), which is no class from 0 to \(limit - 1)")
      }
      return number
    }
    return try device.labels(numbers)
  }
}
