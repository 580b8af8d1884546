/// Colours that are distinct for people with any colour vision.
enum Palette {
  /// Okabe and Ito's eight, jfly.uni-koeln.de/color, without yellow, which is invisible on white.
  static let lines = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
  static let ink = "#222222"
  static let faint = "#d9d9d9"
  /// White to dark blue with even steps of lightness: ColorBrewer's Blues.
  static let blues = "0 '#ffffff', 0.125 '#deebf7', 0.375 '#9ecae1', 0.625 '#4292c6', 0.875 '#08519c', 1 '#08306b'"
}
