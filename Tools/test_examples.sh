#!/usr/bin/env bash
# Builds the packages in Examples and checks what they print. Called by `make test-examples`.
#
# They are built into the repository's own .build, whose modules of the library are as these packages want them, so that
# only the examples themselves are compiled.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
root=$PWD
export CLANG_MODULE_CACHE_PATH=$root/.build/module-cache

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  printf 'telar: %s\n' "$@" >&2
  exit 1
}

build() { # name of the example
  local start=$SECONDS
  # The versions that the library is built with, or another one's sources would have to be compiled.
  if [ -e Package.resolved ]; then cp Package.resolved "Examples/$1/"; fi
  # A plan that is there is taken for this package's, and an example that was compiled before a change of a module that
  # Telar re-exports is taken for fresh.
  rm -rf .build/release.yaml ".build/release/$1.build"
  if ! "$swift" build -c release --package-path "Examples/$1" --scratch-path .build --product "$1" \
    >"$scratch/build.log" 2>&1; then
    cat "$scratch/build.log" >&2
    fail "Examples/$1 does not build."
  fi
  if grep -E "^$root/Examples/.*: warning:" "$scratch/build.log" >&2; then
    fail "the warnings above count as errors."
  fi
  echo "telar: Examples/$1 is built, in $((SECONDS - start)) s"
}

# Runs an example in a folder of its own and checks that its output has a line for each pattern.
run() { # name, number of its arguments, the arguments, the patterns
  local name=$1 count=$2
  shift 2
  mkdir -p "$scratch/$name"
  (cd "$scratch/$name" && XDG_CACHE_HOME=$scratch/cache "$root/.build/release/$name" "${@:1:count}") >"$scratch/$name.out" 2>"$scratch/$name.err" || {
    cat "$scratch/$name.out" "$scratch/$name.err" >&2
    fail "$name ended with an error."
  }
  local pattern
  for pattern in "${@:count + 1}"; do
    grep -Eq -- "$pattern" "$scratch/$name.out" || {
      cat "$scratch/$name.out" >&2
      fail "$name does not print: $pattern"
    }
  done
}

# A set of images: lying and upright stripes of several sizes and colours.
images() {
  python3 - "$1" <<'PYTHON'
import random, struct, sys, zlib
from pathlib import Path

def png(path, pixels, side):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(c for pixel in pixels[y * side:(y + 1) * side] for c in pixel) for y in range(side))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

draw = random.Random(1)
for kind in ("lying", "upright"):
    folder = Path(sys.argv[1]) / kind
    folder.mkdir(parents=True)
    for number in range(60):
        side, period, phase = draw.choice((24, 32, 40)), draw.uniform(4, 9), draw.random()
        colours = [[draw.randrange(120, 256) for _ in range(3)], [draw.randrange(100) for _ in range(3)]]
        png(folder / f"{number}.png", [
            colours[((i // side if kind == "lying" else i % side) / period + phase) % 1 < 0.5]
            for i in range(side * side)], side)
PYTHON
}

for example in Examples/*/Package.swift; do build "$(basename "$(dirname "$example")")"; done

images "$scratch/images"
run TrainOnImages 2 "$scratch/images" cpu '^96 images to train on, 24 to measure on, in 2 classes$' \
  '^Epoch 10: loss 0\.[0-9]+, validation accuracy (9[0-9]|100)' '^lying: 1[0-2] of 12 are right$' '^Saved images'
run CustomLayerAndOptimizer 0 '^Step 600: loss 0\.0' '^Accuracy: (1\.0|0\.9)' '^The outputs are the same$'
run CustomLoop 0 '^Epoch 6: loss 0\.' '^Accuracy in evaluation mode: (1\.0|0\.9)'
run PyTorchCheckpoint 1 "$root/Examples/PyTorchCheckpoint/fashion.safetensors" \
  '^features.0.weight: F32 \[8, 1, 5, 5\]$' '^8576 of 10000 test images are right' '^Saved telar.safetensors$'
run DriverCheck 1 cpu '^Checking cpu' '^golden cases: ok' '^No fault was found.$'

# What the examples saved is what the command takes, where it is built.
if [ -x .build/release/telar ]; then
  .build/release/telar predict "$scratch/TrainOnImages/images.safetensors" "$scratch/images/lying/0.png" --device cpu \
    >"$scratch/predicted" 2>/dev/null
  grep -q lying "$scratch/predicted" || fail "telar predict does not know the classes of TrainOnImages."
  .build/release/telar evaluate "$scratch/PyTorchCheckpoint/telar.safetensors" --device cpu >"$scratch/evaluated" \
    2>/dev/null
  grep -q '85.76' "$scratch/evaluated" || fail "telar evaluate finds another accuracy than PyTorch."
fi
# The next build of the repository plans its own again.
rm -f .build/release.yaml
echo "telar: the examples print what they should."
