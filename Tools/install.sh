#!/usr/bin/env bash
# Installs the built command with its completions and its man page: install.sh PREFIX; takes them away again:
# install.sh --remove PREFIX. Called by `make install` and `make uninstall`.
set -euo pipefail
cd "$(dirname "$0")/.."
telar=${TELAR:-.build/release/telar}

files=(
  bin/telar share/bash-completion/completions/telar share/zsh/site-functions/_telar
  share/fish/vendor_completions.d/telar.fish share/man/man1/telar.1
)
if [ "${1:-}" = --remove ]; then
  for file in "${files[@]}"; do rm -f "${2:?}/$file"; done
  exit
fi
prefix=${1:?PREFIX is empty}

# All is made before anything is installed.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
made=("$telar" "$scratch/bash" "$scratch/zsh" "$scratch/fish" "$scratch/telar.1")
for shell in bash zsh fish; do "$telar" --generate-completion-script "$shell" >"$scratch/$shell"; done
"$telar" --experimental-dump-help | Tools/manual.py "$("$telar" --version)" >"$scratch/telar.1"
for i in "${!files[@]}"; do
  mode=644
  if [ "$i" = 0 ]; then mode=755; fi
  mkdir -p "$(dirname "$prefix/${files[i]}")"
  install -m "$mode" "${made[i]}" "$prefix/${files[i]}"
done
printf '%s\n' "${files[@]/#/$prefix/}"
