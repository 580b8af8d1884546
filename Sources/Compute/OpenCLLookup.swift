import Foundation
import Synchronization

/// The look-up of all OpenCL devices, once per process.
///
/// Loading a driver and listing its devices runs the driver's code, which may never return, so it runs on a thread of
/// its own, which is abandoned after a time limit. That thread may hold the dynamic linker's lock, which `exit` waits
/// for: see ``DeviceCatalog/hasHangingDriver``.
enum OpenCLLookup {
  struct Found: Sendable {
    var listings: [OpenCLListing]
    /// Why installed drivers have no devices, in a sentence each.
    var problems: [String]
  }

  static let result: Result<Found, DeviceError> = {
    do throws(DeviceError) {
      return try result(within: secondsAllowed(), place: OpenCLDriver.place)
    } catch {
      return .failure(error)
    }
  }()

  static let hasHangingDriver = Atomic<Bool>(false)

  // MARK: The time limit

  private static let usualSeconds = 30
  private static let variable = "TELAR_DRIVER_SECONDS"

  static func secondsAllowed(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(DeviceError) -> Int {
    guard let text = environment[variable], !text.isEmpty else { return usualSeconds }
    guard let seconds = Int(text), 1...3600 ~= seconds else {
      throw .setting(name: variable, reason: "it is not a whole number of seconds from 1 to 3600")
    }
    return seconds
  }

  // MARK: The thread

  /// The state shared between the look-up and the thread that waits for it.
  private final class Watched: Sendable {
    let place: String
    let driver = Mutex<String>("the OpenCL loader")
    let result = Mutex<Result<Found, DeviceError>?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    let hasBegun = Atomic<Bool>(false)

    init(place: String) { self.place = place }

    /// Looks for devices, unless another thread has begun to.
    func run() {
      guard !hasBegun.exchange(true, ordering: .relaxed) else { return }
      let found = Result { () throws(DeviceError) in
        try OpenCLListing.find(OpenCLDriver.all(at: place), at: place) { name in driver.withLock { $0 = name } }
      }
      result.withLock { $0 = found }
      isDone.signal()
    }
  }

  /// Compilers in drivers use deep stacks.
  private static let stackBytes = 8 << 20
  /// After this time without a result, the caller looks for devices itself if the thread has not begun.
  private static let secondsToBegin = 5

  private static func result(within seconds: Int, place: String) throws(DeviceError) -> Result<Found, DeviceError> {
    let watched = Watched(place: place)
    let thread = Thread { watched.run() }
    thread.stackSize = stackBytes
    thread.start()
    let wait = { (seconds: Int) in watched.isDone.wait(timeout: .now() + .seconds(seconds)) == .success }
    let first = min(seconds, secondsToBegin)
    if !wait(first) {
      watched.run()
      guard wait(seconds - first) else {
        hasHangingDriver.store(true, ordering: .relaxed)
        throw .driverHangs(driver: watched.driver.withLock { $0 }, seconds: seconds)
      }
    }
    return watched.result.withLock { $0! }
  }
}
