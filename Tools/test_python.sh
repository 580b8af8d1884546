#!/usr/bin/env bash
# Tests Tools/python/telar.py in the Python that has most of what it can use: one with PyTorch where there is one
# (TELAR_PYTHON, or .peers, which Tools/peers/setup.sh makes), else .onnx or the system's.
set -euo pipefail
cd "$(dirname "$0")/.."
chosen=
for modules in 'numpy, safetensors, torch, pandas' 'numpy, safetensors, torch' 'numpy, safetensors, pandas' 'numpy, safetensors'; do
  for python in ${TELAR_PYTHON:-} .peers/bin/python .onnx/bin/python python3; do
    if "$python" -c "import $modules" 2>/dev/null; then
      chosen=$python
      break 2
    fi
  done
done
if [ -z "$chosen" ]; then
  echo "telar: NOT CHECKED: Tools/python, as no Python has numpy and safetensors (Tools/onnx/setup.sh makes one)." >&2
  exit
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if "$chosen" Tools/python/test_telar.py -v >"$log" 2>&1; then
  grep -E "NOT CHECKED|^Ran" "$log"
else
  cat "$log" >&2
  exit 1
fi
