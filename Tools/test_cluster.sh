#!/usr/bin/env bash
# Runs Tools/cluster/*.sbatch on a Slurm of one node, which is started here and ended again: an array of three parts, one
# of which runs out of time and is queued again, gives the bits of a comparison that one process made.
#
#   Tools/test_cluster.sh       after `make build`; `make test-cluster` does both. As root, as Slurm's daemons here are.
#
# Nothing of a Slurm that is installed is used but its programs: configuration, keys and state lie in a folder under /tmp.
set -euo pipefail
cd "$(dirname "$0")/.."
telar=$PWD/.build/release/telar
folder=$(mktemp -d /tmp/telar-slurm.XXXXXX)
chmod 755 "$folder"

fail() {
  printf 'test-cluster: %s\n' "$1" >&2
  for log in "$folder"/*.log "$folder"/slurm-*.out; do
    if [ -s "$log" ]; then printf '== %s\n' "$log" >&2; tail -n 20 "$log" >&2; fi
  done
  exit 1
}

end() {
  for daemon in slurmd slurmctld munged; do
    if [ -s "$folder/$daemon.pid" ]; then kill "$(cat "$folder/$daemon.pid")" 2>/dev/null || true; fi
  done
  # What the daemons write as they end is not to come after the folder's removal.
  for _ in $(seq 50); do
    if ! pgrep -f "$folder" >/dev/null; then break; fi
    sleep 0.1
  done
  rm -rf "$folder"
}
trap end EXIT

# The first daemon signs what the others say.
mkdir -m 700 "$folder/munge"
head -c 1024 /dev/urandom >"$folder/munge/key"
chmod 600 "$folder/munge/key"
socket=$folder/munge.socket
munged --force --key-file="$folder/munge/key" --socket="$socket" --pid-file="$folder/munged.pid" \
  --log-file="$folder/munged.log" --seed-file="$folder/munge/seed"

host=$(hostname -s)
export SLURM_CONF=$folder/slurm.conf
cat >"$SLURM_CONF" <<CONF
ClusterName=telar
SlurmctldHost=$host
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$socket
CryptoType=crypto/munge
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SchedulerParameters=sched_interval=2
JobRequeue=1
NodeName=$host CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
mkdir "$folder/state" "$folder/spool"
slurmctld -c || fail "slurmctld does not start"
slurmd || fail "slurmd does not start"
for _ in $(seq 60); do
  if sinfo -h -o %T 2>/dev/null | grep -q idle; then break; fi
  sleep 0.5
done
sinfo -h -o %T | grep -q idle || fail "the node is not idle: $(sinfo -h 2>&1)"

# The jobs: small, and one part at a time, so that the signal comes while it works.
export TELAR=$telar OUT=$folder/array
job=(aldecoa case-1 case-2 n32-p0.2 --seeds 2 --epochs 2 --subset 2000 --curve-images 500 --device cpu --quiet)
array=$(sbatch --parsable --array=1-3 --cpus-per-task=1 --chdir="$folder" Tools/cluster/array.sbatch "${job[@]}")
for _ in $(seq 200); do
  if [ -e "$OUT/aldecoa/case-1/seed-0/run.json" ] || [ -e "$OUT/aldecoa/n32-p0.2/seed-0/run.json" ]; then break; fi
  sleep 0.1
done
# What --signal does when the time is nearly over.
scancel --batch --signal=USR1 "${array}_1" || fail "no signal could be sent"
for _ in $(seq 600); do
  if [ -z "$(squeue -h -j "$array" 2>/dev/null)" ]; then break; fi
  # A job that is queued again would wait for two minutes.
  if squeue -h -j "$array" -o %r | grep -q BeginTime; then
    scontrol update JobId="${array}_1" StartTime=now >/dev/null 2>&1 || true
  fi
  sleep 0.5
done
[ -z "$(squeue -h -j "$array" 2>/dev/null)" ] || fail "the array has not ended: $(squeue)"
grep -q 'stopped by signal' "$folder"/slurm-"$array"_1.out || fail "the signal stopped nothing"
"$telar" study "${job[@]}" --out "$OUT" >"$folder/table.txt" || fail "the parts are not the whole"

"$telar" study "${job[@]}" --out "$folder/alone" >/dev/null || fail "the comparison does not run"
count=0
while IFS= read -r network; do
  cmp "$folder/alone/$network" "$OUT/$network" || fail "$network has other bits"
  count=$((count + 1))
done < <(cd "$folder/alone" && find . -name last.safetensors)
[ "$count" -ge 6 ] || fail "there are $count networks"

OUT=$folder/node
node=$(sbatch --parsable --chdir="$folder" Tools/cluster/node.sbatch "${job[@]}")
for _ in $(seq 600); do
  if [ -z "$(squeue -h -j "$node" 2>/dev/null)" ]; then break; fi
  sleep 0.5
done
diff -r <(cd "$folder/alone" && find . -name last.safetensors -exec sha256sum {} + | sort) \
  <(cd "$OUT" && find . -name last.safetensors -exec sha256sum {} + | sort) || fail "runs at once have other bits"
echo "Slurm $(sinfo --version | sed 's/.* //'): an array of three parts, one of them queued again, and runs at once on a node" \
  "have the bits of one process in $count networks."
