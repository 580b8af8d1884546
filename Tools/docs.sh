#!/usr/bin/env bash
# Makes pages of the documentation and of all public symbols: .build/docs. Called by `make docs` after a release build.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(cd .build/release && pwd -P)
graphs=.build/symbol-graphs
rm -rf "$graphs" .build/docs
mkdir -p "$graphs"

# The C modules that the library's modules import.
maps=()
for map in "$build"/C*.build/module.modulemap Sources/*/module.modulemap; do
  maps+=(-Xcc "-fmodule-map-file=$map")
done
for module in Telar Compute Tensors TelarNN TelarData TelarIO TelarTraining; do
  swift-symbolgraph-extract -module-name "$module" -I "$build/Modules" "${maps[@]}" -skip-synthesized-members \
    -target "$(uname -m)-unknown-linux-gnu" -output-dir "$graphs"
done
# Links between symbols of different modules are not resolved, which docc warns of.
if ! docc convert Sources/Telar/Telar.docc --additional-symbol-graph-dir "$graphs" --output-path .build/docs \
  --fallback-display-name Telar --fallback-bundle-identifier telar >.build/docs.log 2>&1; then
  cat .build/docs.log >&2
  exit 1
fi
echo "The documentation is in .build/docs. To read it:"
echo "  python3 -m http.server --directory .build/docs, then http://localhost:8000/documentation/telar"
