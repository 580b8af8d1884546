import Foundation

/// What the operating system says of the processor that this program runs on.
enum HostProcessor {
  static let name = field("model name") ?? "unknown processor"
  static let vendor = field("vendor_id") ?? "unknown vendor"

  private static func field(_ key: String) -> String? {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix(key) {
      return line.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    }
    return nil
  }
}
