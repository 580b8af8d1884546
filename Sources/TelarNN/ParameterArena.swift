/// One tensor of a network.
public struct Parameter {
  /// PyTorch's name in the whole network: `encoder.0.weight`.
  public let key: String
  /// The part that it belongs to.
  public let part: String
  public let spec: ParameterSpec
  /// The values, in the layout here.
  public let tensor: Tensor

  /// Whether an optimizer changes it.
  public var isTrainable: Bool { tensor.gradient != nil }

  /// The values in PyTorch's layout. Waits for the device.
  public func values() throws -> [Float] { spec.layout.values(toPyTorch: try tensor.values(), shape: spec.shape) }

  /// Sets the values from those in PyTorch's layout.
  public func write(_ values: [Float]) throws {
    precondition(values.count == spec.count, "\(values.count) values for \(key) of \(spec.shape)")
    try tensor.buffer.write(spec.layout.values(fromPyTorch: values, shape: spec.shape))
  }
}

/// The memory of a network's parameters and gradients: trained ones in front, then frozen ones and buffers. Of the trained
/// ones those of one dimension, biases and such, lie together behind the others, as an optimizer often treats them alike.
/// Slices start at multiples of the device's alignment; the gaps between them hold zeros and stay so.
final class ParameterArena {
  /// In the order of the architecture.
  let parameters: [Parameter]
  /// The tensors of each layer, by the layer's key and their names.
  private let layers: [String: [String: Tensor]]
  /// Trained parameters in the order of the architecture, with their places in memory in floats.
  let trained: [(parameter: Parameter, offset: Int)]
  /// The gradients of ``trained``.
  let slots: [GradientSlot]
  /// Floats of the run of trained parameters, gaps included.
  let trainedCount: Int
  /// Floats of all parameters, gaps included.
  let count: Int
  let values: Buffer
  /// As long as the run of trained parameters; `nil` when there is none.
  let gradients: Buffer?
  /// Where gradients lie in parts until an optimizer adds them up; `nil` where they are computed whole.
  let parts: PartsArena?
  /// Floats that slices start at multiples of.
  private let alignment: Int

  /// Floats from where a parameter begins to where the next one does.
  func room(for spec: ParameterSpec) -> Int { Self.room(for: spec, alignment) }

  private static func room(for spec: ParameterSpec, _ alignment: Int) -> Int {
    (spec.count + alignment - 1) / alignment * alignment
  }

  init(_ architecture: Architecture, on device: any Device, seed: UInt64) throws {
    struct Entry {
      var layer: String
      var part: Part
      var spec: ParameterSpec
      var isTrained: Bool
    }
    let entries = try architecture.parts.flatMap { part in
      try part.layers.layers.enumerated().flatMap { index, layer in
        try layer.parameters.map { spec in
          let layerKey = "\(part.name).\(index)"
          try Self.checkSize(spec, "\(layerKey) (\(type(of: layer).moduleName))")
          return Entry(layer: layerKey, part: part, spec: spec, isTrained: !part.isFrozen && spec.role == .parameter)
        }
      }
    }
    let alignment = device.properties.bufferAlignment / 4
    self.alignment = alignment
    var end = 0
    var offsets = [Int](repeating: 0, count: entries.count)
    func place(where isWanted: (Entry) -> Bool) {
      for (index, entry) in entries.enumerated() where isWanted(entry) {
        offsets[index] = end
        end += Self.room(for: entry.spec, alignment)
      }
    }
    place { $0.isTrained && $0.spec.shape.count > 1 }
    place { $0.isTrained && $0.spec.shape.count <= 1 }
    trainedCount = end
    place { !$0.isTrained }

    count = end
    values = try device.zeroed(floats: end)
    gradients = trainedCount > 0 ? try device.zeroed(floats: trainedCount) : nil
    let parts = try device.traits.isVector ? nil : PartsArena(on: device)
    self.parts = parts
    var parameters: [Parameter] = []
    var layers: [String: [String: Tensor]] = [:]
    for (entry, offset) in zip(entries, offsets) {
      let spec = entry.spec
      let shape = spec.layout.shape(ofPyTorch: spec.shape)
      func slice(_ buffer: Buffer) throws -> Buffer {
        try device.slice(buffer, byteOffset: offset * 4, byteCount: spec.count * 4)
      }
      let slot =
        try entry.isTrained
        ? GradientSlot(tensor: Tensor(shape: shape, buffer: slice(gradients!)), partsIn: parts) : nil
      let parameter = Parameter(
        key: "\(entry.layer).\(spec.name)", part: entry.part.name, spec: spec,
        tensor: Tensor(shape: shape, buffer: try slice(values), gradient: slot, requiresGradient: entry.isTrained))
      parameter.tensor.isParameter = true
      if device.keepsValues {
        try parameter.write(spec.initializer.values(count: spec.count, seed: seed, key: parameter.key))
      }
      parameters.append(parameter)
      layers[entry.layer, default: [:]][spec.name] = parameter.tensor
    }
    self.parameters = parameters
    self.layers = layers
    trained = zip(parameters, offsets).filter { $0.0.isTrainable }.map { ($0, $1) }
    slots = trained.map { $0.parameter.tensor.gradient! }
  }

  /// The tensors of a layer by their names; `key` is the layer's: `encoder.0`.
  func tensors(ofLayer key: String) -> [String: Tensor] { layers[key] ?? [:] }

  func clearGradients() {
    parts?.clear()
    slots.forEach { $0.clear() }
  }

  private static func checkSize(_ spec: ParameterSpec, _ place: String) throws {
    var count = 1
    for size in spec.shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, size > 0, product <= Int(Int32.max) else {
        throw ShapeError(place, "\(spec.name) of shape \(spec.shape) is no size that a kernel can index")
      }
      count = product
    }
  }
}

extension Device {
  /// A buffer of zeros.
  func zeroed(floats count: Int) throws -> Buffer {
    let buffer = try allocate(byteCount: max(4, count * 4))
    try fill(buffer, at: 0, byteCount: max(4, count * 4), pattern: 0)
    return buffer
  }
}
