import Foundation
import TelarData
import TelarNN
import Tensors

/// Random changes of the training images, drawn anew for each image and epoch.
///
/// An image is turned and scaled about its middle and shifted, cropped out of itself with a margin around it, and flipped,
/// all of which is one linear interpolation between its pixels, none where only crops and flips are asked for; then
/// contrast and brightness change, and a square is erased. Noise comes last, and only to what the network is given:
/// an autoencoder's target is without it.
///
/// What is drawn for an image follows from seed, epoch and the image's number alone, by Philox4x32-10 with the seed as its
/// key and the counter (block, 0x6175676D, image, epoch): the same on every device, in batches of any size. Each change
/// has numbers of its own, so that one does not alter what is drawn for another.
public struct Augmentation: Sendable, Hashable {
  /// Pixels of margin on each side, out of which an image of the same size is cut.
  public var crop = 0
  /// Probabilities of mirroring left and right, above and below.
  public var horizontalFlip = 0.0, verticalFlip = 0.0
  /// The largest shift either way, as a share of height and width.
  public var shift = 0.0
  /// The largest angle either way, in degrees.
  public var rotation = 0.0
  /// Enlargement by a factor from 1 − scale to 1 + scale, below 1.
  public var scale = 0.0
  /// A factor from 1 − brightness to 1 + brightness for all pixels, as of torchvision's ColorJitter, at most 1.
  public var brightness = 0.0
  /// A factor from 1 − contrast to 1 + contrast for the distance of all pixels from mid-grey, at most 1.
  public var contrast = 0.0
  /// The side of a square, in pixels, that is erased about a random pixel, up to the image's edges (DeVries and Taylor,
  /// arXiv:1708.04552); 0 for none.
  public var cutout = 0
  /// The standard deviation of normal noise, of pixels from 0 to 1.
  public var noise = 0.0
  /// The pixel, from 0 to 1, that stands beside images and where they are erased.
  public var fill = 0.0

  /// No changes; see the properties.
  public init() {}

  /// Settings by their keywords in recipes; omitted ones change nothing.
  ///
  /// - Throws: `AttributeError` for invalid values.
  public init(attributes: inout AttributeReader) throws {
    crop = try attributes.integer("crop", default: 0, atLeast: 0)
    horizontalFlip = try attributes.double("horizontal_flip", default: 0, .zeroToOne)
    verticalFlip = try attributes.double("vertical_flip", default: 0, .zeroToOne)
    shift = try attributes.double("shift", default: 0, .zeroToOne)
    rotation = try attributes.double("rotation", default: 0, in: 0...180)
    scale = try attributes.double("scale", default: 0, in: 0...0.9)
    brightness = try attributes.double("brightness", default: 0, .zeroToOne)
    contrast = try attributes.double("contrast", default: 0, .zeroToOne)
    cutout = try attributes.integer("cutout", default: 0, atLeast: 0)
    noise = try attributes.double("noise", default: 0, in: 0...100)
    fill = try attributes.double("fill", default: 0, .zeroToOne)
  }

  /// What differs from no change, by keywords, in the form of recipes and `run.json`.
  public var attributes: JSON.Members {
    var members: JSON.Members = [:]
    for (name, value) in [("crop", crop), ("cutout", cutout)] where value != 0 { members[name] = .integer(value) }
    for (name, value) in [
      ("horizontal_flip", horizontalFlip), ("vertical_flip", verticalFlip), ("shift", shift), ("rotation", rotation),
      ("scale", scale), ("brightness", brightness), ("contrast", contrast), ("noise", noise), ("fill", fill),
    ] where value != 0 { members[name] = .number(value) }
    return members
  }

  public var json: JSON { .object(attributes) }

