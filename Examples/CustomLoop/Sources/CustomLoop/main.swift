// A training loop written by hand, with a skip connection: what `TrainingStep` and `Trainer` do otherwise.
//
//   swift run -c release CustomLoop
import Foundation
import Telar

let device = try DeviceCatalog.open("cpu")

// Images of 12 × 12 with one bar each: upright, lying, rising or falling. A generator with a fixed seed draws them.
struct Generator: RandomNumberGenerator {
  var state: UInt64 = 7

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state
  }
}
var generator = Generator()
let (count, side) = (512, 12)
var pixels = [UInt8](repeating: 0, count: count * side * side)
var classes = [UInt16](repeating: 0, count: count)
for image in 0..<count {
  let kind = image % 4
  let place = Int.random(in: 2..<(side - 2), using: &generator)
  classes[image] = UInt16(kind)
  for pixel in 0..<(side * side) {
    let (row, column) = (pixel / side, pixel % side)
    let isOnBar = [column == place, row == place, row + column == side - 1, row == column][kind]
    pixels[image * side * side + pixel] = (isOnBar ? 160 : 0) + UInt8.random(in: 0..<90, using: &generator)
  }
}

// The images lie on the device as bytes; batches are gathered there.
let images = try DeviceImages(
  LabelledImages(count: count, height: side, width: side, pixels: pixels, labels: classes), on: device)

// Without an input shape the parts are not taken for a chain: code says how they are joined.
let network = try Network(on: device, inputShape: nil, seed: 1) {
  Part("stem") {
    Conv2d(1, 16, kernelSize: 3, padding: 1)
    ReLU()
  }
  Part("block") {
    Conv2d(16, 16, kernelSize: 3, padding: 1)
    BatchNorm2d(16)
    ReLU()
    Conv2d(16, 16, kernelSize: 3, padding: 1)
  }
  Part("head") {
    ReLU()
    AdaptiveAvgPool2d()
    Flatten()
    Linear(16, 4)
  }
}

/// head(stem(x) + block(stem(x)))
@MainActor func logits(_ x: Tensor, _ mode: Mode) throws -> Tensor {
  let stem = try network[part: "stem"](x, mode)
  return try network[part: "head"](add(stem, network[part: "block"](stem, mode)), mode)
}

// The tape records the operators of a forward pass and runs their gradients. The optimizer's state keeps its arrays.
let tape = Tape()
let optimizer = try OptimizerState(SGD(learningRate: 0.05, momentum: 0.9), for: network)
let (epochs, batchSize) = (6, 32)
var step = 0
for epoch in 1...epochs {
  let metrics = try RunningMetrics(on: device)
  // The order of the images is drawn anew for each epoch, by a seed.
  try images.arrange(Permutation(count: count, seed: 1, epoch: epoch))
  for offset in stride(from: 0, to: count, by: batchSize) {
    let batch = try images.batch(at: offset, count: min(batchSize, count - offset))
    network.clearGradients()
    let loss = try tape.recording {
      try crossEntropy(logits(batch.images, .training(step: step)), labels: batch.labels, metrics: metrics)
    }
    try tape.backward(from: loss)
    // Half a cosine, from the optimizer's rate to zero.
    let progress = Double(step) / Double(epochs * count / batchSize)
    try optimizer.update(learningRate: 0.05 * (1 + cos(.pi * progress)) / 2)
    step += 1
  }

  // The size of the last step's gradients, of each part: what one looks at when a network does not learn.
  var squares: [String: Float] = [:]
  for parameter in network.parameters where parameter.isTrainable {
    let gradient = try parameter.tensor.gradient!.tensor.values()
    squares[parameter.part, default: 0] += gradient.reduce(0) { $0 + $1 * $1 }
  }
  // Loss and hits are added up on the device and read once an epoch, as reading waits for it.
  let values = try metrics.values()
  let norms = network.parts.map { "\($0.name) \(squares[$0.name]!.squareRoot().formatted())" }.joined(separator: ", ")
  print("Epoch \(epoch): loss \(values.loss), accuracy \(values.accuracy); gradients: \(norms)")
}

let all = try images.batch(at: 0, count: count)
print("Accuracy in evaluation mode: \(try accuracy(logits(all.images, .evaluation), all.labels))")
