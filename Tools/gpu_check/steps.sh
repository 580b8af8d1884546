# Runs the steps of gpu-check, which reads this file, and remembers how each came out.
#
# A step's standard output, JSON lines, goes to $out/steps/NAME.jsonl and its standard error to $out/steps/NAME.log.

step_names=()
notes=()
declare -A step_command step_status step_seconds

say() { printf '%s\n' "$*" >&2; }

# Something that the reader of the results must know.
note() {
  notes+=("$*")
  say "$*"
}

# A step that would have less time than this is left out, with this status.
least_seconds=5
left_out=-1

# Runs a command as the step of that name, within what is left of the time for all, and writes all results so far.
# Never fails: the exit status is kept.
step() {
  local name=$1 start=$SECONDS status=0 left=$((deadline - SECONDS))
  shift
  step_names+=("$name")
  step_limit=$((left < limit ? left : limit))
  if [ "$step_limit" -lt "$least_seconds" ]; then
    step_command[$name]="${*##"$here"/}"
    step_status[$name]=$left_out
    step_seconds[$name]=0
    : >"$out/steps/$name.jsonl" >"$out/steps/$name.log"
    return
  fi
  say "$name …"
  # In the foreground, so that the terminal's Ctrl-C reaches the step.
  timeout --foreground --kill-after=10 "$step_limit" "$@" >"$out/steps/$name.jsonl" 2>"$out/steps/$name.log" ||
    status=$?
  step_command[$name]="${*##"$here"/}"
  step_status[$name]=$status
  step_seconds[$name]=$((SECONDS - start))
  if [ "$status" != 0 ]; then say "$name failed: $(step_problem "$name")"; fi
  write_results
}

step_passed() { [ "${step_status[$1]:-1}" = 0 ]; }

# Whether the device computes correctly.
has_passed() { step_passed conformance && step_passed parity; }

# Why a step failed, in a line.
step_problem() {
  case ${step_status[$1]} in
    "$left_out") echo "left out, as there was no time left (--minutes)" ;;
    124 | 137) echo "it had not ended after ${step_seconds[$1]} s, or was killed; what it printed until then is kept" ;;
    *) echo "exit ${step_status[$1]}: $(tail -n 1 "$out/steps/$1.log")" ;;
  esac
}

# Where PyTorch is to run: cuda, which AMD's builds are called too. Another value is for trying this without a GPU.
peer_device=${GPU_CHECK_PEER_DEVICE:-cuda}

# The first Python that has PyTorch on that device; fails where there is none.
find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python; do
    if command -v "$candidate" >/dev/null && timeout 120 "$candidate" -c '
import sys, numpy, torch
torch.zeros(1, device=sys.argv[1])' "$peer_device" 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  return 1
}
