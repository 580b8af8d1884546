#!/usr/bin/env bash
# Makes a Python environment with ONNX Runtime, which the tests of exported networks then use: setup.sh [DIR], default
# ./.onnx (about 200 MB).
set -euo pipefail
dir=${1:-.onnx}
python3 -m venv "$dir"
"$dir/bin/pip" install --quiet onnxruntime onnx
"$dir/bin/python" -c 'import onnxruntime; print("ONNX Runtime", onnxruntime.__version__)'
