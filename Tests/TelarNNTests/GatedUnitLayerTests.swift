import TelarNN
import TestSupport
import Testing

/// SiLU and GELU in files.
@Suite struct GatedUnitLayerTests {
  @Test func aFileNamesThem() throws {
    let json = try JSON(
      parsing: """
        {"a": [{"layer": "SiLU", "inplace": true}, {"layer": "GELU"}, {"layer": "GELU", "approximate": "tanh"}]}
        """)
    let architecture = try Architecture(json: json)
    #expect(
      architecture.json.text
        == #"{"a":[{"layer":"SiLU"},{"layer":"GELU","approximate":"none"},{"layer":"GELU","approximate":"tanh"}]}"#)
    #expect(try architecture.outputShape(of: [3, 2, 5]) == [3, 2, 5])
    let wrong = try JSON(parsing: #"{"a": [{"layer": "GELU", "approximate": "erf"}]}"#)
    let error = #expect(throws: AttributeError.self) { try Architecture(json: wrong) }
    #expect(error?.description == #"a.0 (GELU): approximate must be "none" or "tanh", not "erf""#)
  }

  @Test func aNetworkRunsThem() throws {
    try TestDevices.cpu.use { device in
      let network = try Network(on: device, inputShape: [3], seed: 1) {
        Part("a") {
          SiLU()
          GELU()
          GELU(approximates: true)
        }
      }
      let x = try device.tensor([2, 3], [-2, -0.5, 0, 0.25, 1, 4])
      #expect(try network(x).values() == gelu(gelu(silu(x)), approximates: true).values())
    }
  }
}
