#!/usr/bin/env python3
"""Fills the disk under a run at every size, makes room, and resumes. Needs root, to mount small file systems.

    diskfull.py --telar .build/release/telar --step 100

Checked: exit code 0, 73 or 74 with one line of error, no temporary files, the user's own file untouched, --resume ends
with the bits of a run that had room and with all figures; a report that does not fit leaves the one before as it was.
Prints a summary line; exits 1 when a check fails.
"""
import argparse
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import files_in, load, put, run, temporary_files  # noqa: E402
from lab import Lab  # noqa: E402


class Disk:
    """A file system in memory, while it is used as a context."""

    def __init__(self, place, options):
        self.place, self.options = place, options

    def __enter__(self):
        os.makedirs(self.place, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", self.options, "tmpfs", self.place], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", self.place], check=True)

    def resize(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", self.place], check=True)

    @property
    def used_kilobytes(self):
        return int(subprocess.run(["du", "-sk", self.place], capture_output=True, text=True).stdout.split()[0])


def fault_of_study(lab, disk):
    """What is wrong with a study on a disk that may be too small, and with resuming it."""
    command = [lab.T, "study", "aldecoa", "n64-p0.1", "case-1", "--epochs", "2", *lab.common,
               "--out", f"{disk.place}/runs"]
    try:
        mine = put(disk.place, "mine", b"mine")
    except OSError:
        return None
    outcome = run(command, env=lab.env, limit=60)
    faults = [outcome.fault(allowed={0, 73, 74})]
    errors = [line for line in outcome.err.splitlines() if line.startswith(b"telar: ")]
    if outcome.code and len(errors) != 1:
        faults.append(f"{len(errors)} lines of error")
    if temporary_files(disk.place):
        faults.append(f"leaves {temporary_files(disk.place)}")
    disk.resize("size=60m,nr_inodes=10000")
    again = run(command + ["--resume"], env=lab.env, limit=60)
    best = "aldecoa/case-1/seed-0/best.safetensors"
    if again.code or load(f"{disk.place}/runs/{best}") != load(f"{lab.runs}/{best}"):
        faults.append(f"--resume ends with {again.code}, or other bits")
    for name in ("case-1", "n64-p0.1"):
        if not os.path.exists(f"{disk.place}/runs/aldecoa/{name}/seed-0/loss.png"):
            faults.append(f"figures of {name} are missing in the end")
    if load(mine) != b"mine":
        faults.append("the user's file is gone")
    found = [fault for fault in faults if fault]
    return f"{', '.join(found)} {outcome.err[-150:]!r}" if found else None


def fault_of_report(lab, disk, kilobytes):
    """What is wrong with a report over an earlier one, where there is little room."""
    def report(study):
        command = [lab.T, "report", f"{lab.runs}/{study}", "--out", f"{disk.place}/report"]
        return run(command, env={**lab.env, "PATH": lab.quick})

    def contents():
        return {path: load(path) for path in files_in(disk.place)}

    report("aldecoa")
    before = contents()
    disk.resize(f"size={disk.used_kilobytes + kilobytes}k")
    outcome = report("borgnino")
    fault = outcome.fault(allowed={0, 73, 74})
    if not fault and outcome.code and before != contents():
        fault = f"ends with {outcome.code} and changed {set(before) ^ set(contents())}"
    return fault


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--telar", required=True)
    p.add_argument("--work", default=".trust/fuzz")
    p.add_argument("--step", type=int, default=150, help="kB from one size to the next")
    p.add_argument("--most", type=int, default=3600, help="kB of the largest disk")
    options = p.parse_args()
    lab = Lab(options)
    place = f"{lab.dir}/small-disk"
    faults, tried = [], 0
    disks = [f"size={kilobytes}k" for kilobytes in range(options.step, options.most, options.step)]
    disks += [f"nr_inodes={count},size=40m" for count in range(4, 40, 3)]
    for disk_options in disks:
        tried += 1
        with Disk(place, disk_options) as disk:
            fault = fault_of_study(lab, disk)
        if fault:
            faults.append(f"{disk_options}: {fault}")
    for kilobytes in range(20, 500, 40):
        tried += 1
        with Disk(place, "size=60m") as disk:
            fault = fault_of_report(lab, disk, kilobytes)
        if fault:
            faults.append(f"report with {kilobytes} kB: {fault}")
    for fault in faults:
        print("FAULT", fault)
    print(f"diskfull: {tried} disks, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
