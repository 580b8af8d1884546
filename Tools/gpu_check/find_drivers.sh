# Finds the OpenCL drivers of this machine, for gpu-check, which reads this file.
#
# The ICD loader knows the drivers that a file in /etc/OpenCL/vendors names. Containers and WSL often have a vendor's
# library without such a file. So the loader is pointed to a folder that has the machine's files and, for such a
# library, one more.
#
# Where OCL_ICD_VENDORS is set, the choice was made and nothing is looked for. To try this file, GPU_CHECK_VENDORS
# stands for /etc/OpenCL/vendors, and GPU_CHECK_LIBRARIES, folders with colons between, for all places of libraries.

# Stems of driver libraries for x86-64, with whose they are.
driver_stems='
libnvidia-opencl NVIDIA
libamdocl64 AMD
libigdrcl Intel
libintelocl Intel
libRusticlOpenCL Mesa
libpocl PoCL
'

# The libraries that the dynamic linker finds by name: "NAME PATH" a line.
linker_cache() {
  { ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) (.*x86-64.*) => /\1 /p'
}

# The folders that the dynamic linker looks in.
linker_folders() {
  if [ -n "${GPU_CHECK_LIBRARIES:-}" ]; then
    tr ':' '\n' <<<"$GPU_CHECK_LIBRARIES"
    return
  fi
  tr ':' '\n' <<<"${LD_LIBRARY_PATH:-}"
  linker_cache | sed 's/^[^ ]* //; s|/[^/]*$||' | sort -u
  printf '%s\n' /lib64 /usr/lib64 /lib /usr/lib
}

# Where vendors put their libraries besides.
vendor_folders() {
  if [ -n "${GPU_CHECK_LIBRARIES:-}" ]; then return; fi
  local base
  for base in /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/local/lib /usr/lib; do echo "$base/intel-opencl"; done
  printf '%s\n' /usr/lib/x86_64-linux-gnu /usr/local/lib /usr/local/nvidia/lib64 /usr/lib/wsl/lib \
    /run/opengl-driver/lib /opt/rocm/lib /opt/rocm/opencl/lib /opt/amdgpu/lib/x86_64-linux-gnu \
    /opt/amdgpu-pro/lib/x86_64-linux-gnu /opt/intel/oneapi/compiler/latest/lib
}

# The path of a driver library of that stem; fails where there is none.
find_library() {
  local stem=$1 folder path
  while IFS= read -r folder; do
    [ -n "$folder" ] || continue
    for path in "$folder/$stem".so*; do
      if [ -f "$path" ]; then
        echo "$path"
        return
      fi
    done
  done < <(linker_folders; vendor_folders)
  return 1
}

# Whether the loader gets the library of that stem from one of the .icd files of a folder.
is_registered() {
  local stem=$1 vendors=$2 file library folder
  for file in "$vendors"/*.icd; do
    [ -f "$file" ] || continue
    IFS= read -r library <"$file" || [ -n "$library" ] || continue
    [[ ${library##*/} == "$stem".so* ]] || continue
    if [[ $library == /* ]]; then
      if [ -e "$library" ]; then return; fi
      continue
    fi
    while IFS= read -r folder; do
      if [ -n "$folder" ] && [ -e "$folder/$library" ]; then return; fi
    done < <(linker_folders)
  done
  return 1
}

# Has the loader find the drivers whose libraries it would miss, and says so. Sets `vendors`, the machine's folder of
# .icd files, and `added`, the libraries that none of them leads to.
find_drivers() {
  local scratch=$1 stem owner library
  added=()
  vendors=${OCL_ICD_VENDORS:-${GPU_CHECK_VENDORS:-/etc/OpenCL/vendors}}
  if [ -n "${OCL_ICD_VENDORS:-}" ]; then
    note "OCL_ICD_VENDORS is set, so the drivers are those of $vendors and no others."
    return
  fi
  export OCL_ICD_VENDORS=$scratch/vendors
  mkdir "$OCL_ICD_VENDORS"
  cp "$vendors"/*.icd "$OCL_ICD_VENDORS" 2>/dev/null || true
  while read -r stem owner; do
    if [ -z "$stem" ] || is_registered "$stem" "$vendors" || ! library=$(find_library "$stem"); then continue; fi
    echo "$library" >"$OCL_ICD_VENDORS/gpu-check-$stem.icd"
    added+=("$library")
    note "$owner's OpenCL library $library is here, but no file in $vendors leads to it, so programs do not see it." \
      "gpu-check uses it all the same. For every program, as root:" \
      "mkdir -p $vendors && echo $library > $vendors/${stem#lib}.icd"
  done <<<"$driver_stems"
}
