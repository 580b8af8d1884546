import TelarNN

extension DeviceWorkload {
  /// Training steps of a small convolutional network on a batch of 100, the workload by which a device for training is
  /// chosen.
  public static var training: DeviceWorkload {
    DeviceWorkload(name: "training 1") { device in
      let network = try Network(on: device, inputShape: [28, 28, 1], seed: 0) {
        Part("encoder") {
          Conv2d(1, 16, kernelSize: 3)
          ReLU()
          Dropout(0.1)
          MaxPool2d(2)
          Conv2d(16, 32, kernelSize: 3)
          ReLU()
          MaxPool2d(2)
          Flatten()
          Linear(800, 64)
        }
        Part("decoder") {
          Linear(64, 800)
          ReLU()
          Unflatten(channels: 32, height: 5, width: 5)
          ConvTranspose2d(32, 16, kernelSize: 5, stride: 2, padding: 2, dilation: 2)
          ReLU()
          ConvTranspose2d(16, 1, kernelSize: 6, stride: 2, padding: 1)
          Sigmoid()
        }
      }
      let images = try device.zeros([100, 28, 28, 1])
      let step = try TrainingStep(network, Adam())
      return try fastest(of: 5, on: device) {
        for _ in 0..<2 { try step { mode in try meanSquaredError(network(images, mode), images) } }
      }
    }
  }
}
