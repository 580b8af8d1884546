// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "CustomLayerAndOptimizer",
  platforms: [.macOS(.v15)],
  // In a package of your own: .package(url: "https://…/telar", from: the latest version).
  dependencies: [.package(name: "telar", path: "../..")],
  targets: [
    .executableTarget(
      name: "CustomLayerAndOptimizer",
      dependencies: [.product(name: "Telar", package: "telar")])
  ],
  swiftLanguageModes: [.v6]
)
