#!/usr/bin/env bash
# Training speed of the eight networks on the CPU backend and on OpenCL, beside PyTorch's where there is one.
#
# The machine may be busy with other things, so Telar and PyTorch take turns, network by network, for ROUNDS rounds
# (default 3), and the table compares medians. PyTorch's best is the fastest of plain, channels-last and compiled. The
# Python is $PYTHON, .peers/bin/python (made by Tools/peers/setup.sh) or python3, the first that imports torch.
# Every line measured is kept in runs/bench.jsonl. Arguments go to `telar bench train`, for example --net NAME.
set -euo pipefail
cd "$(dirname "$0")/.."
telar=.build/release/telar
rounds=${ROUNDS:-3}
nets=()
options=()
while [ $# -gt 0 ]; do
  if [ "$1" = --net ] && [ $# -gt 1 ]; then
    nets+=("$2")
    shift
  else
    options+=("$1")
  fi
  shift
done
if [ ${#nets[@]} -eq 0 ]; then
  mapfile -t nets < <("$telar" bench train --help | sed -n '/^NETWORKS/,/^$/s/^  *//p')
  if [ ${#nets[@]} -eq 0 ]; then
    echo "telar bench train --help lists no networks: name some with --net." >&2
    exit 1
  fi
fi
mkdir -p runs
results=runs/bench.jsonl
: >"$results"

python=
for candidate in ${PYTHON:-} .peers/bin/python python3; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import torch' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "No Python with PyTorch, so no comparison: Tools/peers/setup.sh makes one under .peers (about 1 GB)." >&2
fi

for ((round = 1; round <= rounds; round++)); do
  echo "round $round of $rounds" >&2
  for net in "${nets[@]}"; do
    for device in cpu opencl; do
      "$telar" bench train --device "$device" --net "$net" --json "${options[@]}" | tee -a "$results" >&2 ||
        echo "telar bench train --device $device --net $net failed" >&2
    done
    [ -n "$python" ] || continue
    for mode in "" --channels-last --compile; do
      "$python" Tools/peers/pytorch_train.py $mode --net "$net" 2>/dev/null | tee -a "$results" >&2 ||
        echo "PyTorch ${mode:-plain} failed on $net" >&2
    done
  done
done
if [ -n "$python" ]; then
  "$python" Tools/peers/compare.py "$results"
else
  cat "$results"
fi
