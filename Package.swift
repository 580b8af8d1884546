// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "telar",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Telar", targets: ["Telar"]),
    .library(name: "TelarStudies", targets: ["TelarStudies"]),
    .library(name: "TelarBench", targets: ["TelarBench"]),
    .executable(name: "telar", targets: ["telar-cli"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Its traits become compiler flags in any order (swift-package-manager hashes them), so that builds would compile it
    // again at random; none is needed.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
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
      name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),

    // The kernels, as text and as code
    .target(name: "CKernels"),

    // libpng and libjpeg-turbo without jumps
    .target(name: "CPNGRows", dependencies: ["CPNG"]),
    .target(name: "CJPEGRows", dependencies: ["CJPEG"]),

    // In order of dependency
    .target(name: "TelarIO", dependencies: ["CZlib"]),
    .target(name: "Compute", dependencies: ["CKernels", "COpenCL", "CZlib", "TelarIO"]),
    .target(name: "Tensors", dependencies: ["CKernels", "Compute", "TelarIO"]),
    .target(name: "TelarNN", dependencies: ["Tensors", "TelarIO"]),
    .target(name: "TelarData", dependencies: ["CJPEGRows", "CLibcrypto", "CPNGRows", "CZlib", "Compute", "TelarIO"]),
    .target(
      name: "TelarTraining",
      dependencies: [
        "Tensors", "TelarData", "TelarIO", "TelarNN", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["ONNX/onnx.proto", "TensorBoard/event.proto"]),
    .target(name: "Telar", dependencies: ["Compute", "Tensors", "TelarData", "TelarIO", "TelarNN", "TelarTraining"]),
    .target(
      name: "TelarStudies",
      dependencies: [
        "CPNG", "Tensors", "TelarData", "TelarIO", "TelarNN", "TelarTraining",
        .product(name: "Mustache", package: "swift-mustache"), .product(name: "TOMLKit", package: "TOMLKit"),
      ],
      resources: [
        .embedInCode("Reports/Templates/page.html.mustache"), .embedInCode("Reports/Templates/page.md.mustache"),
        .embedInCode("Reports/Templates/page.css"), .embedInCode("Reports/Templates/page.js"),
      ]),
    .target(
      name: "TelarBench",
      dependencies: ["CKernels", "Tensors", "TelarData", "TelarIO", "TelarNN", "TelarStudies", "TelarTraining"]),
    .executableTarget(
      name: "telar-cli",
      dependencies: [
        "Telar", "TelarBench", "TelarStudies", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Tests
    .target(name: "TestSupport", dependencies: ["Compute", "Tensors"], path: "Tests/TestSupport"),
    .testTarget(name: "TelarIOTests", dependencies: ["TelarIO", "TestSupport"]),
    .testTarget(name: "ComputeTests", dependencies: ["CKernels", "Compute", "TestSupport"]),
    .testTarget(name: "TensorsTests", dependencies: ["Compute", "Tensors", "TestSupport"]),
    .testTarget(
      name: "TelarNNTests", dependencies: ["TelarNN", "TelarStudies", "TestSupport"], resources: [.copy("Checkpoints")]
    ),
    .testTarget(
      name: "TelarDataTests", dependencies: ["CZlib", "TelarData", "TelarIO", "TestSupport"],
      resources: [.copy("Pillow")]),
    .testTarget(
      name: "TelarTrainingTests",
      dependencies: [
        "TelarData", "TelarIO", "TelarNN", "TelarStudies", "TelarTraining", "TestSupport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
    .testTarget(
      name: "TelarStudiesTests",
      dependencies: ["TelarData", "TelarIO", "TelarNN", "TelarStudies", "TelarTraining", "TestSupport"]),
    .testTarget(
      name: "TelarBenchTests", dependencies: ["Tensors", "TelarBench", "TelarNN", "TelarStudies", "TestSupport"]),
    .testTarget(
      name: "ConformanceTests", dependencies: ["TelarBench", "TelarNN", "TestSupport"],
      resources: [.copy("Golden")]),
    // What another package sees: the public interface
    .testTarget(
      name: "ExtensionTests", dependencies: ["Telar", "TelarStudies", "TestSupport"], packageAccess: false),
    .testTarget(name: "CLITests", dependencies: ["TelarNN", "TelarStudies", "TestSupport", "telar-cli"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c2x
)
