#!/usr/bin/env bash
# Brings more OpenCL drivers that run on a plain processor, to try the kernels on: drivers.sh [DIR], default ./.drivers.
# Prints the environment that each one needs.
#   intel    Intel's CPU runtime, from PyPI: fast
#   rusticl  Mesa's OpenCL on llvmpipe (Debian mesa-opencl-icd): correct, very slow, so for small shapes
set -euo pipefail
"$(dirname "$0")/setup.sh" drivers
dir=$(mkdir -p "${1:-.drivers}" && cd "${1:-.drivers}" && pwd)
[ -d "$dir/venv" ] || python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet intel-opencl-rt intel-cmplr-lib-rt
mkdir -p "$dir/icd"
echo "$dir/venv/lib/libintelocl.so" >"$dir/icd/intel.icd"
cat <<TXT
intel:    OCL_ICD_VENDORS=$dir/icd LD_LIBRARY_PATH=$dir/venv/lib
rusticl:  RUSTICL_ENABLE=llvmpipe OCL_ICD_VENDORS=/etc/OpenCL/vendors/rusticl.icd
TXT
OCL_ICD_VENDORS=$dir/icd LD_LIBRARY_PATH=$dir/venv/lib clinfo -l
RUSTICL_ENABLE=llvmpipe OCL_ICD_VENDORS=/etc/OpenCL/vendors/rusticl.icd clinfo -l
