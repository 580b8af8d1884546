import CKernels
import Foundation

/// Every kernel of `Kernels/*.cl` with the types of its arguments, which devices check launches against.
///
/// The table is generated from the kernels by `Tools/kernels/generate.py`.
package enum KernelTable {
  package struct Entry: Sendable {
    package let program: String
    /// The name without a register tile: `gemm` of `gemm_6x2`.
    package let name: String
    /// The types of the arguments, a letter each: `b` buffer, `c` constant buffer, `l` local memory, `i` int, `u` uint,
    /// `f` float.
    package let signature: [UInt8]
    /// Whether there is one kernel for each register tile, whose names end in `_ROWSxVECTORS`.
    package let isTiled: Bool
    /// Whether its program uses local memory; the compiled-in kernels are those that do not.
    package let hasLocalMemory: Bool

    fileprivate init(_ kernel: telar_kernel, localMemoryPrograms: Set<String>) {
      program = String(cString: kernel.program)
      name = String(cString: kernel.name)
      signature = Array(UnsafeRawBufferPointer(start: kernel.signature, count: strlen(kernel.signature)))
      isTiled = kernel.is_tiled != 0
      hasLocalMemory = localMemoryPrograms.contains(program)
    }

    /// The kernel's names, one per register tile if it is tiled.
    package func names(for tiles: [RegisterTile]) -> [String] {
      isTiled ? tiles.map { "\(name)_\($0.rows)x\($0.vectors)" } : [name]
    }
  }

  /// All kernels, by program.
  package static let entries: [Entry] = {
    let programs = (0..<telar_program_count).map { telar_program_at($0).pointee }
    let local = Set(programs.filter { $0.has_local_memory != 0 }.map { String(cString: $0.name) })
    return (0..<telar_kernel_count).map { Entry(telar_kernel_at($0).pointee, localMemoryPrograms: local) }
  }()

  private static let byName = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0) })

  /// The kernel of a name, which includes the register tile if it has one.
  package static func entry(named name: String) -> Entry? {
    if let entry = byName[name] { return entry.isTiled ? nil : entry }
    guard let end = name.lastIndex(of: "_"), let entry = byName[String(name[..<end])], entry.isTiled else { return nil }
    let sides = name[name.index(after: end)...].split(separator: "x", omittingEmptySubsequences: false)
    return sides.count == 2 && sides.allSatisfy { Int($0) != nil } ? entry : nil
  }

  /// The types of a kernel's arguments, a letter each; `nil` if its program has no kernel of this name.
  package static func signature(of kernel: Kernel) -> [UInt8]? {
    guard let entry = entry(named: kernel.name), entry.program == kernel.program else { return nil }
    return entry.signature
  }

  /// Traps if the arguments do not fit a kernel's signature.
  package static func check(_ arguments: [KernelArgument], fit signature: [UInt8], of name: String) {
    precondition(
      arguments.count == signature.count,
      "\(name) takes \(signature.count) arguments and was given \(arguments.count)")
    for index in arguments.indices where !arguments[index].fits(signature[index]) {
      mismatch(arguments[index], at: index, signature, of: name)
    }
  }

  static func mismatch(_ argument: KernelArgument, at index: Int, _ signature: [UInt8], of name: String) -> Never {
    let letters = String(decoding: signature, as: UTF8.self)
    preconditionFailure("argument \(index) of \(name) is \(argument), but its signature is \(letters)")
  }
}

extension KernelArgument {
  /// Whether the argument has the type that a letter of a signature stands for.
  fileprivate func fits(_ letter: UInt8) -> Bool {
    switch self {
    case .buffer: letter == UInt8(ascii: "b") || letter == UInt8(ascii: "c")
    case .int: letter == UInt8(ascii: "i")
    case .uint: letter == UInt8(ascii: "u")
    case .float: letter == UInt8(ascii: "f")
    case .local: letter == UInt8(ascii: "l")
    }
  }
}
