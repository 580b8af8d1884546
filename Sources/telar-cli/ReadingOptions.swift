import ArgumentParser
import Telar

/// How a data set is read; a recipe has the same under `[data]`.
struct ReadingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Bring images to this many pixels, height and width: 64, or 48x64. Bilinear, as Pillow.", valueName: "size"))
  var resize: String?

  @Flag(help: "With --resize, scale the shorter side and take the middle, so that proportions stay.")
  var crop = false

  @Option(help: ArgumentHelp("Convert images to grey, rgb or rgba.", valueName: "kind"))
  var color: ImageColour?

  @Flag(help: "NumPy's arrays of images are [N, C, H, W].")
  var channelsFirst = false

  @Option(
    help: ArgumentHelp(
      "The share of each class that validates, of a set without splits; by default 0.2.", valueName: "share"))
  var validationShare: Double?

  @Option(help: ArgumentHelp("Decides which images these are; by default 0.", valueName: "number"))
  var splitSeed: UInt64?

  func validate() throws {
    if let resize, ImagePreparation.Size(resize) == nil {
      throw ValidationError(
        "--resize \(resize) is no size such as 64 or 48x64, at most \(ImagePreparation.largestSide)")
    }
    guard !crop || resize != nil else { throw ValidationError("--crop is for --resize") }
    if let validationShare, !(0 < validationShare && validationShare < 1) {
      throw ValidationError("--validation-share \(validationShare) is not between 0 and 1")
    }
  }

  /// The options, in place of those that are not given here.
  func options(_ others: ImageDataset.Options = ImageDataset.Options()) -> ImageDataset.Options {
    var options = others
    if let size = resize.flatMap(ImagePreparation.Size.init) {
      options.preparation.size = size
      options.preparation.fit = crop ? .crop : .stretch
    }
    options.preparation.channels = color?.channels ?? options.preparation.channels
    options.areChannelsFirst = channelsFirst || options.areChannelsFirst
    options.validationShare = validationShare ?? options.validationShare
    options.splitSeed = splitSeed ?? options.splitSeed
    return options
  }
}

extension ImageColour: ExpressibleByArgument {}

extension ImagePreparation.Size {
  /// `64` or `48x64`, height and width; `nil` for anything else.
  init?(_ text: String) {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard 1...2 ~= sides.count, let height = sides[0], let width = sides[sides.count - 1],
      1...ImagePreparation.largestSide ~= height, 1...ImagePreparation.largestSide ~= width
    else { return nil }
    self.init(height: height, width: width)
  }
}
