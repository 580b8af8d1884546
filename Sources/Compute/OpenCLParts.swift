import COpenCL
import Synchronization

/// Parts of processors, each made once and kept while the process lives.
///
/// A part cannot be released with what was made on it: PoCL 3.1 lets neither a context nor a queue keep it
/// (https://github.com/pocl/pocl/issues/1229), and its threads look at it once more after `clFinish` has returned.
enum OpenCLParts {
  /// OpenCL's devices may be used from any thread.
  private struct Device: Equatable, @unchecked Sendable { let handle: cl_device_id }

  private static let made = Mutex<[(whole: Device, threads: Int, part: Device)]>([])

  /// A device of some of the compute units of `device`; `nil` where the driver can make none.
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
