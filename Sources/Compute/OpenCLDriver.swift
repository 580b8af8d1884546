import COpenCL
import Foundation
import TelarIO

/// A driver that is installed for the ICD loader: an `.icd` file that names a library.
package struct OpenCLDriver: Sendable, Equatable {
  /// The file, or the library itself if the environment names that.
  package let file: String
  /// The name or path of the library.
  package let library: String

  package var name: String { file == library ? file : "\(file) (\(library))" }

  /// Where drivers are looked for: a folder of `.icd` files, one such file, or a library.
  package static var place: String {
    let environment = ProcessInfo.processInfo.environment
    let named = ["OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH"].compactMap { environment[$0] }
    return named.first { !$0.isEmpty } ?? "/etc/OpenCL/vendors"
  }

  /// The drivers at a place, in the order in which ocl-icd loads them.
  package static func all(at place: String = place) -> [OpenCLDriver] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) else { return [] }
    if isFolder.boolValue {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
      return names.filter { $0.hasSuffix(".icd") }.map { OpenCLDriver(file: "\(place)/\($0)") }
    }
    return [place.hasSuffix(".icd") ? OpenCLDriver(file: place) : OpenCLDriver(file: place, library: place)]
  }

  /// Far more than the one line of an `.icd` file.
  private static let longestFile = 64 << 10

  private init(file: String, library: String) {
    self.file = file
    self.library = library
  }

  private init(file: String) {
    let bytes = (try? InputFile.read(file, atMost: Self.longestFile)) ?? []
    let line = TextLines(bytes).first { _ in true }?.text ?? ""
    self.init(file: file, library: line.trimmingCharacters(in: .whitespaces))
  }

  /// Loads the library and queries its platforms, as the ICD loader does afterwards.
  ///
  /// - Returns: why the driver has no platform; `nil` if it has one.
  func problem() -> String? {
    if library.isEmpty { return "\(file) names no library" }
    guard let handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL) else {
      return "the driver of \(file) does not load: \(dlerror().map { String(cString: $0) } ?? library)"
    }
    guard let symbol = dlsym(handle, "clIcdGetPlatformIDsKHR") ?? Self.extensionFunction(handle) else {
      return "\(name) is no OpenCL driver: it has no function clIcdGetPlatformIDsKHR"
    }
    typealias Handles = UnsafeMutablePointer<cl_platform_id?>
    typealias Query = @convention(c) (cl_uint, Handles?, UnsafeMutablePointer<cl_uint>?) -> cl_int
    var count: cl_uint = 0
    let status = unsafeBitCast(symbol, to: Query.self)(0, nil, &count)
    if status == CL_SUCCESS, count > 0 { return nil }
    return "the driver \(name) has no platform"
      + (status == CL_SUCCESS ? "" : ": clIcdGetPlatformIDsKHR failed with \(OpenCLStatus.name(status))")
  }

  /// `clIcdGetPlatformIDsKHR` of a library that does not export it.
  private static func extensionFunction(_ library: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    typealias Lookup = @convention(c) (UnsafePointer<CChar>) -> UnsafeMutableRawPointer?
    guard let symbol = dlsym(library, "clGetExtensionFunctionAddress") else { return nil }
    return unsafeBitCast(symbol, to: Lookup.self)("clIcdGetPlatformIDsKHR")
  }
}
