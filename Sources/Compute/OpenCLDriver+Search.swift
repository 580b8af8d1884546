import Foundation

extension OpenCLDriver {
  /// A vendor's driver library that no `.icd` file leads to, so that the ICD loader does not see it. Containers and WSL
  /// often have such.
  package struct Unregistered: Sendable, Equatable {
    package let library: String
    package let vendor: String

    /// What makes the loader see it.
    package var advice: String {
      let name = library.split(separator: "/").last?.prefix { $0 != "." } ?? ""
      let folder = "/etc/OpenCL/vendors"
      return "mkdir -p \(folder) && echo \(library) > \(folder)/\(name.dropFirst(3)).icd"
    }
  }

  /// Names of driver libraries, before `.so`.
  private static let stems = [
    "libnvidia-opencl": "NVIDIA", "libamdocl64": "AMD", "libigdrcl": "Intel", "libintelocl": "Intel",
    "libRusticlOpenCL": "Mesa", "libpocl": "PoCL",
  ]

  /// Where vendors put them.
  private static let folders = [
    "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu/intel-opencl", "/usr/lib64/intel-opencl", "/usr/local/lib/intel-opencl",
    "/usr/local/nvidia/lib64", "/usr/lib/wsl/lib", "/run/opengl-driver/lib", "/opt/rocm/lib", "/opt/rocm/opencl/lib",
    "/opt/amdgpu/lib/x86_64-linux-gnu", "/opt/amdgpu-pro/lib/x86_64-linux-gnu",
    "/opt/intel/oneapi/compiler/latest/lib",
  ]

  /// The libraries of vendors in the usual folders that none of the drivers names, one for each name.
  ///
  /// - Parameter more: folders to look in before the usual ones; by default those of `LD_LIBRARY_PATH`.
  package static func unregistered(
    beside drivers: [OpenCLDriver],
    in more: [String] = (ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "").split(separator: ":").map(
      String.init)
  ) -> [Unregistered] {
    let named = drivers.map { $0.library.split(separator: "/").last.map(String.init) ?? "" }
    return stems.sorted { $0.key < $1.key }.compactMap { stem, vendor in
      if named.contains(where: { $0.hasPrefix(stem + ".so") }) { return nil }
      for folder in more + folders {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        if let name = names.first(where: { $0.hasPrefix(stem + ".so") }) {
          return Unregistered(library: "\(folder)/\(name)", vendor: vendor)
        }
      }
      return nil
    }
  }
}
