extension InputFile {
  /// Called with the path of each file that is read whole, while a test sets it.
  @TaskLocal package static var observer: (@Sendable (String) -> Void)?
}
