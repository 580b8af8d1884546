#!/usr/bin/env bash
# Runs every kernel once on tiny shapes in Oclgrind, an OpenCL device that checks each access to memory and each pair
# of work-items for races. Passes when the test passes and Oclgrind has nothing to say. Needs the built tests.
#
# The test is the suite KernelCoverage, which launches every kernel there is and fails where one was left out.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/oclgrind.log
library=$(find /usr/lib /usr/local/lib -name 'liboclgrind-rt-icd.so' 2>/dev/null | head -n 1)
[ -n "$library" ] || { echo "telar: Oclgrind is missing: see Tools/setup.sh." >&2; exit 69; }
mkdir -p "$scratch/vendors"
echo "$library" >"$scratch/vendors/oclgrind.icd"

# Each OpenCL context opens the log anew, and a file would keep the messages of the last one alone: a pipe keeps all.
mkfifo "$scratch/messages"
exec 3<>"$scratch/messages"
cat <"$scratch/messages" 3>&- >"$log" &

# Oclgrind is the only OpenCL platform here. Its own tools set it up through these variables.
OCL_ICD_VENDORS=$scratch/vendors OCLGRIND_LOG=$scratch/messages OCLGRIND_DATA_RACES=1 OCLGRIND_CHECK_API=1 \
  XDG_CACHE_HOME=$scratch "$swift" test -c release --skip-build --disable-xctest --filter KernelCoverage 3>&-
exec 3>&-
wait
if [ -s "$log" ]; then
  echo "telar: Oclgrind found:" >&2
  head -n 60 "$log" >&2
  exit 1
fi
echo "Oclgrind: no invalid access, no race."
