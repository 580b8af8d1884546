import Tensors
import TestSupport
import Testing

/// A tuning decides which kernel a product is launched with, on every device, and the result stays right.
@Suite struct TuningTests {
  /// Runs `body` with a tuning and gives the names of the kernels that were launched.
  private func launched(
    on device: any Device, _ tuning: [TunedProduct: TunedKernel], _ body: () throws -> Void
  ) throws -> Set<String> {
    let before = device.tuning
    device.tuning = Tuning(tuning)
    device.profiler = Profiler()
    defer {
      device.tuning = before
      device.profiler = nil
    }
    try body()
    try device.synchronize()
    return Set(device.profiler!.report.map(\.kernel))
  }

  /// Kernels that the device does not choose itself, each with the suffix of its name. Few, as drivers take seconds to
  /// build one.
  private func kernels(
    _ device: any Device, tiles: [String] = ["tile 64x128x16 4x8"]
  ) -> [(kernel: TunedKernel, suffix: String)] {
    let vectors = [(6, 1), (12, 3)].map { (TunedKernel.vector(rows: $0, vectors: $1), "_\($0)x\($1)") }
    return (vectors + tiles.map { (TunedKernel($0)!, "_tile") }).filter { $0.0.runs(on: device.properties) }
  }

  @Test(arguments: TestDevices.all)
  func gemmFollowsTheTuning(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 1)
      // Those that only a tuning chooses.
      let tiles = ["tile 128x128x8 8x8", "tile 128x64x16 4x8", "tile 64x128x16 4x8", "tile 32x32x16 4x4"]
      for (operation, transposeA, transposeB) in [("nn", false, false), ("nt", false, true), ("tn", true, false)] {
        let a = random.integers(transposeA ? [70, 33] : [33, 70]),
          b = random.integers(transposeB ? [41, 70] : [70, 41])
        let product = try #require(TunedProduct("gemm \(operation) 33x41x70"))
        for (kernel, suffix) in kernels(device, tiles: tiles) {
          let names = try launched(on: device, [product: kernel]) {
            let y = try gemm(
              device.tensor(a.shape, a.floats), device.tensor(b.shape, b.floats), transposeA: transposeA,
              transposeB: transposeB)
            try expectClose(
              y, Oracle.gemm(a, b, transposeA: transposeA, transposeB: transposeB, alpha: 1, beta: 0, c: nil), .exact,
              TestCase(device, "\(product.text) \(kernel.text)", seed: 1))
          }
          #expect(names.contains("gemm" + suffix), "\(kernel.text): \(names)")
        }
      }
    }
  }

  /// Forward, input gradient and weight gradient, for batches that fill tiles of images and for those that do not; with
  /// padding, which the kernels of the two families do not treat alike.
  @Test(arguments: TestDevices.all, [3, 33])
  func convolutionsFollowTheTuning(_ on: TestDevice, _ batch: Int) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 2)
      let geometry = ConvGeometry(kernelSize: 3, stride: 2, padding: 1)
      let x = random.integers([batch, 6, 7, 5]), w = random.integers([3, 3, 5, 9])
      let dy = random.integers([batch, 3, 4, 9])
      let wanted = Oracle.conv2dGradients(x, weight: w, dy: dy, geometry)
      let sizes = "\(batch)x6x7x5>3x4x9 k3x3 s2x2 p1x1 d1x1 g1"
      for (kernel, suffix) in kernels(device) {
        for (pass, vectorName, tileName) in [
          ("forward", batch == 3 ? "conv2d_window" : "conv2d_batch", "conv2d_forward"),
          ("transposed", batch == 3 ? "conv2d_transposed" : "conv2d_batch", "conv2d_input_gradient"),
          ("weight_gradient", "conv2d_weight_gradient", "conv2d_weight_gradient"),
        ] {
          let product = try #require(TunedProduct("conv2d \(pass) \(sizes)"))
          let test = TestCase(device, "\(product.text) \(kernel.text)", seed: 2)
          let names = try launched(on: device, [product: kernel]) {
            let run = try GradientRun(on: device, [x, w], dy: dy, alreadyThere: 3) {
              try conv2d($0[0], weight: $0[1], bias: nil, geometry)
            }
            try expectClose(run.output, Oracle.conv2d(x, weight: w, bias: nil, geometry), .exact, test)
            try expectGradients(
              run, [wanted.dx, wanted.weight], [wanted.dx, wanted.weight], terms: [1, 1], isExact: true, adds: 3, test)
          }
          let name = (suffix == "_tile" ? tileName : vectorName) + suffix
          #expect(names.contains(name), "\(test): \(names)")
        }
      }
    }
  }

  @Test(arguments: TestDevices.cpus + TestDevices.openCL)
  func pooledConvolutionsFollowTheTuning(_ on: TestDevice) throws {
    try on.use { device in
      guard device.properties.family == .vector else { return }
      var random = SeededGenerator(seed: 3)
      let geometry = ConvGeometry(kernelSize: 3, padding: 1)
      let x = random.integers([33, 6, 6, 2]), w = random.integers([3, 3, 2, 9])
      let product = try #require(
        TunedProduct("conv2d+pool forward 33x6x6x2>6x6x9 k3x3 s1x1 p1x1 d1x1 g1 pool2x2"))
      func pooled() throws -> [Float] {
        try Joined.conv2dMaxPool2d(
          device.tensor(x.shape, x.floats), weight: device.tensor(w.shape, w.floats), bias: nil, geometry,
          PoolGeometry(kernelSize: 2)
        ).values()
      }
      let untuned = try pooled()
      for (kernel, suffix) in kernels(device) where suffix != "_tile" {
        var values: [Float] = []
        let names = try launched(on: device, [product: kernel]) { values = try pooled() }
        #expect(values == untuned && names.contains("conv2d_pool" + suffix), "\(kernel.text): \(names)")
      }
    }
  }

  /// What is logged is what is looked up, and runs by itself.
  @Test(arguments: TestDevices.all)
  func loggedProductsRunByThemselves(_ on: TestDevice) throws {
    try on.use { device in
      let before = device.tuning
      defer { device.tuning = before }
      let log = ProductLog()
      device.tuning.log = log
      var random = SeededGenerator(seed: 4)
      let x = random.gaussians([33, 6, 6, 3]), w = random.gaussians([3, 3, 3, 9])
      _ = try GradientRun(on: device, [x, w], dy: random.gaussians([33, 3, 3, 9])) {
        try Joined.conv2dMaxPool2d(
          $0[0], weight: $0[1], bias: nil, ConvGeometry(kernelSize: 3, padding: 1), PoolGeometry(kernelSize: 2))
      }
      _ = try gemm(device.tensor([2, 3]), device.tensor([3, 4]))
      if device.properties.family == .vector {
        // The forward pass of a first layer has no tile to choose.
        _ = try conv2d(
          device.tensor([1, 5, 4, 1]), weight: device.tensor([3, 3, 1, 4]), bias: nil, ConvGeometry(kernelSize: 3))
      }
      device.tuning = Tuning()
      #expect(log.products.count == 4, "\(log.products.map(\.product.text))")
      for (product, own) in log.products {
        #expect(own.runs(on: device.properties) && TunedProduct(product.text) == product)
        let prepared = try product.prepare(on: device)
        try prepared.enqueue()
        #expect(try prepared.output.values().allSatisfy { abs($0) <= Float(prepared.terms) / 4 })
      }
    }
  }
}
