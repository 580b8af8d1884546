import TelarStudies
import TestSupport
import Testing

/// How reports describe layers, optimizers and schedules that they have no words for.
@Suite struct SettingsTests {
  @Test func `what another package adds is described by its keywords`() throws {
    let (folder, output) = (try TemporaryFolder(), try TemporaryFolder())
    var run = RunFixture("base", losses: [0.7, 0.6], accuracies: [0.5, 0.6])
    run.optimizer =
      #"{"name":"Lion","learning_rate":0.001,"beta1":0.9,"beta2":0.99,"weight_decay":0.1,"sign_only":true}"#
    run.schedule = #"{"kind":"linear","end_factor":0.5,"warm_up_epochs":2.0}"#
    run.network = #"{"classifier":[{"layer":"Gate","features":8,"mode":"soft"},{"layer":"Flatten"}]}"#
    try run.write(into: folder)
    _ = try Report(of: "\(folder.path)/molina", formats: [.html], generator: "telar test").write(to: output.path)
    let text = Parsed(try output.text("report.html")).text
    for part in [
      "optimizer: Lion (β 0.9 and 0.99, weight decay 0.1, sign only true)",
      "schedule: linear, end factor 0.5, after 2 epochs of warm-up",
      "classifier: Gate features 8, mode \"soft\" · Flatten",
    ] { #expect(text.contains(part), "\(part) in \(text)") }
  }
}
