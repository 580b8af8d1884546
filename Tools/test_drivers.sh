#!/usr/bin/env bash
# Golden cases on Intel's CPU runtime, and those of the operators on Mesa's rusticl, which takes too long for networks.
set -euo pipefail
cd "$(dirname "$0")/.."
golden=Tests/ConformanceTests/Golden
telar=.build/release/telar
Tools/drivers.sh .drivers

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME=$scratch/cache
mkdir -p "$scratch/operators"
ln -s "$PWD/$golden"/op-*.safetensors "$scratch/operators"

failed=0
echo "Golden cases on Intel's CPU runtime:"
OCL_ICD_VENDORS=$PWD/.drivers/icd LD_LIBRARY_PATH=$PWD/.drivers/venv/lib \
  "$telar" conformance "$golden" --device opencl:0 || failed=1
echo "Golden cases of the operators on rusticl:"
RUSTICL_ENABLE=llvmpipe OCL_ICD_VENDORS=/etc/OpenCL/vendors/rusticl.icd \
  "$telar" conformance "$scratch/operators" --device opencl:0 || failed=1
exit $failed