  /// What is done to an image.
  ///
  /// - Parameters:
  ///   - image: its number in the training set, from 0.
  ///   - epoch: from 1.
  /// - Precondition: cropping, cutout, shift and scale are in the ranges that ``init(attributes:)`` accepts.
  public func change(of image: Int, height: Int, width: Int, seed: UInt64, epoch: Int) -> ImageChange {
    let drawn = (0..<4).map { block in
      Philox.block(
        counter: [block, 0x6175_676D, UInt32(truncatingIfNeeded: image), UInt32(truncatingIfNeeded: epoch)],
        key: [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)])
    }
    /// Above 0 and below 1.
    func share(_ block: Int, _ word: Int) -> Double { (Double(drawn[block][word]) + 0.5) / 0x1p32 }
    /// From −most to most.
    func either(_ block: Int, _ word: Int, _ most: Double) -> Double { (2 * share(block, word) - 1) * most }
    /// A whole number below `count`.
    func choice(_ block: Int, _ word: Int, _ count: Int) -> Int {
      Int((UInt64(drawn[block][word]) * UInt64(count)) >> 32)
    }

    var change = ImageChange()
    // A pixel's place in front of each step from the place behind it, from the last to the first: x = u · X + v · Y + w.
    var (ux, uy) = (1.0, 1.0)
    var (x, y) = (Double(choice(0, 0, 2 * crop + 1) - crop), Double(choice(0, 1, 2 * crop + 1) - crop))
    if share(0, 2) < horizontalFlip { (ux, x) = (-1, x + Double(width - 1)) }
    if share(0, 3) < verticalFlip { (uy, y) = (-1, y + Double(height - 1)) }
    x -= either(1, 0, shift) * Double(width)
    y -= either(1, 1, shift) * Double(height)
    if rotation != 0 || scale != 0 {
      let angle = either(1, 2, rotation) * .pi / 180, size = 1 + either(1, 3, scale)
      let (c, s) = (cos(angle) / size, sin(angle) / size)
      let (middleX, middleY) = (Double(width - 1) / 2, Double(height - 1) / 2)
      let (fromX, fromY) = (x - middleX, y - middleY)
      change.column = [Float(c * ux), Float(-s * uy), Float(c * fromX - s * fromY + middleX)]
      change.row = [Float(s * ux), Float(c * uy), Float(s * fromX + c * fromY + middleY)]
    } else {
      change.column = [Float(ux), 0, Float(x)]
      change.row = [0, Float(uy), Float(y)]
    }
    if brightness != 0 || contrast != 0 {
      let bright = 1 + either(2, 0, brightness), strong = 1 + either(2, 1, contrast)
      change.factor = Float(bright * strong)
      change.term = Float(bright * 127.5 * (1 - strong))
    }
    if cutout > 0 {
      func erased(_ middle: Int, _ size: Int) -> Range<Int> {
        let first = middle - cutout / 2
        return max(0, first)..<min(size, first + cutout)
      }
      change.erasedColumns = erased(choice(2, 2, width), width)
      change.erasedRows = erased(choice(2, 3, height), height)
    }
    change.noiseKey = [drawn[3][0], drawn[3][1]]
    return change
  }
}

/// The generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) on the host; the
/// kernels have their own.
enum Philox {
  /// Four random words.
  static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let first = UInt64(0xD251_1F53) * UInt64(c[0]), second = UInt64(0xCD9E_8D57) * UInt64(c[2])
      c = [
        UInt32(second >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: second),
        UInt32(first >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: first),
      ]
      k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
  }
}

/// The augmentation of a run's training images on their device.
package final class Augmenter {
  let augmentation: Augmentation
  let changes: ImageChanges
  private let set: DeviceImages
  private let seed: UInt64

  package init(_ augmentation: Augmentation, of set: DeviceImages, seed: UInt64, on device: any Device) throws {
    (self.augmentation, self.set, self.seed) = (augmentation, set, seed)
    changes = try ImageChanges(count: set.count, on: device)
  }

  /// Draws what is done to the images in an epoch, from 1.
  package func begin(epoch: Int) throws {
    try changes.set(
      (0..<set.count).lazy.map { [augmentation, set, seed] image in
        augmentation.change(of: image, height: set.height, width: set.width, seed: seed, epoch: epoch)
      })
  }
}
