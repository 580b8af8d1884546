import TelarBench
import TestSupport
import Testing

@Suite struct ParityTests {
  /// Every device against the CPU's fastest clone.
  @Test(arguments: TestDevices.all.dropFirst()) func devicesAgree(_ on: TestDevice) throws {
    try on.use { device in
      try TestDevices.cpu.use { reference in
        var names: [String] = []
        let first = try Parity(seed: 3, casesPerOperator: 3).run(device, against: reference) { result in
          names.append(result.name)
          if !result.isPassed { Issue.record("\(result.line) on \(on.name)") }
        }
        #expect(first == nil)
        // Beside the 23 operators and the networks there are layers and optimizers, those of other tests among them.
        #expect(names.count >= 23 * 3 + 8 && names.count % 3 == 2)
      }
    }
  }

  @Test func aResultIsOneLine() {
    var result = Parity.Result(
      name: "conv2d-3", device: "opencl:0", against: "cpu:avx2", Outcome(worst: 0.0339, place: "grad_weight[1]"))
    #expect(result.line == "conv2d-3: worst 0.034 of the bound (grad_weight[1])")
    #expect(
      result.json == #"{"case":"conv2d-3","device":"opencl:0","against":"cpu:avx2","ok":true,"worst":0.0339}"#)
    result.outcome = Outcome(error: "output[0] is nan and should be 1.0")
    #expect(result.line == "FAIL conv2d-3: no number: output[0] is nan and should be 1.0")
  }
}
