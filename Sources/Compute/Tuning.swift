import Synchronization

/// Kernels for certain products, in place of those that follow from a device's properties.
public struct Tuning: Sendable {
  public var choices: [TunedProduct: TunedKernel]
  /// The file that the choices come from, or `shipped`.
  public var source: String?
  /// Collects the products that are launched.
  package var log: ProductLog?

  public init(_ choices: [TunedProduct: TunedKernel] = [:], source: String? = nil) {
    self.choices = choices
    self.source = source
  }

  /// Whether there is nothing to look up, so that launches skip it.
  package var isEmpty: Bool { choices.isEmpty && log == nil }

  /// Traps if the device lacks a chosen kernel.
  func check(_ properties: DeviceProperties) {
    for (product, kernel) in choices where !kernel.runs(on: properties) {
      preconditionFailure("\(properties.identifier) has no kernel \(kernel.text) for \(product.text)")
    }
  }
}

/// The products launched while this is the log of a device's tuning, each once, with the kernel that follows from the
/// device's properties.
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
