// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "DriverCheck",
  platforms: [.macOS(.v15)],
  // In a package of your own: .package(url: "https://…/telar", from: the latest version).
  dependencies: [.package(name: "telar", path: "../..")],
  targets: [
    .executableTarget(
      name: "DriverCheck",
      dependencies: [.product(name: "Telar", package: "telar"), .product(name: "TelarBench", package: "telar")])
  ],
  swiftLanguageModes: [.v6]
)
