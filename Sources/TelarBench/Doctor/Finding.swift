import TelarNN

/// What a check of a device found.
public struct Finding: Sendable, Equatable {
  public var isPassed: Bool
  /// A line: `24 of 24 golden cases`.
  public var summary: String
  /// More lines, such as the cases that failed.
  public var details: [String]

  public init(isPassed: Bool, summary: String, details: [String] = []) {
    self.isPassed = isPassed
    self.summary = summary
    self.details = details
  }

  /// A line of JSON, which ``init(json:)`` reads.
  package var json: String {
    JSON.object([
      "ok": .boolean(isPassed), "summary": .string(summary), "details": .array(details.map(JSON.string)),
    ]).text
  }

  /// The finding of a line; `nil` for a line that is none.
  package init?(json line: String) {
    guard case .object(let members)? = try? JSON(parsing: line), case .boolean(let isPassed)? = members["ok"],
      case .string(let summary)? = members["summary"], case .array(let details)? = members["details"]
    else { return nil }
    self.init(
      isPassed: isPassed, summary: summary,
      details: details.compactMap { if case .string(let text) = $0 { text } else { nil } })
  }
}
