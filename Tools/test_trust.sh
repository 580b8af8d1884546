#!/usr/bin/env bash
# Reliability of the release build: mutated inputs, stopped runs, failing drivers, full disks, a long run. About half an
# hour; with --short less than two minutes, without disks and the long run.
set -euo pipefail
cd "$(dirname "$0")/.."
telar=.build/release/telar
golden=Tests/ConformanceTests/Golden

if [ "${1:-}" = --short ]; then
  mutations=150 kills=4 stops=0 failures=(--points 1 --commands predict)
  # The same inputs each time: a change is judged by what it does to them, not by the draw.
  seed=(--seed 1)
else
  seed=()
  mutations=5000 kills=40 stops=8 failures=(--points 3 --commands predict,study,parity)
fi

status=0
harness() {
  echo "$*"
  python3 "Tools/trust/$1" --telar "$telar" "${seed[@]}" "${@:2}" || status=1
}
harness fuzz.py --golden "$golden" --count "$mutations"
kill9=(--data .trust/fuzz/data --subset 60 --epochs 12)
harness kill9.py "${kill9[@]}" --trials "$kills"
harness faults.py "${failures[@]}"
if [ "${1:-}" != --short ]; then
  harness faults.py --golden "$golden" --corrupt 130
  harness kill9.py "${kill9[@]}" --trials "$stops" --modes term,int,term2,int2,group,stop,pair
  if [ "$(id -u)" = 0 ]; then harness diskfull.py; else echo "diskfull.py: left out, only root mounts disks"; fi
  harness soak.py --data .trust/fuzz/data
fi
exit "$status"
