import Synchronization

/// The kernels that a device computes certain products with, instead of those that it would choose by its properties.
public struct Tuning: Sendable {
  public var choices: [TunedProduct: TunedKernel]
  /// The file that the choices come from, or `shipped`.
  public var source: String?
  /// Where products are noted as they are launched.
  package var log: ProductLog?

  public init(_ choices: [TunedProduct: TunedKernel] = [:], source: String? = nil) {
    self.choices = choices
    self.source = source
  }

  /// Whether there is nothing to look up: launches then cost what they do without a tuning.
  package var isEmpty: Bool { choices.isEmpty && log == nil }

  /// Traps when a choice is none of the device's.
  func check(_ properties: DeviceProperties) {
    for (product, kernel) in choices where !kernel.runs(on: properties) {
      preconditionFailure("\(properties.identifier) has no kernel \(kernel.text) for \(product.text)")
    }
  }
}

/// The products that were launched while it was a tuning's log, each once, with the kernel that the device itself
/// chooses.
package final class ProductLog: Sendable {
  private let entries = Mutex<[(product: TunedProduct, kernel: TunedKernel)]>([])

  package init() {}

  package var products: [(product: TunedProduct, kernel: TunedKernel)] { entries.withLock { $0 } }

  package func add(_ product: TunedProduct, _ kernel: TunedKernel) {
    entries.withLock { entries in
      if !entries.contains(where: { $0.product == product }) { entries.append((product, kernel)) }
    }
  }
}
