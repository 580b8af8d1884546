#!/usr/bin/env bash
# Brings the GPU compilers that Debian has no package of, or should not install: setup.sh, into .gpu.
#   .gpu/nvidia   ptxas, cuobjdump and nvdisasm, from PyPI
#   .gpu/intel    ocloc and its libraries: Debian's packages, unpacked, so that no OpenCL driver is installed
# What cannot be had is said, and static.py then says which targets it did not check. clang-19 and libclc-19, all that
# AMD's targets need, are Tools/setup.sh's.
set -uo pipefail
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

missing() {
  printf 'telar: %s\n' "$@" >&2
}

# ptxas of CUDA 12.9. From CUDA 13 on the tools do not read sm_70, so cuobjdump and nvdisasm are those of CUDA 12.8,
# which PyPI has in triton alone. pip checks the sums.
bring_nvidia() {
  cat >"$scratch/requirements.txt" <<'TXT'
nvidia-cuda-nvcc-cu12==12.9.86 --hash=sha256:5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0
triton==3.4.0 --hash=sha256:7b70f5e6a41e52e48cfc087436c8a28c17ff98db369447bcaff3b887a3ab4467
TXT
  python3 -m venv "$scratch/venv" &&
    "$scratch/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
      --python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_27_x86_64 \
      --platform manylinux2014_x86_64 --platform manylinux1_x86_64 --require-hashes \
      --requirement "$scratch/requirements.txt" --dest "$scratch/wheels" || return
  python3 - "$scratch" <<'PY'
import pathlib, sys, zipfile
scratch = pathlib.Path(sys.argv[1])
wanted = {"nvidia_cuda_nvcc_cu12": ("ptxas",), "triton": ("cuobjdump", "nvdisasm")}
(scratch / "nvidia").mkdir()
for wheel in (scratch / "wheels").glob("*.whl"):
    with zipfile.ZipFile(wheel) as files:
        for tool in wanted[wheel.name.split("-")[0]]:
            path = next(path for path in files.namelist() if path.endswith(f"/bin/{tool}"))
            (scratch / "nvidia" / tool).write_bytes(files.read(path))
            (scratch / "nvidia" / tool).chmod(0o755)
PY
}

bring_intel() {
  local packages=(intel-opencl-icd libigc1 libigc-tools libigdfcl1 libigdgmm12 libopencl-clang14 libllvmspirvlib14
    libclang-cpp14 libllvm14)
  mkdir -p "$scratch/packages" "$scratch/intel"
  fetch() { (cd "$scratch/packages" && apt-get download -q "${packages[@]}") >"$scratch/log" 2>&1; }
  # Without lists of packages, as in a fresh container, they are fetched first.
  if ! fetch && ! { apt-get update -q >"$scratch/log" 2>&1 && fetch; }; then
    tail -n 3 "$scratch/log" >&2
    return 1
  fi
  local package
  for package in "$scratch"/packages/*.deb; do
    dpkg -x "$package" "$scratch/intel" || return
  done
  LD_LIBRARY_PATH=$scratch/intel/usr/lib/x86_64-linux-gnu "$scratch/intel/usr/bin/ocloc" --help >"$scratch/log" 2>&1
}

bring() { # folder of .gpu, a file in it, what it is, a function that makes the folder in $scratch
  [ -e ".gpu/$1/$2" ] && return
  echo "telar: downloading $3 into .gpu/$1" >&2
  if "$4"; then
    mkdir -p .gpu
    rm -rf ".gpu/$1"
    mv "$scratch/$1" ".gpu/$1"
  else
    missing "$3 could not be had, so its targets are not checked."
  fi
}

if [ "$(uname -sm)" != "Linux x86_64" ]; then
  missing "NVIDIA's and Intel's compilers are for Linux on x86-64: their targets are not checked."
  exit 0
fi
[ -n "${PTXAS:-}" ] && [ -n "${CUOBJDUMP:-}" ] || bring nvidia ptxas "NVIDIA's compiler and disassembler" bring_nvidia
[ -n "${OCLOC:-}" ] || bring intel usr/bin/ocloc "Intel's compiler" bring_intel
