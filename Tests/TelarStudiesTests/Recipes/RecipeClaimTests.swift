import TelarIO
import TelarStudies
import TelarTraining
import TestSupport
import Testing

/// Claims of a user's recipe.
@Suite struct RecipeClaimTests {
  private func recipe(_ claims: String, _ rest: String = "") throws -> Recipe {
    try Recipe(
      text: """
        name = "own"
        [defaults]
        loss = "cross_entropy"
        epochs = 30
        parts = ["net"]
        [networks.net]
        layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }]
        [[experiments]]
        name = "a"
        claims = [\(claims)]
        [[experiments]]
        name = "b"
        \(rest)
        """)
  }

  @Test func `claims are read and shown as a text's are`() throws {
    let study = try recipe(
      """
      { metric = "val_accuracy", above = 0.9 }, { metric = "val_loss", about = 0.3 },
      { metric = "train_loss", below = 1 }, { metric = "val_accuracy", above = 0.7, in_epoch = 5 },
      { metric = "val_loss", shape = "falls steadily" },
      """,
      """
      [[comparisons]]
      metric = "val_accuracy"
      experiments = ["a", "b"]
      order = "increasing"
      [[comparisons]]
      claim = "a and b are alike"
      metric = "val_loss"
      experiments = ["a", "b"]
      alike_within = 0.05
      """
    ).study
    #expect(
      study.experiments[0].claims.map(\.text) == [
        "> 90.00 %", "about 0.3000", "< 1.0000", "> 70.00 % in epoch 5", "falls steadily",
      ])
    #expect(study.experiments[1].claims.isEmpty)
    #expect(study.comparisons.map(\.text) == ["a, b: each larger than the one before", "a and b are alike"])
    #expect(study.comparisons.map(\.expectation) == [.increasing, .alike(within: 0.05)])
  }

  @Test(arguments: [
    ("{ above = 0.9 }", "", "metric is missing"),
    (#"{ metric = "accuracy", above = 1 }"#, "", "must be \"val_accuracy\" or"),
    (#"{ metric = "val_accuracy", above = 90 }"#, "", "for an accuracy a share from 0 to 1"),
    (#"{ metric = "val_loss" }"#, "", "must have one of above, below, about and shape"),
    (#"{ metric = "val_loss", above = 1, below = 2 }"#, "", "must have one of"),
    (#"{ metric = "val_loss", below = 1, in_epoch = 2 }"#, "", "goes with above only"),
    (#"{ metric = "val_loss", shape = "wobbles" }"#, "", "must be \"falls steadily\" or"),
    (#"{ metric = "val_loss", shape = "rise" }"#, "", "not \"rise\". Did you mean \"rises\"?"),
    (#"{ metric = "valloss", above = 1 }"#, "", "not \"valloss\". Did you mean \"val_loss\"?"),
    (#"{ metric = "test_loss", shape = "rises" }"#, "", "the test loss has no curve"),
    ("", "[[comparisons]]\nmetric = \"val_loss\"\nexperiments = [\"a\", \"c\"]", "no experiment is named \"c\""),
    ("", "[[comparisons]]\nmetric = \"val_loss\"\nexperiments = [\"a\"]\norder = \"increasing\"", "at least two"),
    ("", "[[comparisons]]\nmetric = \"val_loss\"\nexperiments = [\"a\", \"b\"]", "either order or alike_within"),
    (
      "", "[[comparisons]]\nmetric = \"val_loss\"\nexperiments = [\"a\", \"b\"]\norder = \"down\"",
      "must be \"increasing\" or"
    ),
  ])
  func `a claim that says nothing is named`(claim: String, rest: String, problem: String) {
    let error = #expect(throws: RecipeError.self) { try recipe(claim, rest) }
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
  }

  @Test func `claims of a recipe are judged on its own data`() throws {
    let folder = try TemporaryFolder()
    let study = try recipe(#"{ metric = "val_accuracy", above = 0.9 }"#).study
    for (seed, accuracy) in [0.94, 0.95, 0.96].enumerated() {
      var run = RunFixture("a", losses: curve(to: 0.5, from: 2), accuracies: curve(to: accuracy, from: 0.2))
      (run.study, run.seed, run.isFashionMNIST) = ("own", seed, false)
      run.optimizer = study.experiments[0].optimizer.json.text
      run.network = study.experiments[0].architecture.json.text
      try run.write(into: folder)
    }
    let result = StudyResult(reading: RunFolder(folder.path + "/own"), of: study)
    #expect(result.lines.first.map { $0.text.contains(#""held":true"#) } == true, "\(result.lines)")
  }
}
