#!/usr/bin/env bash
# Makes the Swift code of the .proto files again, after one of them or the version of swift-protobuf has changed.
#
# Needs protoc (Debian: protobuf-compiler) and a build, which has checked swift-protobuf out. Its generator is built in
# a copy outside of this repository, so that nothing of it becomes part of a build here.
set -euo pipefail
cd "$(dirname "$0")/../.."
swift=${SWIFT:-swift}
command -v protoc >/dev/null || { echo "telar: protoc is missing (Debian: protobuf-compiler)." >&2; exit 69; }
"$swift" package resolve

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r .build/checkouts/swift-protobuf "$scratch/swift-protobuf"
"$swift" build -c release --package-path "$scratch/swift-protobuf" --product protoc-gen-swift
generator=$scratch/swift-protobuf/.build/release/protoc-gen-swift

# What is generated is for the package and its tests, not for its users.
for proto in Sources/TelarTraining/ONNX/onnx.proto Sources/TelarTraining/TensorBoard/event.proto; do
  folder=$(dirname "$proto")
  protoc --plugin="protoc-gen-swift=$generator" --swift_opt=Visibility=Package --swift_out="$folder" \
    --proto_path="$folder" "$proto"
done
