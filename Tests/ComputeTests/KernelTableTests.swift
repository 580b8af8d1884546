import CKernels
import Compute
import TestSupport
import Testing

/// The kernel table, against what OpenCL compilers make of the same kernels, the clones, and the kernels that operators
/// launch.
@Suite struct KernelTableTests {
  private static var clones: [telar_clone] { (0..<telar_clone_count).map { telar_clone_at($0).pointee } }
  /// The register tiles of each clone.
  private static let cloneTiles = clones.map { clone in
    UnsafeBufferPointer(start: clone.tiles, count: Int(clone.tile_count)).map {
      RegisterTile(width: Int(clone.vector_width), rows: Int($0.0), vectors: Int($0.1))
    }
  }

  /// Signatures by the names that devices know a program's kernels by.
  private static func signatures(of program: String, tiles: [RegisterTile]) -> [String: String] {
    var signatures: [String: String] = [:]
    for entry in KernelTable.entries where entry.program == program {
      for name in entry.names(for: tiles) { signatures[name] = String(decoding: entry.signature, as: UTF8.self) }
    }
    return signatures
  }

  /// For the vectors and register tiles of each clone; programs with local memory are written with vectors of four.
  @Test(arguments: TestDevices.openCL)
  func `the table is what the driver sees`(on test: TestDevice) throws {
    try test.use { device in
      let device = device as! OpenCLDevice
      for program in OpenCLDevice.programNames {
        let entries = KernelTable.entries.filter { $0.program == program }
        let hasLocalMemory = entries.contains { $0.hasLocalMemory }, isTiled = entries.contains { $0.isTiled }
        let tileSets = hasLocalMemory ? [[RegisterTile(width: 4, rows: 4, vectors: 1)]] : Self.cloneTiles
        for tiles in Set(tileSets) {
          var seen: [String: String] = [:]
          for tile in isTiled ? tiles : [tiles[0]] {
            let options = ["VECTOR_WIDTH": tile.width, "ROWS": tile.rows, "VECTORS": tile.vectors]
            seen.merge(try device.signatures(of: program, options: options)) { $1 }
          }
          #expect(seen == Self.signatures(of: program, tiles: tiles), "\(program).cl for \(tiles)")
        }
      }
      #expect(Set(KernelTable.entries.map(\.program)) == Set(OpenCLDevice.programNames))
    }
  }

  @Test func `each clone has every kernel without local memory`() {
    for (clone, tiles) in zip(Self.clones, Self.cloneTiles) {
      let names = UnsafeBufferPointer(start: clone.entry_points, count: Int(clone.entry_point_count)).map {
        String(cString: $0.name)
      }
      let expected = KernelTable.entries.filter { !$0.hasLocalMemory }.flatMap { $0.names(for: tiles) }
      #expect(names.sorted() == expected.sorted())
    }
  }

  @Test func `kernels are found by program and name`() {
    #expect(KernelTable.signature(of: Kernel("elementwise", "add")) == Array("ccbi".utf8))
    #expect(KernelTable.signature(of: Kernel("gemm", "gemm_pack_6x2"))?.count == 11)
    for (program, name) in [
      ("gemm", "add"), ("elementwise", "add_6x2"), ("gemm", "gemm"), ("gemm", "gemm_6"), ("gemm", "gemm_6xx2"),
      ("gemm", "gemm_ax2"),
    ] {
      #expect(KernelTable.signature(of: Kernel(program, name)) == nil, "\(name) of \(program)")
    }
  }

  /// Operators keep their kernels in constants, each made of the names of its program and its function; a `FamilyKernel`
  /// is two of them.
  @Test func `operators launch the kernels of the table, and all of them`() throws {
    let constant = /(Family)?Kernel\(\s*"(\w+)",\s*"(\w+)(?:",\s*tileProgram:\s*"(\w+)")?/
    var used: Set<[String]> = []
    for file in Repository.swiftFiles(under: "Sources") {
      for match in try Repository.text(of: file).matches(of: constant) {
        let (program, name) = (String(match.2), String(match.3))
        used.insert([program, name])
        if match.1 != nil { used.insert([match.4.map(String.init) ?? program + "_tile", name + "_tile"]) }
      }
    }
    #expect(used == Set(KernelTable.entries.map { [$0.program, $0.name] }))
  }
}
