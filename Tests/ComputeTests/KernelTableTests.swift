import CKernels
import Compute
import TestSupport
import Testing

/// The table that binds compiled-in kernels by name, against what an OpenCL compiler makes of the same text.
@Suite struct KernelTableTests {
  /// Signature by kernel name of each program in a clone's table.
  private static func table(of clone: telar_clone) -> [String: [String: String]] {
    var table: [String: [String: String]] = [:]
    for kernel in UnsafeBufferPointer(start: clone.kernels, count: Int(clone.kernel_count)) {
      table[String(cString: kernel.program), default: [:]][String(cString: kernel.name)] =
        String(cString: kernel.signature)
    }
    return table
  }

  @Test(arguments: TestDevices.openCL, CPUDevice.instructionSets.indices)
  func theTableIsWhatTheDriverSees(on test: TestDevice, clone index: Int) throws {
    let clone = telar_clone_at(Int32(index)).pointee
    let table = Self.table(of: clone)
    try test.use { device in
      let device = device as! OpenCLDevice
      for program in OpenCLDevice.programNames where !program.hasSuffix("_tile") {
        var seen: [String: String] = [:]
        for tile in UnsafeBufferPointer(start: clone.tiles, count: Int(clone.tile_count)) {
          let options = ["VECTOR_WIDTH": Int(clone.vector_width), "ROWS": Int(tile.0), "VECTORS": Int(tile.1)]
          seen.merge(try device.signatures(of: program, options: options)) { $1 }
        }
        #expect(seen == table[program], "\(program).cl for \(String(cString: clone.name))")
      }
      #expect(Set(table.keys).isSubset(of: OpenCLDevice.programNames))
    }
  }

  /// Kernels with local memory are in no table; their programs must at least build, with the vectors of four that they
  /// are written in.
  @Test(arguments: TestDevices.openCL)
  func tilePrograms(on test: TestDevice) throws {
    try test.use { device in
      let device = device as! OpenCLDevice
      for program in OpenCLDevice.programNames where program.hasSuffix("_tile") {
        let signatures = try device.signatures(of: program, options: ["VECTOR_WIDTH": 4])
        #expect(!signatures.isEmpty, "\(program).cl")
      }
    }
  }

  @Test func clonesHaveTheSameKernels() {
    for index in CPUDevice.instructionSets.indices {
      let clone = telar_clone_at(Int32(index)).pointee
      let names = Self.table(of: clone).mapValues { Set($0.keys.map(Self.withoutTile)) }
      #expect(names == Self.table(of: telar_clone_at(0).pointee).mapValues { Set($0.keys.map(Self.withoutTile)) })
    }
  }

  /// A tiled kernel's name without its tile: `gemm` of `gemm_6x2`.
  private static func withoutTile(_ name: String) -> String {
    let parts = name.split(separator: "_")
    guard let last = parts.last, last.contains("x"), last.allSatisfy({ $0.isNumber || $0 == "x" }) else { return name }
    return parts.dropLast().joined(separator: "_")
  }
}
