/// Suggestions for mistyped names.
package enum Spelling {
  /// The known name that is nearest to a mistyped one; `nil` when none is near.
  package static func nearest(to name: String, among known: [String]) -> String? {
    known.map { (name: $0, distance: distance(name.lowercased(), $0.lowercased())) }
      .filter { $0.distance <= max(2, name.count / 3) }.min { $0.distance < $1.distance }?.name
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
