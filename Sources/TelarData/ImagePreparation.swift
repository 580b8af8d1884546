import TelarIO

/// The kinds of pixels that images can be converted to, as they are named in options and recipes.
public enum ImageColour: String, Sendable, CaseIterable {
  case grey, rgb, rgba

  public var channels: Int { [.grey: 1, .rgb: 3, .rgba: 4][self]! }
}

/// How images of any size are brought to one size and number of channels.
public struct ImagePreparation: Sendable, Hashable {
  /// The channels that images are converted to: 1 grey, 3 colour, 4 colour and opacity; `nil` to keep what they have.
  public var channels: Int?
  /// Height and width; `nil` to keep what images have.
  public var size: Size?
  /// How an image of other proportions fits the size.
  public var fit: Fit

  public struct Size: Sendable, Hashable {
    public var height: Int
    public var width: Int

    public init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }
  }

  public enum Fit: String, Sendable, CaseIterable {
    /// Both sides are scaled, so proportions change.
    case stretch
    /// The shorter side is scaled and the middle is taken: torchvision's `Resize(side)` and `CenterCrop`.
    case crop
  }

  public init(size: Size? = nil, channels: Int? = nil, fit: Fit = .stretch) {
    self.size = size
    self.channels = channels
    self.fit = fit
  }

  /// Whether it changes nothing.
  public var isEmpty: Bool { size == nil && channels == nil }
}

extension ImagePreparation {
  /// `{"size":[H,W],"channels":3,"fit":"crop"}`, without what is `nil`.
  public var json: JSON {
    var members: JSON.Members = [:]
    if let size {
      members["size"] = .array([.integer(size.height), .integer(size.width)])
      members["fit"] = .string(fit.rawValue)
    }
    members["channels"] = channels.map(JSON.integer)
    return .object(members)
  }

  /// Reads ``json``; `nil` for anything else.
  public init?(json: JSON) {
    guard case .object(let members) = json else { return nil }
    self.init()
    if let value = members["size"] {
      guard case .array(let sides) = value, sides.count == 2, case .integer(let height) = sides[0],
        case .integer(let width) = sides[1], 1...Self.largestSide ~= height, 1...Self.largestSide ~= width
      else { return nil }
      size = Size(height: height, width: width)
    }
    if let value = members["channels"] {
      guard case .integer(let count) = value, ImageSize.channelCounts.contains(count) else { return nil }
      channels = count
    }
    if let value = members["fit"] {
      guard case .string(let text) = value, let known = Fit(rawValue: text) else { return nil }
      fit = known
    }
  }

  /// The largest height and width that images are brought to.
  public static let largestSide = 4_096
}
