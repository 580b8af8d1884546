#!/usr/bin/env bash
# Builds and runs all tests, then every kernel in Oclgrind.
#
# Caches of drivers and of Telar go to a fresh folder, so that what an earlier build left cannot decide a test.
# Warnings of our own sources fail the build: a fresh clone, as on the build server, shows all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export POCL_CACHE_DIR=$scratch/pocl XDG_CACHE_HOME=$scratch/cache
mkdir -p "$POCL_CACHE_DIR" "$XDG_CACHE_HOME"
unset OCL_ICD_VENDORS OCL_ICD_FILENAMES

# SwiftPM and the compiler keep their module caches beside the build.
export CLANG_MODULE_CACHE_PATH=$PWD/.build/module-cache
# The plan that building the command leaves asks for all programs of all packages, 300 C++ files of protoc among them,
# and would be taken again.
rm -f .build/release.yaml
"$swift" build -c release --build-tests 2>&1 | tee "$scratch/build.log"
if grep -E "^$PWD/(Kernels|Package|Sources|Tests).*: warning:" "$scratch/build.log" >&2; then
  echo "telar: the warnings above count as errors." >&2
  exit 1
fi

# Exported networks are run in ONNX Runtime too, where a Python has it or can be given it; the tests say where not.
has_onnxruntime() {
  local python
  for python in ${TELAR_PYTHON:-} .peers/bin/python .onnx/bin/python python3; do
    "$python" -c 'import onnxruntime, numpy' 2>/dev/null && return
  done
  return 1
}
has_onnxruntime || Tools/onnx/setup.sh >"$scratch/onnx.log" 2>&1 ||
  echo "telar: ONNX Runtime could not be installed (Tools/onnx/setup.sh), so exported networks are not run in it." >&2

# Tests take turns at the devices of a process, so two processes keep two cores busy, each with caches of its own.
run_tests() { # name of the log, options of swift test that choose the tests
  local name=$1
  shift
  mkdir -p "$scratch/$name/pocl" "$scratch/$name/cache"
  POCL_CACHE_DIR=$scratch/$name/pocl XDG_CACHE_HOME=$scratch/$name/cache \
    "$swift" test -c release --skip-build --disable-xctest --ignore-lock "$@" >"$scratch/$name.log" 2>&1
}
status=0
run_tests operators --filter '^TensorsTests' &
run_tests others --skip '^TensorsTests' || status=1
cat "$scratch/others.log"
wait $! || status=1
cat "$scratch/operators.log"
if [ $status != 0 ]; then
  echo "telar: what failed, of the lines above:" >&2
  cat "$scratch/others.log" "$scratch/operators.log" |
    grep -aE "recorded an issue|^✘ Test .* failed after|signal|rror:" >&2 || true
  exit 1
fi
Tools/oclgrind.sh
