import Foundation
import TelarIO

#if canImport(Glibc)
  import Glibc
#endif

/// The processor and memory of the host, as the operating system describes them.
package enum HostProcessor {
  // For Arm processors /proc/cpuinfo has numbers in place of a name.
  static let name = field("model name") ?? "\(architecture) processor"
  static let vendor = field("vendor_id") ?? field("CPU implementer") ?? "unknown vendor"

  /// The machine's memory, or the limit of this process's control group if that is lower, as in a container.
  static let memoryBytes: Int = {
    let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    // Control groups, version 2 and 1; without a limit the first holds "max", the second a number beyond all memory.
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap {
      (try? String(contentsOfFile: $0, encoding: .utf8)).flatMap {
        Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
    }
    return limits.filter { $0 > 0 }.reduce(physical, min)
  }()

  /// The threads that this process can keep busy: the cores that it may run on, or fewer where a control group or Slurm
  /// (`SLURM_CPUS_PER_TASK`) grants less.
  package static let threadCount = threadCount(
    cores: ProcessInfo.processInfo.activeProcessorCount,
    slurm: ProcessInfo.processInfo.environment["SLURM_CPUS_PER_TASK"],
    quota: cgroupQuota)

  /// - Parameters:
  ///   - slurm: the value of `SLURM_CPUS_PER_TASK`.
  ///   - quota: processor time that the control group grants, in cores.
  package static func threadCount(cores: Int, slurm: String?, quota: Double?) -> Int {
    let granted = [slurm.flatMap { Int($0) }, quota.map { Int($0.rounded(.up)) }]
    return granted.compactMap { $0 }.filter { $0 > 0 }.reduce(cores, min)
  }

  /// The processor time of this process's control group, version 2 or 1, in cores; `nil` without a limit.
  private static var cgroupQuota: Double? {
    func text(_ path: String) -> String? {
      (try? String(contentsOfFile: "/sys/fs/cgroup/\(path)", encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let words =
      text("cpu.max")?.split(separator: " ").map(String.init)
      ?? ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"].compactMap(text)
    guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), quota > 0, period > 0 else {
      return nil
    }
    return quota / period
  }

  /// The size of a core's L2 cache, or 512 KiB where the system does not say.
  package static let l2CacheBytes: Int = {
    #if canImport(Glibc)
      let bytes = sysconf(Int32(_SC_LEVEL2_CACHE_SIZE))
      if bytes > 0 { return bytes }
    #endif
    return 512 << 10
  }()

  #if arch(arm64)
    private static let architecture = "64-bit Arm"
  #else
    private static let architecture = "x86-64"
  #endif

  private static func field(_ key: String) -> String? {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
    for line in TextLines(text).lazy.compactMap(\.text) where line.hasPrefix(key) {
      return line.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    }
    return nil
  }
}
