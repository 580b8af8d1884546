/// Suggestions for mistyped names.
package enum Spelling {
  /// The longest name that is compared, in characters; what is longer is no name.
  private static let longest = 100
  /// The most known names that a message lists.
  private static let mostListed = 50

  /// The known name that is nearest to a mistyped one, or the only one that begins with it; `nil` when none is near.
  package static func nearest(to name: String, among known: [String]) -> String? {
    guard name.count <= longest else { return nil }
    let name = name.lowercased()
    let near = known.filter { $0.count <= longest }
      .map { (name: $0, distance: distance(name, $0.lowercased())) }
      .filter { $0.distance <= max(2, name.count / 3) }.min { $0.distance < $1.distance }?.name
    if let near { return near }
    let longer = known.filter { $0.lowercased().hasPrefix(name) }
    return name.count > 1 && longer.count == 1 ? longer[0] : nil
  }

  /// What stands behind a sentence that says that a name is unknown: ` Did you mean Adam?`, or nothing where no known name
  /// is near.
  ///
  /// - Parameter shown: how a name is written in the message.
  package static func question(
    _ name: String, among known: [String], shown: (String) -> String = { $0 }
  ) -> String {
    nearest(to: name, among: known).map { " Did you mean \(shown($0))?" } ?? ""
  }

  /// The same behind a clause that has no full stop yet: `. Did you mean Adam?`
  package static func remark(
    _ name: String, among known: [String], shown: (String) -> String = { $0 }
  ) -> String {
    let question = question(name, among: known, shown: shown)
    return question.isEmpty ? "" : "." + question
  }

  /// The question, if any, and the known names: ` Did you mean Adam? There are: Adam, AdamW, RMSprop, SGD.`
  ///
  /// - Parameter guess: the name that is meant, where that is known otherwise.
  package static func advice(_ name: String, among known: [String], guess: String? = nil) -> String {
    let question = guess.map { " Did you mean \($0)?" } ?? question(name, among: known)
    guard !known.isEmpty else { return question }
    let rest = known.count > mostListed ? ", …" : ""
    return "\(question) There are: \(known.prefix(mostListed).joined(separator: ", "))\(rest)."
  }

  /// Levenshtein distance: the fewest characters to insert, remove or change.
  private static func distance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let changed = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(changed, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
