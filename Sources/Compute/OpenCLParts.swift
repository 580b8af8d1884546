import COpenCL
import Synchronization

/// Sub-devices of processors, each created once and kept while the process lives.
///
/// A sub-device cannot be released after its context: in PoCL 3.1 neither contexts nor queues retain it
/// (https://github.com/pocl/pocl/issues/1229), and its threads access it after `clFinish` has returned.
enum OpenCLParts {
  /// Sendable because OpenCL's devices may be used from any thread.
  private struct Device: Equatable, @unchecked Sendable { let handle: cl_device_id }

  private static let made = Mutex<[(whole: Device, threads: Int, part: Device)]>([])

  /// A sub-device with `threads` of the compute units of `device`; `nil` if the driver cannot create it.
  static func part(of device: cl_device_id, threads: Int) -> cl_device_id? {
    let whole = Device(handle: device)
    return made.withLock { made -> Device? in
      if let present = made.first(where: { $0.whole == whole && $0.threads == threads }) { return present.part }
      let partition: [cl_device_partition_property] = [
        cl_device_partition_property(CL_DEVICE_PARTITION_BY_COUNTS), threads,
        cl_device_partition_property(CL_DEVICE_PARTITION_BY_COUNTS_LIST_END), 0,
      ]
      var handle: cl_device_id?
      guard clCreateSubDevices(whole.handle, partition, 1, &handle, nil) == CL_SUCCESS, let handle else { return nil }
      let part = Device(handle: handle)
      made.append((whole, threads, part))
      return part
    }?.handle
  }
}
