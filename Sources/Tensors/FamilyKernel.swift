/// A kernel that each family has in a form of its own: `name` of `program.cl` in the vector family, `name_tile` of
/// `program_tile.cl` in the tile family. Grids and trailing arguments may differ; see the operators.
struct FamilyKernel: Sendable {
  private let vector, tile: Kernel

  /// - Parameter tileProgram: the file of the tile family's kernel, where it stands with others.
  init(_ program: String, _ name: String, tileProgram: String? = nil) {
    vector = Kernel(program, name)
    tile = Kernel(tileProgram ?? program + "_tile", name + "_tile")
  }

  /// The kernel of a device's family.
  func callAsFunction(for traits: DeviceTraits) -> Kernel { traits.isVector ? vector : tile }
}

extension Device {
  /// Launches the kernel of the device's family.
  func launch(_ kernel: FamilyKernel, over grid: Grid, _ arguments: [KernelArgument]) throws {
    try launch(kernel(for: traits), over: grid, arguments)
  }

  /// The same of one that moves so many floats to and from memory, for the profile.
  func launch(_ kernel: FamilyKernel, over grid: Grid, moving floats: Int, _ arguments: [KernelArgument]) throws {
    try launch(kernel(for: traits), over: grid, moving: floats, arguments)
  }
}
