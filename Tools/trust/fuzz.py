#!/usr/bin/env python3
"""Mutation fuzzing of everything that telar reads, and of its command line.

    fuzz.py --telar .build/release/telar --golden Tests/ConformanceTests/Golden --count 6000

Each input is made from a sound one and given to a command that reads it. Faults are signals, hangs, too much memory,
exit codes that are not documented or not right, traces on standard error, control characters on either stream, exits
other than 0 without a message, files of a user that are changed or gone, temporary files that stay, and inputs that
break the rules of their format and are accepted with exit code 0. Prints a table, a line for each sort of fault with
the input that is kept, and a summary line; exits 1 when there is a fault.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import shutil
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inputs  # noqa: E402
from command_lines import make_command_line  # noqa: E402
from common import load, put, run, temporary_files  # noqa: E402
from lab import Lab  # noqa: E402

# The kinds of input, and how often each is made in proportion.
KINDS = {"checkpoint": (inputs.make_checkpoint, 5), "golden": (inputs.make_golden, 4), "idx": (inputs.make_idx, 3),
         "png": (inputs.make_png, 2), "toml": (inputs.make_toml, 6), "tuning": (inputs.make_tuning, 1.5),
         "folder": (inputs.make_folder, 4), "state": (inputs.make_state, 1.2), "cache": (inputs.make_cache, .5),
         "lines": (inputs.make_lines, 2), "report": (inputs.make_report, 1), "sparse": (inputs.make_sparse, .6),
         "windows": (inputs.make_windows, .3), "names": (inputs.make_names, .6), "cli": (make_command_line, 4)}


class Campaign:
    """Tries inputs on several threads and counts what happens."""

    def __init__(self, options, lab):
        self.options, self.lab = options, lab
        self.end = time.monotonic() + options.minutes * 60
        self.lock = threading.Lock()
        self.tried = collections.Counter()
        self.codes = collections.defaultdict(collections.Counter)
        self.slowest, self.largest = collections.Counter(), collections.Counter()
        # Indices of inputs by kind, command and fault.
        self.faults = collections.defaultdict(list)

    def plan(self, kinds):
        """The kind of each input, in the order in which they are tried."""
        total = sum(KINDS[kind][1] for kind in kinds)
        plan = [kind for kind in kinds for _ in range(max(1, round(self.options.count * KINDS[kind][1] / total)))]
        random.Random(self.options.seed).shuffle(plan)
        return plan

    def attempt(self, index, kind):
        if time.monotonic() > self.end:
            return
        folder = f"{self.lab.dir}/case-{self.options.seed}-{index}"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        try:
            case = KINDS[kind][0](self.lab, random.Random(f"{self.options.seed}/{kind}/{index}"), folder)
            self.judge(case, index, kind, folder)
        except Exception as error:
            with self.lock:
                self.faults[kind, "harness", repr(error)[:100]].append(index)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def judge(self, case, index, kind, folder):
        argv = case.argv if case.argv[0] == self.lab.timeout else [self.lab.T, *case.argv]
        # What no system hands over.
        argv = [word.replace("\0", "") for word in argv]
        env = {**self.lab.env, **case.env}
        before = {path: load(path) for path in case.keeps}
        outcome = run(argv, env=env, limit=self.options.limit, cwd=case.cwd)
        fault = self.fault_of(outcome, case, argv, env)
        for path, contents in before.items():
            if not os.path.exists(path) or load(path) != contents:
                fault = "file of the user lost: " + os.path.basename(path)
        with self.lock:
            self.tried[kind] += 1
            self.codes[kind][outcome.code] += 1
            self.slowest[kind] = max(self.slowest[kind], round(outcome.seconds, 1))
            self.largest[kind] = max(self.largest[kind], round(outcome.megabytes))
            if fault:
                command = "study" if argv is case.argv else case.argv[0]
                found = self.faults[kind, command, fault]
                found.append(index)
                if len(found) <= 5:
                    place = f"{self.options.keep}/{kind}-{self.options.seed}-{index}"
                    self.keep(case, argv, fault, outcome, os.path.abspath(place), folder)

    def fault_of(self, outcome, case, argv, env):
        if outcome.hung:
            again = run(argv, env=env, limit=4 * self.options.limit, cwd=case.cwd)
            return "hang" if again.hung else f"slow: {again.seconds:.0f} s"
        fault = outcome.fault(self.options.megabytes)
        if fault:
            return "hang after a signal" if fault == "exit code 137" else fault
        if case.codes and outcome.code not in case.codes:
            return f"exit code {outcome.code}, not {' or '.join(map(str, sorted(case.codes)))}"
        if case.out and temporary_files(case.out):
            return "temporary file left"
        if outcome.code == 0 and case.sound and not case.sound(case.mutated):
            return "unsound input accepted"
        return None

    @staticmethod
    def keep(case, argv, fault, outcome, place, folder):
        """Copies the input, with what replay.py needs to repeat it."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder, place, symlinks=True, ignore=ignore_sparse)
        command = {"argv": [word.replace(folder, place) for word in argv],
                   "env": {key: value.replace(folder, place) for key, value in case.env.items()}, "fault": fault,
                   "cwd": case.cwd is not None, "input": [path.replace(folder, place) for path in case.files],
                   "err": outcome.err[-2000:].decode(errors="replace")}
        put(place, "COMMAND", json.dumps(command, indent=1).encode())

    def report(self, kinds):
        print(f"{'kind':12} {'tried':>6} {'faults':>6} {'slowest':>8} {'largest':>8}  exit codes")
        for kind in kinds:
            count = sum(len(where) for key, where in self.faults.items() if key[0] == kind)
            print(f"{kind:12} {self.tried[kind]:6} {count:6} {self.slowest[kind]:6} s {self.largest[kind]:5} MB  "
                  f"{dict(sorted(self.codes[kind].items()))}")
        for key, where in sorted(self.faults.items()):
            print(f"FAULT {' / '.join(key)}: {len(where)} times, kept as {key[0]}-{self.options.seed}-{where[0]}")
        count = sum(map(len, self.faults.values()))
        print(f"fuzz: {sum(self.tried.values())} inputs (seed {self.options.seed}), "
              f"{count} faults of {len(self.faults)} sorts")


def ignore_sparse(folder, names):
    """Files that are too long to copy: their zeros would take room."""
    return [name for name in names if not os.path.islink(f"{folder}/{name}")
            and os.path.isfile(f"{folder}/{name}") and os.path.getsize(f"{folder}/{name}") > 1 << 28]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--telar", required=True)
    p.add_argument("--golden", help="folder of golden files to begin with")
    p.add_argument("--work", default=".trust/fuzz", help="scratch folder; sound inputs in it are made once")
    p.add_argument("--keep", default=".trust/faults-found", help="where inputs that show a fault are kept")
    p.add_argument("--count", type=int, default=6000)
    p.add_argument("--kinds", default=",".join(KINDS))
    p.add_argument("--seed", type=int, help="by default another one each time")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--limit", type=float, default=20, help="seconds that a command may take")
    p.add_argument("--megabytes", type=int, default=1024, help="memory that a command may take")
    p.add_argument("--minutes", type=float, default=30)
    options = p.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    lab = Lab(options)
    kinds = [kind for kind in options.kinds.split(",")
             if not (kind == "golden" and not lab.golden or kind == "cache" and not lab.make_cache())]
    campaign = Campaign(options, lab)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(campaign.attempt, *zip(*enumerate(campaign.plan(kinds)))))
    campaign.report(kinds)
    return 1 if campaign.faults else 0


if __name__ == "__main__":
    sys.exit(main())
