# Writes what the steps of gpu-check found: write_json, one object, and write_summary, text. gpu-check reads this file.

# A text as JSON. What is not ASCII goes: logs of drivers and compilers may hold anything.
json_string() {
  printf '"%s"' "$(printf '%s' "$1" | tr '\n\t' '  ' | tr -cd ' -~' | sed 's/[\\"]/\\&/g')"
}

# Texts as a JSON array.
json_strings() {
  local separator='' text
  printf '['
  for text in "$@"; do
    printf '%s' "$separator"
    json_string "$text"
    separator=', '
  done
  printf ']'
}

# The whole objects among a step's lines, with commas between: a step that was killed may end within a line.
json_lines() { awk '/^\{.*\}$/ { printf "%s\n        %s", separator, $0; separator = "," }' "$1"; }

cpu_name() { sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1; }
system_name() { (. /etc/os-release && echo "$PRETTY_NAME") 2>/dev/null || uname -s; }
glibc_version() { getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/glibc //'; }
memory_kib() { sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo; }
nvidia_gpus() {
  local gpus
  # Where it fails, it says so on standard output.
  if gpus=$(nvidia-smi --query-gpu=name,driver_version,power.limit --format=csv,noheader 2>/dev/null); then echo "$gpus"; fi
}

# Both files, each whole or as before.
write_results() {
  write_json >"$scratch/gpu-check.json" && mv "$scratch/gpu-check.json" "$out/gpu-check.json"
  write_summary >"$scratch/gpu-check.txt" && mv "$scratch/gpu-check.txt" "$out/gpu-check.txt"
}

write_json() {
  local name separator=''
  printf '{\n  "telar": %s,\n' "$(json_string "$("$here/telar" --version 2>&1 | head -n 1)")"
  printf '  "date": "%s",\n' "$date"
  printf '  "device": %s,\n  "quick": %s,\n  "passed": %s,\n' "$(json_string "$device")" "$quick" \
    "$(if has_passed; then echo true; else echo false; fi)"
  printf '  "machine": {"system": %s, "kernel": %s, "glibc": %s, ' "$(json_string "$(system_name)")" \
    "$(json_string "$(uname -r)")" "$(json_string "$(glibc_version)")"
  printf '"cpu": %s, "cores": %s, "memory_kib": %s, "nvidia": %s},\n' "$(json_string "$(cpu_name)")" "$(nproc)" \
    "$(memory_kib)" "$(json_string "$(nvidia_gpus)")"
  printf '  "drivers": {"folder": %s, "added": %s},\n' "$(json_string "$vendors")" "$(json_strings "${added[@]}")"
  printf '  "notes": %s,\n  "steps": [' "$(json_strings "${notes[@]}")"
  for name in "${step_names[@]}"; do
    printf '%s\n    {\n      "step": "%s",\n      "command": %s,\n' "$separator" "$name" \
      "$(json_string "${step_command[$name]}")"
    printf '      "exit": %s,\n      "seconds": %s,\n      "log": %s,\n      "results": [%s]\n    }' \
      "$(if [ "${step_status[$name]}" = "$left_out" ]; then echo null; else echo "${step_status[$name]}"; fi)" \
      "${step_seconds[$name]}" \
      "$(json_string "$(tail -n 5 "$out/steps/$name.log")")" "$(json_lines "$out/steps/$name.jsonl")"
    separator=,
  done
  printf '\n  ]\n}\n'
}

# A line for a step: how it came out, and of checks how many cases passed.
summary_line() {
  local name=$1 outcome='done' count=
  case $name in
    conformance | parity)
      outcome=passed
      count=$(awk '/"ok":true/ { passed++ } END { printf "%d of %d cases", passed, NR }' "$out/steps/$name.jsonl")
      ;;
  esac
  if [ "${step_status[$name]}" = "$left_out" ]; then
    outcome=$(step_problem "$name")
  elif ! step_passed "$name"; then
    outcome="FAILED, $(step_problem "$name")"
  fi
  printf '  %-32s %5s s  %s%s\n' "$name" "${step_seconds[$name]}" "${count:+$count, }" "$outcome"
}

# What came of the checks, also while some are still to be made.
verdict() {
  if has_passed; then
    echo passed
  elif [ -z "${step_status[conformance]:-}" ] || [ -z "${step_status[parity]:-}" ]; then
    echo 'HAVE NOT ENDED'
  else
    echo 'DID NOT PASS'
  fi
}

write_summary() {
  local name
  printf '%s: golden cases and parity with the CPU %s.\n\n' \
    "gpu-check of Telar $("$here/telar" --version 2>&1 | head -n 1), $date" \
    "$(verdict)"
  # What `telar` said when it opened the device.
  sed -s -n 's/^Device /device    /p' "$out"/steps/*.log | sort -u
  awk -v table=drivers -f "$here/gpu_check/tables.awk" "$out/steps/devices.jsonl"
  nvidia_gpus | sed 's/^/nvidia    /'
  printf 'system    %s, Linux %s, glibc %s\n' "$(system_name)" "$(uname -r)" "$(glibc_version)"
  printf 'processor %s, %s cores\n' "$(cpu_name)" "$(nproc)"
  if [ ${#notes[@]} -gt 0 ]; then printf '\n'; printf 'Note: %s\n' "${notes[@]}"; fi
  printf '\nSteps\n'
  for name in "${step_names[@]}"; do summary_line "$name"; done
  for name in conformance parity; do
    if [ -f "$out/steps/$name.jsonl" ] && grep -q '"ok":false' "$out/steps/$name.jsonl"; then
      printf '\nFailed cases of %s, the first ten\n' "$name"
      grep '"ok":false' "$out/steps/$name.jsonl" | head -n 10 | sed 's/^/  /'
    fi
  done
  if step_passed launches; then
    printf '\nLaunches and copies\n'
    grep -o '"[^"]*: [0-9.]* [^"]*"' "$out/steps/launches.jsonl" | tr -d '"' | sed 's/^/  /'
  fi
  awk -f "$here/gpu_check/tables.awk" "$out"/steps/*.jsonl
}
