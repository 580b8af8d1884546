import TelarNN
import Testing

@Suite("telar explain")
struct ExplainCommandTests {
  @Test func `shows layers, steps, routes and totals within 80 columns`() throws {
    let result = try Telar.run("explain", "molina-mlp", "--pretend", "cpu:baseline")
    #expect(result.status == 0 && result.error.isEmpty)
    for line in [
      "molina-mlp: a step of training on 100 images, cpu:baseline",
      "classifier.0    Linear           128                100,480        100,352     2",
      "step 3: classifier.1, classifier.2  [relu-dropout]", "  weight gradient  strips            gemm_6x2",
      "parameters      109,386",
    ] {
      #expect(result.out.contains(line + "\n"), "\(line) in \(result.out)")
    }
    #expect(result.out.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test func `as JSON every line is an object`() throws {
    let result = try Telar.run("explain", "aldecoa", "case-1", "--pretend", "gpu", "--evaluation", "--json")
    let objects = try result.out.split(separator: "\n").map { try JSON(parsing: String($0)) }
    #expect(objects.count > 10)
    guard case .object(let last)? = objects.last else {
      Issue.record("no object in \(result.out)")
      return
    }
    #expect(last["device"] == .string("gpu") && last["training"] == .boolean(false))
    #expect(result.out.contains(#""route":"local-tile""#))
  }

  @Test func `says what there is where a target or device is none`() throws {
    for (arguments, words) in [
      (["nosuch"], "no network or study. There are: "), (["aldecoa"], "name one experiment of aldecoa: "),
      (["molina-mlp", "--pretend", "abacus"], "no device to pretend is named 'abacus'. There are: gpu, cpu:"),
      (["molina-mlp", "--batch-size", "0"], "--batch-size 0 is not 1 to"),
    ] {
      let result = try Telar.run(["explain"] + arguments)
      #expect(result.status == 64 && result.error.contains(words), "\(result.error)")
    }
  }
}
