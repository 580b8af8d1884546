import TelarBench
import Testing

@Suite struct ResultTests {
  @Test func aPassedCaseIsOneLineOfJSON() {
    let result = CaseResult(
      file: "op-gemm.safetensors", name: "gemm-001", device: "cpu:avx2", Outcome(worst: 0.25, place: "output[3]"))
    #expect(
      result.json
        == #"{"file":"op-gemm.safetensors","case":"gemm-001","device":"cpu:avx2","ok":true,"worst":0.25}"#)
  }

  @Test func aCaseWithoutANumberSaysWhy() {
    let result = CaseResult(
      file: "op-x.safetensors", name: "x", device: "opencl:0", Outcome(error: "unknown operator \"x\""))
    #expect(
      result.json
        == #"{"file":"op-x.safetensors","case":"x","device":"opencl:0","ok":false,"worst":null,"error":"unknown operator \"x\""}"#
    )
    #expect(result.failureLine == "FAIL op-x.safetensors x on opencl:0: unknown operator \"x\"")
  }

  @Test func aFileIsSummedUpInALine() {
    func result(_ name: String, _ worst: Double?) -> CaseResult {
      CaseResult(
        file: "op-a.safetensors", name: name, device: "cpu",
        Outcome(worst: worst, place: "output[1]", error: (worst ?? 2) <= 1 ? nil : "differs"))
    }
    let file = FileResult(
      file: "op-a.safetensors", cases: [result("a", 0.5), result("b", 1.25), result("c", nil), result("d", 0)])
    #expect(file.summary == "op-a.safetensors: 2/4 cases, worst 1.250 of the bound (b output[1])")
    #expect(file.passed == 2)
  }

  @Test func theBoundRefusesNaNAndInfinity() {
    let bound = Bound.within(absolute: 1, relative: 0)
    #expect(bound.worst("x", [1, .nan], [1, 2]).fraction == nil)
    #expect(bound.worst("x", [1, .infinity], [1, 2]).detail == "x[1] is inf and should be 2.0")
    #expect(bound.worst("x", [.nan, -.infinity], [.nan, -.infinity]).fraction == 0)
    #expect(bound.worst("x", [3], [.nan]).fraction == nil)
    #expect(bound.worst("x", [1.5, 4], [1, 2]).fraction == 2)
    #expect(Bound.exact.worst("x", [-0.0], [0]).detail == nil)
    #expect(Bound.exact.worst("x", [1.0000001], [1]).fraction == nil)
    #expect(Bound.sum(terms: 4, magnitude: [1]).worst("x", [1 + 0x1p-20], [1]).detail == nil)
    #expect(Bound.sum(terms: 4, magnitude: [1]).worst("x", [1 + 0x1p-19], [1]).detail != nil)
  }
}
