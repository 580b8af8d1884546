#!/usr/bin/env bash
# Sees to what Telar needs outside this repository: setup.sh GROUP..., groups build, run, test,
# cluster, drivers, dist, install, lint, gpu.
#
# Each need is tested for by what it provides, so this works on every system; what is missing is installed with
# apt-get on Debian and its like, as root or with sudo. Elsewhere the script names what is missing and stops.
# When nothing is missing it prints nothing and calls no package manager.
set -euo pipefail

fail() {
  printf 'telar: %s\n' "$@" >&2
  exit 69
}

# The least Swift: C's #embed asks for the clang that comes with it.
least_swift=6.2
swift=${SWIFT:-swift}
command -v "$swift" >/dev/null || fail "Swift is missing: install $least_swift or later from https://swift.org/install and put it on PATH."
version=$("$swift" --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
if [ "$(printf '%s\n' "$least_swift" "${version:-0}" | sort -V | head -n 1)" != "$least_swift" ]; then
  fail "Swift ${version:-of unknown version} is too old: $least_swift or later is needed, from https://swift.org/install."
fi

has_opencl_driver() {
  if [ -n "${OCL_ICD_VENDORS:-}" ]; then return 0; fi
  compgen -G '/etc/OpenCL/vendors/*.icd' >/dev/null || [ "$(uname)" = Darwin ]
}
# A folder of the user's own is the command's to check.
has_data() {
  [ -n "${FASHION_MNIST_DIR:-}" ] || [ -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ]
}
has_pocl() { [ -e /etc/OpenCL/vendors/pocl.icd ] || compgen -G '/usr/lib*/libpocl*' >/dev/null; }

packages=()
last=: # what is run when all packages are there
need() { # Debian package, then a command that succeeds when what it provides is there
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || packages+=("$package")
}

for group in "$@"; do
  case $group in
    build)
      need pkg-config command -v pkg-config
      need opencl-headers test -e /usr/include/CL/cl.h -o -e /opt/homebrew/include/CL/cl.h
      need ocl-icd-opencl-dev pkg-config --exists OpenCL
      need zlib1g-dev pkg-config --exists zlib
      need libssl-dev pkg-config --exists libcrypto
      need libpng-dev pkg-config --exists libpng
      need libjpeg62-turbo-dev pkg-config --exists libjpeg
      ;;
    run)
      need pocl-opencl-icd has_opencl_driver
      need dataset-fashion-mnist has_data
      need gnuplot-nox command -v gnuplot
      ;;
    cluster)
      need slurm-wlm command -v slurmctld
      need munge command -v munged
      ;;
    test)
      need pocl-opencl-icd has_pocl
      need oclgrind command -v oclgrind
      need clinfo command -v clinfo
      need python3-venv python3 -c 'import ensurepip, venv'
      ;;
    lint | install)
      need python3 command -v python3
      ;;
    gpu)
      need clang-19 command -v "${CLANG:-clang-19}"
      need libclc-19 test -e "${LIBCLC:-/usr/lib/clc}/nvptx64--nvidiacl.bc"
      need python3 command -v python3
      need python3-venv python3 -c 'import ensurepip, venv'
      last=Tools/gpu/setup.sh
      ;;
    drivers)
      need mesa-opencl-icd test -e /etc/OpenCL/vendors/rusticl.icd
      need python3-venv python3 -c 'import ensurepip, venv'
      need clinfo command -v clinfo
      ;;
    dist)
      need binutils command -v objdump
      need dataset-fashion-mnist test -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
      ;;
    *) fail "setup.sh: no group '$group'" ;;
  esac
done
cd "$(dirname "$0")/.."
if [ ${#packages[@]} = 0 ]; then
  $last
  exit
fi
list=$(printf '%s\n' "${packages[@]}" | sort -u | paste -s -d ' ' -)
if ! command -v apt-get >/dev/null; then
  fail "missing what these Debian packages provide: $list." \
    "This is not Debian, so nothing was installed: see 'Other systems' in Sources/Telar/Telar.docc/GettingStarted.md for the names elsewhere."
fi
if [ "$(id -u)" = 0 ]; then
  sudo=()
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
  sudo=(sudo)
else
  fail "missing Debian packages: $list." "Install them as root, then try again: apt-get install $list"
fi

printf 'telar: installing from Debian: %s\n' "$list" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 && return
  tail -n 5 "$log" >&2
  fail "'$*' failed. Install $list by hand, then try again."
}
quietly apt-get update -q
quietly apt-get install -y -q --no-install-recommends $list
$last
