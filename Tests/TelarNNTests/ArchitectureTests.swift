import TelarNN
import TelarStudies
import Testing

@Suite struct ArchitectureTests {
  @Test func jsonRoundTrip() throws {
    for network in BenchmarkNetwork.all {
      let json = network.architecture.json
      #expect(try Architecture(json: JSON(parsing: json.text)).json == json, "\(network.name)")
    }
    let json = CheckpointTests.model.json
    #expect(try Architecture(json: json).json == json)
    #expect(Architecture { Part("a") { Dropout(0.2) } }.json.text == #"{"a":[{"layer":"Dropout","p":0.2}]}"#)
  }

  @Test func leftOutKeywordsHavePyTorchsDefaults() throws {
    let json = try JSON(
      parsing: """
        {"encoder": [{"layer": "Conv2d", "in_channels": 1, "out_channels": 4, "kernel_size": [3, 2]},
                     {"layer": "MaxPool2d", "kernel_size": 2}, {"layer": "BatchNorm2d", "num_features": 4},
                     {"layer": "ReLU", "inplace": true}, {"layer": "Flatten", "start_dim": 1}]}
        """)
    let architecture = try Architecture(json: json)
    #expect(try architecture.outputShape(of: [9, 7, 1]) == [3 * 3 * 4])
    let convolution = architecture.parts[0].layers.layers[0] as? Conv2d
    #expect(convolution?.geometry == ConvGeometry(kernelSize: Pair(3, 2)) && convolution?.hasBias == true)
  }

  @Test(arguments: [
    ("[]", "must be an object of parts"), ("{}", "must be an object of parts"), (#"{"a":1}"#, "list of layers"),
    (#"{"a.b":[]}"#, "without a point"), (#"{"a":[1]}"#, "a.0: must be an object"),
    (#"{"a":[{}]}"#, "layer is missing"), (#"{"a":[{"layer":"LSTM"}]}"#, "no layer is named \"LSTM\""),
    (#"{"a":[{"layer":"ReLUDropout"}]}"#, "no layer is named"),
    (#"{"a":[{"layer":"Linear","in_features":3}]}"#, "a.0 (Linear): out_features is missing"),
    (#"{"a":[{"layer":"Linear","in_features":0,"out_features":1}]}"#, "in_features must be an integer from 1"),
    (#"{"a":[{"layer":"Linear","in_features":1e9,"out_features":1}]}"#, "must be an integer"),
    (#"{"a":[{"layer":"Linear","in_features":3,"out_features":4,"device":"cuda"}]}"#, "no keyword is named \"device\""),
    (
      #"{"a":[{"layer":"Conv2d","in_channels":1,"out_channels":1,"kernel_size":3,"padding_mode":"reflect"}]}"#,
      "not supported"
    ),
    (#"{"a":[{"layer":"Dropout","p":1.5}]}"#, "p must be a number"),
    (#"{"a":[{"layer":"LeakyReLU","negative_slope":-1}]}"#, "negative_slope must be"),
    (#"{"a":[{"layer":"Flatten","start_dim":0}]}"#, "not supported"),
    (#"{"a":[{"layer":"Unflatten","dim":1,"unflattened_size":[1,2]}]}"#, "list of 3 numbers"),
    (#"{"a":[{"layer":"MaxPool2d","kernel_size":2,"ceil_mode":true}]}"#, "not supported"),
  ])
  func whatIsNotKnownIsRefused(text: String, message: String) throws {
    let json = try JSON(parsing: text)
    let error = #expect(throws: AttributeError.self) { try Architecture(json: json) }
    #expect(error?.description.contains(message) == true, "\(error!)")
  }
}
