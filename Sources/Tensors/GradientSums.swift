import CKernels

/// How the launch of an optimizer reads the gradients of parameters in flat arrays, on devices of the tile family: whole, or
/// in parts that it adds up. Kernels in `optimizer_tile.cl`.
package final class GradientTable {
  /// Where the parts of each parameter's gradient lie; `nil` for a whole one.
  package let places: [GradientSlot.Parts.Place?]
  fileprivate let shares: Buffer
  /// Work-groups of all parameters.
  fileprivate let groups: Int

  /// - Parameter parameters: where each parameter begins in the flat arrays, and its elements.
  package init(
    _ parameters: [(offset: Int, count: Int)], _ places: [GradientSlot.Parts.Place?], on device: any Device
  ) throws {
    self.places = places
    var words: [Int32] = []
    func add(_ parameter: (offset: Int, count: Int), parts: Int, place: Int, vectors: Int, group: Int) {
      var share = [Int32](repeating: 0, count: Int(SHARE_WORDS))
      for (word, value) in [
        (SHARE_PARAMETER, parameter.offset), (SHARE_COUNT, parameter.count), (SHARE_PARTS, parts),
        (SHARE_PLACE, place), (SHARE_VECTORS, vectors), (SHARE_GROUP, group),
      ] { share[Int(word)] = Int32(value) }
      words += share
    }
    for (parameter, place) in zip(parameters, places) {
      // As ``addParts(_:count:to:accumulate:)`` adds them.
      let pass = RowReduction(atOnce: max(1, place?.count ?? 1), columns: parameter.count, on: device)
      for group in 0..<pass.groupsAcross {
        add(
          parameter, parts: place?.count ?? Int(SHARE_IS_WHOLE), place: place?.offset ?? 0, vectors: pass.groupVectors,
          group: group)
      }
    }
    groups = words.count / Int(SHARE_WORDS)
    add((0, 1), parts: Int(SHARE_IS_LOSS), place: 0, vectors: 1, group: 0)
    shares = try device.allocate(byteCount: words.count * 4)
    try shares.write(words)
  }
}

/// The gradients of all parameters of a step, and its loss, that an optimizer's launch adds up.
package struct GradientSums {
  private let table: GradientTable
  private let parts: Buffer
  private let loss: PendingLoss?

  /// - Parameters:
  ///   - slots: those of the table's parameters.
  ///   - arena: where their parts lie.
  ///   - loss: the loss to finish in the same launch, if any.
  package init(_ table: GradientTable, of slots: [GradientSlot], in arena: PartsArena, finishing loss: PendingLoss?)
    throws
  {
    self.table = table
    self.loss = loss
    parts = try arena.gather(slots.compactMap { slot in slot.parts.map { ($0, slot.memory.count) } })
  }

  /// A work-group for each entry of the table; the loss's is the last.
  func grid(on device: any Device) -> Grid { device.groupGrid(table.groups + (loss == nil ? 0 : 1)) }

  /// The kernels' arguments behind the whole gradients.
  var arguments: [KernelArgument] { [.buffer(parts), .buffer(table.shares)] }

  /// The kernels' last arguments.
  var lossArguments: [KernelArgument] { loss?.arguments ?? PendingLoss.noArguments(parts) }
}
