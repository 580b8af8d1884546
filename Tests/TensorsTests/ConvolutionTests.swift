import Tensors
import TestSupport
import Testing

/// Convolution and transposed convolution with all gradients on every device, against the oracle: any stride, padding,
/// dilation, groups and rectangular kernel, channels around the vector widths, exact and real data.
@Suite struct ConvolutionTests {
  @Test(arguments: TestDevices.all, [false, true])
  func matchesOracle(_ on: TestDevice, isTransposed: Bool) throws {
    try on.use { device in
      var made = 0
      var seed: UInt64 = 0
      while made < 60 {
        seed += 1
        var random = SeededGenerator(seed: seed)
        let groups = random.pick([1, 1, 1, 2, 3])
        let channels = groups * random.pick([1, 2, 3, 8, 16, 17]), outputs = groups * random.pick([1, 2, 5, 8, 16, 33])
        let kernel = Pair(random.pick([1, 2, 3, 3, 5]), random.pick([1, 2, 3, 3, 5]))
        let stride = Pair(random.pick([1, 1, 2, 3, 6]), random.pick([1, 1, 2, 3]))
        let dilation = Pair(random.pick([1, 1, 2]), random.pick([1, 1, 2]))
        let padding = Pair(random.pick([0, 1, 2]), random.pick([0, 1, 3]))
        var geometry = ConvGeometry(
          kernelSize: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups)
        if isTransposed {
          geometry.outputPadding = Pair(
            Int.random(in: 0..<max(stride.height, dilation.height), using: &random),
            Int.random(in: 0..<max(stride.width, dilation.width), using: &random))
        }
        let size = Pair(random.pick([1, 4, 5, 7, 13]), random.pick([1, 3, 5, 7, 14]))
        let output = isTransposed ? geometry.transposedOutputSize(of: size) : geometry.outputSize(of: size)
        if output.height < 1 || output.width < 1 { continue }
        made += 1
        // Batches of many images have kernels of their own; the oracle has time for them where little is multiplied.
        let products =
          kernel.height * kernel.width * channels * outputs / groups
          * (isTransposed ? size.height * size.width : output.height * output.width)
        try check(
          device, &random, batch: products < 30_000 ? random.pick([1, 35, 67]) : random.pick([1, 2, 3]), size: size,
          channels: channels, outputs: outputs, geometry,
          isTransposed: isTransposed, isExact: made % 2 == 0, adds: made % 3 == 0 ? 2 : nil)
      }
    }
  }

