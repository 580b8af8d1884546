// Trains a classifier on a folder of PNG and JPEG images, one sub-folder a class, and saves it as images.safetensors.
//
//   swift run -c release TrainOnImages FOLDER [DEVICE]
import Foundation
import Telar

let arguments = CommandLine.arguments.dropFirst()
guard let folder = arguments.first, arguments.count <= 2 else {
  print("usage: TrainOnImages FOLDER [DEVICE]")
  exit(64)
}

// `auto` measures the devices of the machine once and takes the fastest; `cpu`, `opencl:0` or a part of a name also do.
let device = try DeviceCatalog.choose(arguments.dropFirst().first ?? "auto", workload: .training).device
print("Device: \(device.properties.name)")

// Images of any size are brought to 32 × 32 in colour. Without folders train, val or test, a fifth of each class is held
// out for validation.
let preparation = ImagePreparation(size: .init(height: 32, width: 32), channels: 3)
let data = try ImageDataset.load(folder, .init(preparation: preparation))
let classNames = data.classNames ?? (0..<data.classCount).map(String.init)
print("\(data.training.count) images to train on, \(data.measured.count) to measure on, in \(data.classCount) classes")

// Shapes are [height, width, channels]; two poolings leave 8 × 8 of the 32 × 32.
let network = try Network(on: device, inputShape: [32, 32, 3], seed: 1) {
  Part("features") {
    Conv2d(3, 16, kernelSize: 3, padding: 1)
    ReLU()
    MaxPool2d(2)
    Conv2d(16, 32, kernelSize: 3, padding: 1)
    ReLU()
    MaxPool2d(2)
    Flatten()
  }
  Part("classifier") {
    Dropout(0.2)
    Linear(8 * 8 * 32, data.classCount)
  }
}
print("\(network.trainableCount) parameters")

// The pixels stay on the device as bytes; each batch is gathered there and normalized by the training images' mean and
// deviation. A channel in which all pixels are alike has the deviation 0, which nothing can be divided by.
let normalization = Normalization(
  mean: data.statistics.mean, deviation: data.statistics.deviation.map { max($0, 1e-3) })
let images = try Trainer.Images(
  training: data.training, validation: data.measured, curveCount: 1000, normalization: normalization, on: device)

// A seed and settings decide every bit of the result, on a device and a build.
let settings = TrainingSettings(
  loss: .classification, optimizer: AdamW(learningRate: 2e-3), schedule: LearningRateSchedule(.cosine(minimum: 0)),
  batchSize: 32, epochs: 10, seed: 1)
let trainer = try Trainer("images", network, images, settings)
while !trainer.isFinished {
  let epoch = try trainer.runEpoch()
  print(
    "Epoch \(epoch.epoch): loss \(epoch.trainingLoss.formatted(.number.precision(.fractionLength(4)))),",
    "validation accuracy \(epoch.validationAccuracy!.formatted(.percent.precision(.fractionLength(1))))")
}

let confusion = try network.confusionMatrix(on: images.validation, classCount: data.classCount, batchSize: 100)
for (label, row) in confusion.enumerated() {
  print("\(classNames[label]): \(row[label]) of \(row.reduce(0, +)) are right")
}

// The file says what the network is, how images are prepared for it and what its classes are called, so that
// `telar predict images.safetensors photo.jpg` needs nothing else; PyTorch reads it too.
var metadata = CheckpointInfo(
  inputShape: [32, 32, 3], loss: .classification, normalization: normalization, classNames: data.classNames
).metadata
metadata[Checkpoint.preparationMember] = preparation.json.text
try network.save(to: "images.safetensors", metadata: metadata)
print("Saved images.safetensors")
