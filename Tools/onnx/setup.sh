#!/usr/bin/env bash
# Makes a Python environment with ONNX Runtime and what Tools/python uses but for PyTorch: setup.sh [DIR], default
# ./.onnx (about 200 MB).
set -euo pipefail
dir=${1:-.onnx}
python3 -m venv "$dir"
"$dir/bin/pip" install --quiet onnxruntime onnx safetensors pandas
"$dir/bin/python" -c 'import onnxruntime; print("ONNX Runtime", onnxruntime.__version__)'
