/// The devices of all OpenCL platforms, counted through them: `opencl:0`, `opencl:1`. Drivers are loaded when the list is
/// first wanted.
struct OpenCLProvider: DeviceProvider {
  let prefix = "opencl"

  func list() -> [DeviceDescription] {
    ((try? OpenCLListing.all()) ?? []).map { DeviceDescription(properties: $0.properties, problem: $0.problem) }
  }

  func identifier(of name: String, among devices: () -> [DeviceDescription]) throws -> String {
    let devices = devices()
    if name.lowercased() == prefix { return try best(of: devices) }
    guard let index = Int(name.dropFirst(prefix.count + 1)), devices.indices.contains(index) else {
      throw noDevice(name, "OpenCL devices are counted from 0", among: devices)
    }
    return devices[index].properties.identifier
  }

  func open(_ identifier: String, threads: Int?) throws -> any Device {
    let index = Int(identifier.dropFirst(prefix.count + 1))
    return try OpenCLDevice(index: index ?? -1, threads: threads)
  }

  var failure: DeviceError? {
    if case .failure(let error) = OpenCLLookup.result { error } else { nil }
  }

  var problem: String? {
    switch OpenCLLookup.result {
    case .success(let found): found.problems.isEmpty ? nil : found.problems.joined(separator: "\n")
    case .failure(let error): "\(error)"
    }
  }
}
