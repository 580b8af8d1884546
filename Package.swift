// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "telar",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Telar", targets: ["Telar"]),
    .executable(name: "telar", targets: ["telar-cli"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    // System libraries
    .systemLibrary(
      name: "COpenCL", pkgConfig: "OpenCL",
      providers: [.apt(["ocl-icd-opencl-dev", "opencl-headers"]), .brew(["opencl-headers", "ocl-icd"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),

    // The kernels, as text and as code
    .target(name: "CKernels"),

    // libpng without jumps
    .target(name: "CPNGRows", dependencies: ["CPNG"]),

    // In order of dependency
    .target(name: "Files"),
    .target(name: "Compute", dependencies: ["CKernels", "COpenCL", "CZlib", "Files"]),
    .target(name: "Tensors", dependencies: ["Compute"]),
    .target(name: "Safetensors", dependencies: ["CZlib", "Files"]),
    .target(name: "TuningFiles", dependencies: ["CKernels", "Tensors", "Safetensors", "Files"]),
    .target(name: "TelarNN", dependencies: ["Tensors", "Safetensors"]),
    .target(name: "TelarData", dependencies: ["CZlib", "CLibcrypto", "CPNGRows", "Files"]),
    .target(name: "Figures", dependencies: ["Files"]),
    .target(
      name: "TensorBoard", dependencies: ["Files", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["event.proto"]),
    .target(name: "TelarTraining", dependencies: ["TelarNN", "TelarData", "Figures", "TensorBoard"]),
    .target(name: "TelarInference", dependencies: ["TelarNN", "TelarData", "Figures"]),
    .target(
      name: "ONNX",
      dependencies: ["TelarNN", "Files", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["onnx.proto"]),
    .target(name: "StudyNetworks", dependencies: ["TelarNN"]),
    .target(name: "Studies", dependencies: ["TelarTraining", "StudyNetworks", "TensorBoard", "TuningFiles", "Files"]),
    .target(name: "Recipes", dependencies: ["Studies", .product(name: "TOMLKit", package: "TOMLKit")]),
    .target(
      name: "Reports",
      dependencies: ["CPNG", "Figures", "Files", "Studies", .product(name: "Mustache", package: "swift-mustache")],
      resources: [
        .embedInCode("Templates/page.html.mustache"), .embedInCode("Templates/page.md.mustache"),
        .embedInCode("Templates/page.css"),
      ]),
    .target(name: "Conformance", dependencies: ["StudyNetworks", "Safetensors"]),
    .target(name: "Benchmarks", dependencies: ["TelarTraining", "Studies"]),
    .target(
      name: "Telar",
      dependencies: ["TelarTraining", "TelarInference", "ONNX", "TensorBoard", "Studies", "Recipes", "TuningFiles"]),
    .executableTarget(
      name: "telar-cli",
      dependencies: [
        "Telar", "Conformance", "Benchmarks", "Reports",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Tests
    .target(name: "TestSupport", dependencies: ["Tensors"], path: "Tests/TestSupport"),
    .testTarget(name: "ComputeTests", dependencies: ["Compute", "CKernels", "TestSupport"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels", "TestSupport"]),
    .testTarget(name: "SafetensorsTests", dependencies: ["Safetensors", "Files"]),
    .testTarget(
      name: "TelarNNTests", dependencies: ["TelarNN", "StudyNetworks", "TestSupport"], resources: [.copy("Checkpoints")]
    ),
    .testTarget(name: "TuningFilesTests", dependencies: ["TuningFiles", "TestSupport"]),
    .testTarget(name: "TelarDataTests", dependencies: ["TelarData", "CZlib", "TestSupport"]),
    .testTarget(name: "TelarInferenceTests", dependencies: ["TelarInference", "TestSupport"]),
    .testTarget(name: "ONNXTests", dependencies: ["ONNX", "Studies", "StudyNetworks", "TestSupport"]),
    .testTarget(name: "TensorBoardTests", dependencies: ["TensorBoard", "TestSupport"]),
    .testTarget(name: "FiguresTests", dependencies: ["Figures", "Files"]),
    .testTarget(name: "StudiesTests", dependencies: ["Studies", "TestSupport"]),
    .testTarget(name: "RecipesTests", dependencies: ["Recipes", "Files", "TestSupport"]),
    .testTarget(
      name: "ReportsTests", dependencies: ["Reports", "Safetensors", "Studies", "TelarTraining", "TestSupport"]),
    .testTarget(
      name: "ConformanceTests", dependencies: ["Conformance", "TestSupport"], resources: [.copy("Golden")]),
    .testTarget(name: "BenchmarksTests", dependencies: ["Benchmarks", "StudyNetworks", "TestSupport"]),
    .testTarget(name: "CLITests", dependencies: ["telar-cli", "TelarNN", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c2x
)
