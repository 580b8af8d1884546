import Dispatch
import Foundation

/// Decodes many image files into one block of pixels, on all cores.
struct ImageDecoder {
  let preparation: ImagePreparation
  /// The most bytes of pixels.
  let memoryLimit: Int
  /// The path of the data set, for errors.
  let path: String
  /// Called after every few images with the number that is done and of all; from any thread, one at a time.
  let progress: @Sendable (_ done: Int, _ count: Int) -> Void

  /// The images that could be read.
  struct Result {
    /// `nil` where none could be read.
    var size: ImageSize?
    /// `[count, height, width, channels]`, in the order of the files without those that failed.
    var pixels: [UInt8]
    /// The errors of files, by their index.
    var failures: [Int: ImageFileError]
  }

  /// Decodes files. The first that can be read decides size and channels, where they are not asked for.
  ///
  /// - Throws: ``DataError`` when all images take more than may be in memory.
  func decode(_ paths: [String]) throws(DataError) -> Result {
    var failures: [Int: ImageFileError] = [:]
    var first: (index: Int, image: Raster)?
    for (index, path) in paths.enumerated() {
      do {
        first = (index, preparation.applied(to: try ImageFile.raster(path)))
        break
      } catch { failures[index] = error }
    }
    guard let first else { return Result(size: nil, pixels: [], failures: failures) }
    let size = ImageSize(height: first.image.height, width: first.image.width, channels: first.image.channels)
    let (byteCount, overflow) = paths.count.multipliedReportingOverflow(by: size.byteCount)
    guard !overflow, byteCount <= memoryLimit else {
      throw .tooLarge(path: path, byteCount: overflow ? .max : byteCount, limit: memoryLimit)
    }
    var pixels = [UInt8](repeating: 0, count: byteCount)
    let shared = Shared(failures, count: paths.count, progress)
    pixels.withUnsafeMutableBufferPointer { pixels in
      // Each image has a place of its own.
      nonisolated(unsafe) let places = pixels
      let rest = first.index..<paths.count
      DispatchQueue.concurrentPerform(iterations: rest.count) { offset in
        let index = rest.lowerBound + offset
        do throws(ImageFileError) {
          let image = index == first.index ? first.image : preparation.applied(to: try ImageFile.raster(paths[index]))
          try check(image, paths[index], size, paths[first.index])
          UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: places[(index * size.byteCount)...]))
            .copyBytes(from: image.samples)
          shared.finish(nil, index)
        } catch { shared.finish(error, index) }
      }
    }
    failures = shared.failures
    return Result(size: size, pixels: Self.without(failures, pixels, size.byteCount), failures: failures)
  }

  private func check(_ image: Raster, _ path: String, _ size: ImageSize, _ first: String) throws(ImageFileError) {
    func name(_ path: String) -> String { (path as NSString).lastPathComponent }
    if image.channels != size.channels {
      throw ImageFileError(
        .mismatch, path: path,
        "is \(image.channels == 1 ? "grey" : "coloured"), and \(name(first)) is not: convert all with --color grey or "
          + "--color rgb ([data] color in a recipe)")
    }
    guard image.height == size.height, image.width == size.width else {
      throw ImageFileError(
        .mismatch, path: path,
        "is \(image.width) × \(image.height) pixels, and \(name(first)) is \(size.width) × \(size.height): bring all to "
          + "one size with --resize \(size.height)x\(size.width) ([data] resize in a recipe)")
    }
  }

  /// The pixels without those of files that failed.
  private static func without(_ failures: [Int: ImageFileError], _ pixels: [UInt8], _ byteCount: Int) -> [UInt8] {
    if failures.isEmpty { return pixels }
    return (0..<(pixels.count / byteCount)).filter { failures[$0] == nil }
      .flatMap { pixels[($0 * byteCount)..<(($0 + 1) * byteCount)] }
  }

  /// What threads share.
  private final class Shared: @unchecked Sendable {
    private let lock = NSLock()
    private let count: Int
    private let progress: @Sendable (Int, Int) -> Void
    private(set) var failures: [Int: ImageFileError]
    private var done = 0

    init(_ failures: [Int: ImageFileError], count: Int, _ progress: @escaping @Sendable (Int, Int) -> Void) {
      (self.failures, self.count, self.progress) = (failures, count, progress)
    }

    func finish(_ error: ImageFileError?, _ index: Int) {
      lock.withLock {
        if let error { failures[index] = error }
        done += 1
        if done % 64 == 0 || done == count { progress(done, count) }
      }
    }
  }
}
