import TelarNN
import Testing

/// Which layers run as one operator.
@Suite struct PlanTests {
  private static let norm = BatchNorm2d(4)

  private func ranges(_ layers: [any Layer], training: Bool) -> [Range<Int>] {
    Plan(layers, training: training).steps.map(\.range)
  }

  @Test(arguments: [true, false]) func normalisationTakesActivationAndPooling(training: Bool) {
    let pools: [any Layer] = [MaxPool2d(2), AvgPool2d(2), MaxPool2d(3, stride: 2)]
    for pool in pools {
      #expect(ranges([Self.norm, pool], training: training) == [0..<2])
      for activation in [ReLU(), LeakyReLU(), Sigmoid()] as [any Layer] {
        #expect(ranges([Self.norm, activation, pool], training: training) == [0..<3])
        let behind: [any Layer] = [Conv2d(2, 4, kernelSize: 3), Self.norm, activation, pool]
        #expect(ranges(behind, training: training) == [0..<1, 1..<4])
      }
    }
  }

  @Test func firstLayersAreOneWithTheNormalisationAndMaxPoolingBehindThemInTraining() {
    let first = Conv2d(1, 4, kernelSize: 3)
    let layers: [any Layer] = [first, Self.norm, ReLU(), MaxPool2d(2), Dropout(0.5)]
    #expect(ranges(layers, training: true) == [0..<5])
    #expect(ranges(layers, training: false) == [0..<1, 1..<4])
    #expect(ranges([first, Self.norm, MaxPool2d(2)], training: true) == [0..<3])
    #expect(ranges([first, Self.norm, AvgPool2d(2)], training: true) == [0..<1, 1..<3])
    #expect(ranges([first, Tanh(), Self.norm, MaxPool2d(2)], training: true) == [0..<2, 2..<4])
  }

  @Test func dropoutBehindThePoolIsPartOfIt() {
    let layers: [any Layer] = [Self.norm, ReLU(), MaxPool2d(2), Dropout(0.5), Flatten()]
    #expect(ranges(layers, training: true) == [0..<4, 4..<5])
    #expect(ranges([Self.norm, ReLU(), Dropout(0.5), MaxPool2d(2)], training: true) == [0..<1, 1..<4])
  }

  @Test(arguments: [true, false]) func whatIsPooledOnceIsNotPooledAgain(training: Bool) {
    #expect(ranges([Self.norm, AvgPool2d(2), AvgPool2d(2)], training: training) == [0..<2, 2..<3])
    #expect(ranges([Self.norm, AvgPool2d(2), ReLU()], training: training) == [0..<2, 2..<3])
  }

  @Test(arguments: [true, false]) func convolutionTakesActivationAndMaxPooling(training: Bool) {
    for activation in [ReLU(), LeakyReLU(), Tanh()] as [any Layer] {
      #expect(ranges([Conv2d(1, 4, kernelSize: 3), activation, MaxPool2d(2)], training: training) == [0..<3])
    }
    #expect(ranges([Conv2d(1, 4, kernelSize: 3), Tanh(), AvgPool2d(2)], training: training) == [0..<2, 2..<3])
  }
}
