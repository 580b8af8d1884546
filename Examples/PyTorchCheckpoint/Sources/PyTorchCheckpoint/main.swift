// Evaluates a checkpoint that PyTorch wrote, by safetensors.torch.save_file(model.state_dict(), "fashion.safetensors").
//
//   swift run -c release PyTorchCheckpoint [CHECKPOINT [DATA]]
//
// train.py trained the model; the data are Fashion-MNIST, from Debian's package unless a folder is named.
import Foundation
import Telar

let arguments = Array(CommandLine.arguments.dropFirst())
let file = try SafetensorsFile(arguments.first ?? "fashion.safetensors")
for (name, tensor) in file.tensors { print("\(name): \(tensor.type.rawValue) \(tensor.shape)") }

// The same layers under the same names as in PyTorch: keys are the part's name, the layer's place and the tensor's name.
// Images are [height, width, channels] here; the weights keep PyTorch's layout in the file and are turned as they are
// loaded, also those of the linear layer behind Flatten.
let device = try DeviceCatalog.open("cpu")
let network = try Network(on: device, inputShape: [28, 28, 1], seed: 0) {
  Part("features") {
    Conv2d(1, 8, kernelSize: 5, stride: 2)
    ReLU()
    MaxPool2d(2)
    Flatten()
  }
  Part("classifier") { Linear(288, 10) }
}
// A tensor that is missing, has another shape or belongs to nothing is an error that names it.
try network.load(from: file)

// Pixels go from 0 to 1, as they did in PyTorch; `Normalization(mean:deviation:)` is for others.
let data = try ImageDataset.load(arguments.dropFirst().first)
let test = data.test ?? data.measured
let images = try DeviceImages(test, normalization: .unit, on: device)
let result = try network.evaluate(on: images, loss: .classification, batchSize: 500)
print("\(result.correct) of \(result.examples) test images are right; the loss is \(result.loss)")

let confusion = try network.confusionMatrix(on: images, classCount: data.classCount, batchSize: 500)
for (label, row) in confusion.enumerated() {
  let mistakes = row.enumerated().filter { $0.offset != label }.max { $0.element < $1.element }!
  func name(_ label: Int) -> String { data.classNames?[label] ?? String(label) }
  print("\(name(label)): \(row[label]) right, \(mistakes.element) taken for \(name(mistakes.offset))")
}

// With the network in its metadata, the file is one that `telar evaluate`, `predict` and `export` take.
try network.save(
  to: "telar.safetensors",
  metadata: CheckpointInfo(inputShape: [28, 28, 1], loss: .classification, classNames: data.classNames).metadata)
print("Saved telar.safetensors")
