// A layer and an optimizer of one's own: both are values that conform to a protocol, and work wherever Telar's own do.
//
//   swift run -c release CustomLayerAndOptimizer
import Foundation
import Telar

// Once registered, both can be named in recipes, and the layer is known when a checkpoint is read.
try LayerRegistry.register(ResidualLinear.self)
try OptimizerRegistry.register(Lion.self)

// Points of two spirals that wind around each other twice, to be told apart.
let pointsPerSpiral = 200
var points: [Float] = []
for index in 0..<(2 * pointsPerSpiral) {
  let along = Float(index / 2) / Float(pointsPerSpiral)
  let angle = along * 4 * .pi + Float(index % 2) * .pi
  points += [along * cos(angle), along * sin(angle)]
}
let device = try DeviceCatalog.open("cpu")
let x = try device.tensor([2 * pointsPerSpiral, 2], points)
let labels = try device.labels((0..<(2 * pointsPerSpiral)).map { Int32($0 % 2) })

let network = try Network(on: device, inputShape: [2], seed: 1) {
  Part("body") {
    Linear(2, 64)
    for _ in 0..<3 { ResidualLinear(64) }
    Linear(64, 2)
  }
}
let train = try TrainingStep(network, Lion(learningRate: 1e-3))
for step in 0...600 {
  let loss = try train { mode in try crossEntropy(network(x, mode), labels: labels) }
  // Reading a number waits for the device, so it is not done in every step.
  if step % 100 == 0 { print("Step \(step): loss \(try loss.item())") }
}
print("Accuracy: \(try accuracy(network(x), labels))")

// The checkpoint names the layer and its settings, and the registry makes it from them again.
try network.save(to: "spirals.safetensors", metadata: CheckpointInfo(inputShape: [2], loss: .classification).metadata)
let again = try Network(checkpoint: SafetensorsFile("spirals.safetensors"), on: device, inputShape: [2])
print("Read again: \(again.architecture.json.text)")
print("The outputs are \(try again(x).values() == network(x).values() ? "the same" : "DIFFERENT")")
