#!/usr/bin/env bash
# Makes dist/telar-VERSION-linux-ARCHITECTURE, a folder that runs on any Linux with a new enough glibc, and a .tar.gz
# of it: the command, the libraries that it needs, gpu-check with what that reads, and the licences of all of it.
#
# Swift's library and the C++ runtime are part of the binary. A C++ runtime beside it would be the one that OpenCL
# drivers get too, and theirs may have to be newer. The other libraries that are not glibc's lie in lib/, where the
# binary looks before all other places, so no OpenCL loader has to be installed. The least glibc is read from the
# versions of the symbols that the files ask for.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
build=.build-dist

fail() {
  printf 'telar: %s\n' "$@" >&2
  exit 69
}

[ "$(uname)" = Linux ] || fail "make dist makes a folder for Linux, on Linux."
command -v dpkg-query >/dev/null || fail "make dist needs Debian or its like: licences come from the packages."
# Its usr folder. What is called swift may be a manager of several.
toolchain=$("$swift" -print-target-info | sed -n 's|.*"runtimeResourcePath": "\(.*\)/lib/swift".*|\1|p')

# A folder with the C++ runtime's archive alone: searched first, it is taken instead of the shared library.
archives=$PWD/$build/archives
mkdir -p "$archives"
archive=$("$toolchain/bin/clang" -print-file-name=libstdc++.a)
[ -e "$archive" ] || fail "libstdc++.a is missing: install the libstdc++-dev that Swift asks for."
ln -sf "$archive" "$archives/"

# LLVM's linker leaves out what nothing calls, which would raise the least glibc.
"$swift" build -c release --product telar --scratch-path "$build" --static-swift-stdlib \
  -Xlinker "-L$archives" -Xswiftc -use-ld=lld -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
  -Xlinker --disable-new-dtags -Xlinker -rpath -Xlinker '$ORIGIN/lib'

binary=$build/release/telar
name=telar-$("$binary" --version)-linux-$(uname -m)
folder=dist/$name
rm -rf "$folder" "$folder.tar.gz"
mkdir -p "$folder"/{lib,licences,peers}
objcopy --strip-debug "$binary" "$folder/telar"

# Puts the licence of the Debian package that a file is from into the folder.
copy_licence() {
  local package
  package=$(dpkg-query -S "*/$(basename "$(realpath "$1")")" | head -n 1 | cut -d : -f 1)
  cp "/usr/share/doc/$package/copyright" "$folder/licences/$package.txt"
}

ldd "$binary" | sed -n 's/^[[:space:]]*\([^ ]*\) => \(\/[^ ]*\) .*/\1 \2/p' | while read -r library path; do
  case $library in
    libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.*) continue ;;
  esac
  cp -L "$path" "$folder/lib/$library"
  copy_licence "$path"
done
copy_licence "$archive"
cp "$toolchain/share/swift/LICENSE.txt" "$folder/licences/swift.txt"
for package in swift-argument-parser swift-protobuf; do
  cp "$build/checkouts/$package/LICENSE.txt" "$folder/licences/$package.txt"
done
cp "$build/checkouts/TOMLKit/LICENSE" "$folder/licences/TOMLKit.txt"
cp LICENSE "$folder/"

cp -r Tests/ConformanceTests/Golden "$folder/golden"
data=/usr/share/datasets/fashion-mnist # of the Debian package, whose licence is copied with it
cp -r "$data" "$folder/fashion-mnist"
copy_licence "$data/train-images-idx3-ubyte.gz"
cp -r Tools/gpu_check "$folder/gpu_check"
mv "$folder/gpu_check/gpu-check" "$folder/"
cp Tools/peers/pytorch_{train,gemm}.py "$folder/peers/"

# Nothing but glibc may be looked for elsewhere.
if ldd "$folder/telar" | grep -F '=>' | grep -v -E "^\s*lib(c|m|dl|pthread|rt)\.so|$PWD/$folder/lib/" >&2; then
  fail "the libraries above are not in $folder/lib."
fi
glibc=$(objdump -T "$folder/telar" "$folder"/lib/* | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -n 1)

cat >"$folder/README.txt" <<TXT
$name

Telar trains convolutional networks on OpenCL devices or the CPU. This folder runs where it lies, on any Linux on
$(uname -m) with glibc $glibc or later (ldd --version says which there is). OpenCL devices need their vendor's driver,
and nothing else; figures of studies need gnuplot.

  ./telar devices      what there is
  ./telar --help       what can be done
  ./gpu-check          checks the OpenCL device and measures its speed, beside PyTorch's on CUDA where a Python has it

gpu-check writes gpu-check-results/gpu-check.txt, a summary, and gpu-check.json, all that was measured. It takes some
minutes on a GPU; ./gpu-check --quick takes less, and --help lists the options.

  golden/              results that PyTorch computed in double precision, for ./telar conformance golden
  fashion-mnist/       the data set, which gpu-check trains on; for studies: ./telar study --data fashion-mnist ...
  lib/                 the libraries that telar needs and glibc has not
  gpu_check/, peers/   parts of gpu-check, and what it runs in PyTorch
  licences/            of the libraries and of the data set; Telar's own is LICENSE

$(TZ=UTC git log -1 --format='Made from commit %h of %cd.' --date=format-local:%Y-%m-%d 2>/dev/null || true)
TXT
tar -C dist --owner=0 --group=0 --sort=name -czf "$folder.tar.gz" "$name"
echo "$folder and $folder.tar.gz: for Linux on $(uname -m) with glibc $glibc or later."
