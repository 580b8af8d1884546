#!/usr/bin/env python3
"""Repeats a fault that fuzz.py kept: replay.py .trust/faults-found/KIND-SEED-INDEX [--telar PATH]"""
import argparse
import json
import os
import subprocess
import sys

NOTABLE = ("Fatal", "runtime failure", " in telar at")


def main():
    p = argparse.ArgumentParser(description=__doc__.split(":")[0])
    p.add_argument("place")
    p.add_argument("--telar", help="another build than the one that showed the fault")
    options = p.parse_args()
    place = os.path.abspath(options.place)
    with open(f"{place}/COMMAND") as file:
        command = json.load(file)
    argv = command["argv"]
    if options.telar:
        argv = [os.path.abspath(options.telar) if word.endswith("/telar") else word for word in argv]
    print("was:", command["fault"], "input:", *command["input"])
    print("runs:", *argv)
    outcome = subprocess.run(argv, env={**os.environ, **command["env"], "SWIFT_BACKTRACE": "enable=yes,color=no"},
                             capture_output=True, cwd=place if command["cwd"] else None)
    print("exit code", outcome.returncode)
    for line in outcome.stderr.decode(errors="replace").splitlines():
        if line.startswith("telar:") or any(word in line for word in NOTABLE):
            print(repr(line[:180])[1:-1])


if __name__ == "__main__":
    sys.exit(main())