  /// The sizes that the studies train, with the smallest batch that the kernels for large ones take.
  @Test(arguments: TestDevices.all)
  func matchesOracleOnTheStudies(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 77)
      func check(_ channels: Int, _ outputs: Int, _ side: Int, _ geometry: ConvGeometry, _ isTransposed: Bool) throws {
        try self.check(
          device, &random, batch: 33, size: Pair(both: side), channels: channels, outputs: outputs, geometry,
          isTransposed: isTransposed, isExact: false, adds: nil)
      }
      try check(1, 32, 28, ConvGeometry(kernelSize: 3, padding: 1), false)
      try check(32, 64, 14, ConvGeometry(kernelSize: 3, padding: 1), false)
      try check(16, 32, 13, ConvGeometry(kernelSize: 3), false)
      try check(64, 32, 7, ConvGeometry(kernelSize: 2, stride: 2), true)
      try check(32, 1, 14, ConvGeometry(kernelSize: 2, stride: 2), true)
      try check(128, 64, 3, ConvGeometry(kernelSize: 3, stride: 2), true)
      try check(32, 16, 5, ConvGeometry(kernelSize: 5, stride: 2, padding: 2, dilation: 2), true)
      try check(16, 1, 13, ConvGeometry(kernelSize: 6, stride: 2, padding: 1), true)
    }
  }

  /// Stride and dilation with a common divisor, on one axis or both, with one tap or several: weight gradients leave out
  /// what lies between its multiples.
  @Test(arguments: TestDevices.all, [false, true])
  func matchesOracleOnSparseWindows(_ on: TestDevice, isTransposed: Bool) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 79)
      func check(_ kernel: Pair, stride: Pair, dilation: Pair, padding: Pair = 0, groups: Int = 1) throws {
        for batch in [2, 34] {
          try self.check(
            device, &random, batch: batch, size: Pair(9, 10), channels: 3 * groups, outputs: 5 * groups,
            ConvGeometry(kernelSize: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups),
            isTransposed: isTransposed, isExact: batch == 2, adds: nil)
        }
      }
      try check(3, stride: 2, dilation: 2, padding: 1)
      try check(3, stride: 2, dilation: 2, groups: 2)
      try check(Pair(1, 3), stride: 2, dilation: Pair(1, 2), padding: Pair(0, 1))
      try check(Pair(2, 1), stride: 6, dilation: 2, padding: 1)
      try check(1, stride: 20, dilation: 3)
      try check(2, stride: Pair(3, 4), dilation: Pair(6, 2), padding: 2)
    }
  }

  /// Filters of 3×3 and stride 1, done in cells of 2×2 outputs: sizes that leave cells partly empty, channels that leave
  /// register tiles partly empty, batches that leave blocks of cells partly empty.
  @Test(arguments: TestDevices.all, [false, true])
  func matchesOracleInCells(_ on: TestDevice, isTransposed: Bool) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 78)
      func check(_ batch: Int, _ channels: Int, _ outputs: Int, _ size: Pair, _ padding: Pair) throws {
        for (isExact, adds) in [(true, nil), (false, 2 as Float?)] {
          try self.check(
            device, &random, batch: batch, size: size, channels: channels, outputs: outputs,
            ConvGeometry(kernelSize: 3, padding: padding), isTransposed: isTransposed, isExact: isExact, adds: adds)
        }
      }
      try check(1, 16, 16, 4, 1)
      try check(5, 16, 48, Pair(7, 8), 0)
      try check(2, 32, 64, 8, 1)
      try check(3, 48, 16, Pair(5, 13), Pair(2, 0))
      try check(1, 96, 64, 7, Pair(1, 2))
      try check(1, 144, 32, 6, 1)
      try check(9, 16, 16, 11, 1)
    }
  }

  /// To one channel: each filter that there is a kernel for and some others, padding wider than the filter, channels that
  /// leave vectors partly empty, outputs that leave tiles so, images of several strips, and lines and filters that do not
  /// fit.
  @Test(arguments: TestDevices.all)
  func matchesOracleToOneChannel(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 80)
      func check(_ batch: Int, _ channels: Int, _ size: Pair, _ geometry: ConvGeometry) throws {
        for (isExact, adds) in [(true, nil), (false, 2 as Float?)] {
          try self.check(
            device, &random, batch: batch, size: size, channels: channels, outputs: 1, geometry, isTransposed: true,
            isExact: isExact, adds: adds)
        }
      }
      for side in 2...6 {
        for (stride, padding) in [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)] {
          let geometry = ConvGeometry(
            kernelSize: Pair(both: side), stride: Pair(both: stride), padding: Pair(both: padding),
            outputPadding: Pair(0, stride - 1))
          try check(2, 5, Pair(4, 7), geometry)
          try check(1, 20, Pair(15, 4), geometry)
        }
      }
      try check(2, 16, Pair(5, 13), ConvGeometry(kernelSize: 6, stride: 2, padding: 1))
      try check(1, 3, Pair(9, 8), ConvGeometry(kernelSize: 3, stride: 2, padding: Pair(1, 3)))
      try check(1, 3, Pair(9, 8), ConvGeometry(kernelSize: 3, stride: 2, padding: Pair(0, 1)))
      try check(1, 3, Pair(9, 8), ConvGeometry(kernelSize: 2, padding: Pair(3, 1)))
      try check(1, 2, Pair(6, 5), ConvGeometry(kernelSize: 3, dilation: 2))
      try check(1, 2, Pair(6, 5), ConvGeometry(kernelSize: 3, stride: Pair(1, 2)))
      try check(1, 3, Pair(19, 5), ConvGeometry(kernelSize: Pair(5, 4), padding: 2))
      try check(2, 5, Pair(20, 3), ConvGeometry(kernelSize: Pair(3, 1), stride: Pair(2, 3), padding: Pair(1, 0)))
      try check(3, 8, Pair(3, 7), ConvGeometry(kernelSize: 8, stride: Pair(8, 1), padding: 3))
      try check(2, 2, Pair(2, 3), ConvGeometry(kernelSize: Pair(9, 2), stride: 2))
      try check(2, 2, Pair(3, 2), ConvGeometry(kernelSize: Pair(1, 9), stride: Pair(9, 2)))
      try check(1, 1, Pair(4, 4), ConvGeometry(kernelSize: 2, stride: 5, outputPadding: Pair(4, 3)))
      try check(1, 2, Pair(2, 400), ConvGeometry(kernelSize: 3, stride: Pair(1, 3)))
      try check(1, 2, Pair(2, 1200), ConvGeometry(kernelSize: 3, stride: Pair(1, 3)))
      try check(1, 35, Pair(9, 100), ConvGeometry(kernelSize: 6, stride: 2, padding: 1))
      try check(2, 3, Pair(6, 9), ConvGeometry(kernelSize: 6, stride: 4, padding: 3))
      try check(1, 2, Pair(2, 30), ConvGeometry(kernelSize: Pair(1, 40), padding: Pair(0, 20)))
      try check(2, 7, Pair(8, 9), ConvGeometry(kernelSize: 6, stride: 2, padding: Pair(0, 1)))
      try check(2, 7, Pair(8, 9), ConvGeometry(kernelSize: 4, stride: 2, padding: Pair(3, 2)))
      // With vectors of 16, as much as fits, and the least that does not.
      try check(1, 16, Pair(2, 494), ConvGeometry(kernelSize: 3))
      try check(1, 16, Pair(2, 495), ConvGeometry(kernelSize: 3))
      try check(1, 8, Pair(2, 384), ConvGeometry(kernelSize: 2, stride: 2))
      try check(1, 8, Pair(2, 385), ConvGeometry(kernelSize: 2, stride: 2))
      try check(1, 224, 2, ConvGeometry(kernelSize: 6, stride: 2))
      try check(1, 225, 2, ConvGeometry(kernelSize: 6, stride: 2))
      try check(2, 3, Pair(3, 16), ConvGeometry(kernelSize: 3, padding: 2))
      try check(34, 4, 4, ConvGeometry(kernelSize: 2, stride: 2))
      try check(2, 70, Pair(4, 9), ConvGeometry(kernelSize: 3, stride: 2, padding: 1))
    }
  }

  /// From one channel, with filters for which lines of the image are copied: each width and stride that there is a function
  /// for and some others, more outputs than are computed at once, filters that leave vectors partly empty, padding as wide
  /// as the filter and on one axis, images of several strips, and so long that not one fits.
  @Test(arguments: TestDevices.all, [false, true])
  func matchesOracleFromOneChannel(_ on: TestDevice, isTransposed: Bool) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 82)
      func check(_ batch: Int, _ outputs: Int, _ size: Pair, _ geometry: ConvGeometry) throws {
        let (channels, outputs) = isTransposed ? (outputs, 1) : (1, outputs)
        for (isExact, adds) in [(true, nil), (false, 2 as Float?)] {
          try self.check(
            device, &random, batch: batch, size: size, channels: channels, outputs: outputs, geometry,
            isTransposed: isTransposed, isExact: isExact, adds: adds)
        }
      }
      for width in 2...8 {
        for stride in 1...3 {
          try check(2, 5, Pair(7, 9), ConvGeometry(kernelSize: Pair(4, width), stride: Pair(both: stride), padding: 2))
        }
      }
      try check(3, 17, Pair(8, 33), ConvGeometry(kernelSize: 5, padding: 2))
      try check(2, 33, Pair(9, 40), ConvGeometry(kernelSize: 6, stride: 2, padding: 1))
      try check(40, 1, Pair(7, 7), ConvGeometry(kernelSize: 7))
      try check(1, 2, Pair(1, 12), ConvGeometry(kernelSize: Pair(1, 4), padding: Pair(0, 6)))
      try check(1, 2, Pair(6, 7), ConvGeometry(kernelSize: Pair(7, 5), stride: Pair(3, 1), padding: 4))
      try check(1, 3, Pair(8, 5), ConvGeometry(kernelSize: Pair(8, 4)))
      try check(1, 3, Pair(8, 9), ConvGeometry(kernelSize: 4, dilation: 2))
      try check(1, 2, Pair(18, 150), ConvGeometry(kernelSize: 4, stride: 2, padding: 1))
      try check(1, 1, Pair(5, 1300), ConvGeometry(kernelSize: 4, stride: Pair(1, 2), padding: 1))
      try check(1, 1, Pair(4, 4100), ConvGeometry(kernelSize: 4))
    }
  }

  /// Filters that lie beside one another, so that a transposed convolution is a product whose rows lie in lines: channels
  /// that fill vectors and register tiles only together, or without; and filters that overlap, leave gaps, have padding or
  /// groups, or whose last outputs nothing reaches.
  @Test(arguments: TestDevices.all, [false, true])
  func matchesOracleWhereFiltersLieBesideOneAnother(_ on: TestDevice, isTransposed: Bool) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 83)
      func check(_ channels: Int, _ outputs: Int, _ size: Pair, _ geometry: ConvGeometry) throws {
        let (channels, outputs) = isTransposed ? (outputs, channels) : (channels, outputs)
        for batch in [2, 57] {
          try self.check(
            device, &random, batch: batch, size: size, channels: channels, outputs: outputs, geometry,
            isTransposed: isTransposed, isExact: batch == 2, adds: nil)
        }
      }
      for channels in [3, 8, 16, 33] {
        try check(channels, 4, Pair(6, 6), ConvGeometry(kernelSize: 2, stride: 2))
        try check(channels, 3, Pair(3, 9), ConvGeometry(kernelSize: Pair(1, 3), stride: Pair(2, 3)))
      }
      try check(6, 7, Pair(5, 3), ConvGeometry(kernelSize: 1))
      // More channels than are multiplied at once, and enough products to be packed first.
      try check(5, 520, Pair(2, 3), ConvGeometry(kernelSize: 2, stride: 2))
      try check(130, 512, Pair(2, 6), ConvGeometry(kernelSize: Pair(1, 2), stride: Pair(1, 2)))
      try check(5, 9, Pair(5, 8), ConvGeometry(kernelSize: Pair(3, 4), stride: Pair(1, 4), padding: Pair(1, 0)))
      try check(6, 3, Pair(7, 4), ConvGeometry(kernelSize: 2, stride: 2, dilation: Pair(3, 1)))
      try check(6, 3, Pair(4, 5), ConvGeometry(kernelSize: 2, stride: 2, dilation: Pair(1, 2)))
      try check(6, 3, Pair(4, 6), ConvGeometry(kernelSize: 2, stride: Pair(2, 3)))
      try check(6, 3, Pair(4, 6), ConvGeometry(kernelSize: 3, stride: 2))
      try check(6, 4, Pair(4, 6), ConvGeometry(kernelSize: 2, stride: 2, groups: 2))
      if isTransposed {
        try check(6, 3, Pair(2, 3), ConvGeometry(kernelSize: 2, stride: 2, outputPadding: Pair(0, 1)))
        try check(6, 3, Pair(2, 3), ConvGeometry(kernelSize: 2, stride: 2, outputPadding: Pair(1, 0)))
        // Three times as wide, as if there were no padding.
        try check(6, 3, 3, ConvGeometry(kernelSize: 3, stride: 3, padding: Pair(0, 1), outputPadding: Pair(0, 2)))
      } else {
        try check(6, 3, Pair(4, 9), ConvGeometry(kernelSize: 3, stride: 3, padding: Pair(0, 1)))
      }
    }
  }

  /// An infinity reaches the outputs of its own window and no others.
  @Test(arguments: TestDevices.all, [Pair(2, 3), Pair(3, 3)])
  func infinitiesStayInTheirWindows(_ on: TestDevice, kernelSize: Pair) throws {
    try on.use { device in
      let x = try device.tensor([1, 3, 5, 2], (0..<30).map { $0 == 14 ? .infinity : 1 })
      let weight = try device.filled([kernelSize.height, kernelSize.width, 1, 2], with: 1)
      for stride in 1...3 {
        let geometry = ConvGeometry(kernelSize: kernelSize, stride: Pair(both: stride))
        let y = try convTranspose2d(x, weight: weight, bias: nil, geometry)
        let values = try y.values()
        // Pixel (1, 2).
        for line in 0..<y.shape[1] {
          for place in 0..<y.shape[2] {
            let isReached =
              (stride..<stride + kernelSize.height).contains(line)
              && (2 * stride..<2 * stride + kernelSize.width).contains(place)
            #expect(values[line * y.shape[2] + place].isFinite != isReached, "\(stride), \(line), \(place)")
          }
        }
      }
    }
  }

  /// So does one among the weights, though vectors of channels end in lanes that are none and tiles of outputs reach over
  /// the ends of an image. (The tile family multiplies what stands outside of an image, zeros, too.)
  @Test(arguments: TestDevices.cpus + TestDevices.openCL, [Pair(1, 3), Pair(3, 3)])
  func infiniteWeightsStayInTheirOutputs(_ on: TestDevice, kernelSize: Pair) throws {
    try on.use { device in
      let x = try device.filled([1, 4, 5, 20], with: 1)
      let taps = kernelSize.height * kernelSize.width
      for (stride, padding, channel) in [(1, 0, 0), (1, 0, 17), (1, 1, 0), (2, 0, 17), (2, 1, 0)] {
        let weight = try device.tensor(
          [kernelSize.height, kernelSize.width, 1, 20], (0..<taps * 20).map { $0 == channel ? .infinity : 1 })
        let geometry = ConvGeometry(
          kernelSize: kernelSize, stride: Pair(both: stride),
          padding: Pair(kernelSize.height == 1 ? 0 : padding, padding))
        let y = try convTranspose2d(x, weight: weight, bias: nil, geometry)
        let values = try y.values()
        for line in 0..<y.shape[1] {
          for place in 0..<y.shape[2] {
            let reaching = (0..<taps).filter { tap in
              let h = line + geometry.padding.height - tap / kernelSize.width
              let v = place + geometry.padding.width - tap % kernelSize.width
              return h >= 0 && h % stride == 0 && h / stride < 4 && v >= 0 && v % stride == 0 && v / stride < 5
            }
            let expected = reaching.contains(0) ? .infinity : Float(20 * reaching.count)
            #expect(values[line * y.shape[2] + place] == expected, "\(geometry), \(channel), \(line), \(place)")
          }
        }
      }
    }
  }

  /// First layers of one channel with 3×3 filters, whose weights stay in registers.
  @Test(arguments: TestDevices.all)
  func matchesOracleOnFirstLayers(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 81)
      for (batch, outputs, size, padding) in [
        (1, 1, Pair(3, 3), Pair(0, 0)), (3, 5, Pair(4, 7), Pair(1, 2)), (2, 16, Pair(6, 5), Pair(0, 1)),
        (1, 33, Pair(3, 9), Pair(2, 0)),
      ] {
        for isExact in [true, false] {
          try check(
            device, &random, batch: batch, size: size, channels: 1, outputs: outputs,
            ConvGeometry(kernelSize: 3, padding: padding), isTransposed: false, isExact: isExact, adds: nil)
        }
      }
    }
  }

  /// To take fewer products must not cost precision: held against plain sums in single precision, one product after another.
  @Test(arguments: TestDevices.all)
  func errorsAreNoLargerThanThoseOfPlainSums(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 3)
      let (side, channels, outputs) = (10, 64, 32)
      let x = random.gaussians([1, side, side, channels]), w = random.gaussians([3, 3, channels, outputs])
      let geometry = ConvGeometry(kernelSize: 3)
      let exact = Oracle.conv2d(x, weight: w, bias: nil, geometry).values
      let values = try conv2d(
        device.tensor(x.shape, x.floats), weight: device.tensor(w.shape, w.floats), bias: nil, geometry
      ).values()
      let (pixels, weights) = (x.floats, w.floats)
      var squares = (own: 0.0, plain: 0.0)
      for index in exact.indices {
        let (output, place, line) = (
          index % outputs, index / outputs % (side - 2), index / outputs / (side - 2)
        )
        var sum: Float = 0
        for tap in 0..<9 {
          let pixel = (line + tap / 3) * side + place + tap % 3
          for channel in 0..<channels {
            sum += pixels[pixel * channels + channel] * weights[(tap * channels + channel) * outputs + output]
          }
        }
        squares.own += (Double(values[index]) - exact[index]) * (Double(values[index]) - exact[index])
        squares.plain += (Double(sum) - exact[index]) * (Double(sum) - exact[index])
      }
      #expect(squares.own <= squares.plain, "\((squares.own / squares.plain).squareRoot()) times the error")
    }
  }

  private func check(
    _ device: any Device, _ random: inout SeededGenerator, batch: Int, size: Pair, channels: Int, outputs: Int,
    _ geometry: ConvGeometry, isTransposed: Bool, isExact: Bool, adds: Float?
  ) throws {
    func values(_ shape: [Int]) -> OracleTensor { isExact ? random.integers(shape) : random.gaussians(shape) }
    let (kh, kw, groups) = (geometry.kernelSize.height, geometry.kernelSize.width, geometry.groups)
    let out = isTransposed ? geometry.transposedOutputSize(of: size) : geometry.outputSize(of: size)
    let x = values([batch, size.height, size.width, channels])
    let w = values(isTransposed ? [kh, kw, outputs / groups, channels] : [kh, kw, channels / groups, outputs])
    let b = values([outputs])
    let dy = values([batch, out.height, out.width, outputs])
    let run = try GradientRun(on: device, [x, w, b], dy: dy, alreadyThere: adds) {
      isTransposed
        ? try convTranspose2d($0[0], weight: $0[1], bias: $0[2], geometry)
        : try conv2d($0[0], weight: $0[1], bias: $0[2], geometry)
    }
    let forward = isTransposed ? Oracle.convTranspose2d : Oracle.conv2d
    let gradients = isTransposed ? Oracle.convTranspose2dGradients : Oracle.conv2dGradients
    let test = TestCase(
      device, "\(isTransposed ? "conv_transpose2d" : "conv2d") \(x.shape)→\(dy.shape) \(geometry)", seed: random.seed)
    let (inner, outer) = (kh * kw * channels / groups, kh * kw * outputs / groups)
    try expectClose(
      run.output, forward(x, w, b, geometry),
      isExact
        ? .exact : .sum(terms: inner + 1, magnitude: forward(x.magnitude, w.magnitude, b.magnitude, geometry)), test)
    let wanted = gradients(x, w, dy, geometry)
    let magnitudes = gradients(x.magnitude, w.magnitude, dy.magnitude, geometry)
    let pixels = batch * (isTransposed ? size.height * size.width : out.height * out.width)
    try expectGradients(
      run, [wanted.dx, wanted.weight, wanted.bias], [magnitudes.dx, magnitudes.weight, magnitudes.bias],
      terms: [outer, pixels, batch * out.height * out.width], isExact: isExact, adds: adds, test)
  }

  @Test func refusesShapesThatDoNotFit() throws {
    try TestDevices.cpu.use { device in
      let x = try device.zeros([1, 4, 4, 2])
      func weight(_ shape: [Int]) throws -> Tensor { try device.zeros(shape) }
      let three = ConvGeometry(kernelSize: 3)
      #expect(throws: ShapeError.self) { try conv2d(x, weight: weight([3, 3, 3, 4]), bias: nil, three) }
      #expect(throws: ShapeError.self) { try conv2d(x, weight: weight([2, 3, 2, 4]), bias: nil, three) }
      #expect(throws: ShapeError.self) { try conv2d(x, weight: weight([3, 3, 2, 4]), bias: weight([3]), three) }
      #expect(throws: ShapeError("conv2d", "kernelSize 5 with dilation 1 does not fit an image of 4×4")) {
        try conv2d(x, weight: weight([5, 5, 2, 4]), bias: nil, ConvGeometry(kernelSize: 5))
      }
      #expect(throws: ShapeError.self) {
        try conv2d(x, weight: weight([3, 3, 2, 4]), bias: nil, ConvGeometry(kernelSize: 3, stride: 0))
      }
      #expect(throws: ShapeError.self) {
        try convTranspose2d(x, weight: weight([3, 3, 4, 3]), bias: nil, three)
      }
      #expect(throws: ShapeError.self) {
        try convTranspose2d(
          x, weight: weight([3, 3, 4, 2]), bias: nil, ConvGeometry(kernelSize: 3, stride: 2, outputPadding: 2))
      }
    }
  }
}
