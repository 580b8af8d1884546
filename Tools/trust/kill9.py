#!/usr/bin/env python3
"""Stops runs of telar at random moments, resumes them, and compares what they leave with a run that was not stopped.

    kill9.py --telar .build/release/telar --device cpu --trials 40
    kill9.py --telar .build/release/telar --modes term,int,term2,int2,stop,pair,group --trials 8

Modes: kill (SIGKILL, up to four times a run), term and int (once), term2 and int2 (a second one after half a second),
group (SIGINT to all processes of the run, as a terminal's Ctrl-C), stop (SIGSTOP, SIGCONT), pair (two processes on
one folder at once, one of them killed in half of the trials). Checked: exit codes; that all files are whole after
each stop; that in the end both checkpoints of both experiments, and all metrics but times, are those of the reference
to the last bit; that there is one event an epoch; that nothing temporary stays and a user's own files do. Prints a
summary line; exits 1 when a check fails.
"""
import argparse
import glob
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import (end_session, files_in, load, prepare_scratch, put, read_safetensors,  # noqa: E402
                    temporary_files)

# The exit codes that are right after a stop.
CODES = {"kill": (-9, 0), "term": (143, 0), "term2": (143, 0), "int": (130, 0), "int2": (130, 0), "group": (130, 0),
         "stop": (0,), "pair": (0, 73, -9)}
SIGNALS = {"term": signal.SIGTERM, "term2": signal.SIGTERM, "int": signal.SIGINT, "int2": signal.SIGINT,
           "kill": signal.SIGKILL}


class Runs:
    """Starts the study, and judges what it left."""

    def __init__(self, options):
        self.options = options
        self.telar, self.work = os.path.abspath(options.telar), os.path.abspath(options.work)
        self.names = options.experiments.split(",")
        prepare_scratch(self.work, self.telar)

    def start(self, out, *more):
        options = self.options
        data = ["--data", os.path.abspath(options.data), "--allow-other-data"] if options.data else []
        argv = [self.telar, "study", "aldecoa", *self.names, *data, "--subset", str(options.subset),
                "--epochs", str(options.epochs), "--device", options.device, "--out", out, *more]
        with open(out + ".log", "ab") as log:
            return subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                    preexec_fn=lambda: (os.setsid(), os.nice(19)),
                                    env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})

    def wait(self, child):
        try:
            return child.wait(self.options.limit)
        except subprocess.TimeoutExpired:
            end_session(child.pid)
            child.wait()
            return "hang"

    def reference(self):
        """A run that was not stopped, and how many seconds another one took, with its differences."""
        options = self.options
        reference = f"{self.work}/reference-{options.device.replace(':', '-')}-{options.subset}-{options.epochs}"
        if not os.path.exists(f"{reference}/aldecoa/results.txt"):
            shutil.rmtree(reference, ignore_errors=True)
            if self.wait(self.start(reference)):
                sys.exit(f"kill9.py: the reference run fails, see {reference}.log")
        again = f"{self.work}/again"
        shutil.rmtree(again, ignore_errors=True)
        begun = time.monotonic()
        if self.wait(self.start(again)):
            sys.exit("kill9.py: the second run fails")
        return reference, time.monotonic() - begun, list(self.differences(again, reference))

    @staticmethod
    def folder(out, name):
        return f"{out}/aldecoa/{name}/seed-0"

    def differences(self, out, reference):
        """What is not as in the run that was not stopped."""
        for name in self.names:
            ours, theirs = self.folder(out, name), self.folder(reference, name)
            for file in ("best.safetensors", "last.safetensors"):
                if not os.path.exists(f"{ours}/{file}"):
                    yield f"{name}/{file} is not there"
                elif load(f"{ours}/{file}") != load(f"{theirs}/{file}"):
                    yield f"{name}/{file} has other bits"
            if metrics(f"{ours}/metrics.jsonl") != metrics(f"{theirs}/metrics.jsonl"):
                yield f"{name}/metrics.jsonl differs"
            if os.path.exists(f"{ours}/state.safetensors"):
                yield f"{name}/state.safetensors stays"
            found, expected = (list(map(event_count, glob.glob(f"{place}/events.*"))) for place in (ours, theirs))
            if found != expected:
                yield f"{name} has events {found}, not {expected}"
            missing = {os.path.basename(path) for path in glob.glob(f"{theirs}/*") if "/events" not in path}
            missing -= set(os.listdir(ours))
            if missing:
                yield f"{name} lacks {sorted(missing)}"
        hidden = [path for path in files_in(out) if os.path.basename(path).startswith(".")]
        if hidden:
            yield f"stays: {hidden}"


def metrics(path):
    """The metrics but for times; None where there are none."""
    if not os.path.exists(path):
        return None
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    return [{key: value for key, value in line.items() if key not in ("seconds", "images_per_s")} for line in lines]


def event_count(path):
    """The records of an event file; -1 where the last is not whole."""
    data, count = load(path), 0
    while data:
        length = struct.unpack("<Q", data[:8])[0]
        if len(data) < 16 + length:
            return -1
        data, count = data[16 + length:], count + 1
    return count


def broken_files(out):
    """What is not whole of the files that are there."""
    for path in glob.glob(f"{out}/aldecoa/*/seed-0/*"):
        try:
            check_whole(path)
        except Exception as error:
            yield f"{path} is not whole: {error!r}"


def check_whole(path):
    if path.endswith(".safetensors"):
        header, data = read_safetensors(path)
        ends = [info["data_offsets"][1] for key, info in header.items() if key != "__metadata__"]
        assert max(ends, default=0) == len(data)
    elif path.endswith(".json"):
        json.loads(load(path))
    elif path.endswith(".jsonl"):
        # The reader takes away what a stop left of a last line.
        for line in load(path).split(b"\n")[:-1]:
            json.loads(line)
    elif path.endswith(".png"):
        assert load(path).endswith(b"IEND\xaeB`\x82")


class Trial:
    """One run that is stopped and resumed."""

    def __init__(self, runs, mode, number, rng, whole_time):
        self.runs, self.mode, self.number, self.rng, self.whole_time = runs, mode, number, rng, whole_time
        self.out = f"{runs.work}/trial"
        self.problems, self.codes, self.stops = [], [], 0

    def attempt(self, reference):
        shutil.rmtree(self.out, ignore_errors=True)
        if os.path.exists(self.out + ".log"):
            os.remove(self.out + ".log")
        os.makedirs(self.runs.folder(self.out, self.runs.names[0]))
        own = [put(f"{self.out}/aldecoa", "notes.txt", b"mine"),
               put(f"{self.out}/aldecoa/thoughts", "best.safetensors", b"mine")]
        child = self.stopped_run()
        code = self.runs.wait(child)
        if code != 0:
            code = self.runs.wait(self.runs.start(self.out, "--resume"))
        if code != 0:
            self.problems.append(f"resuming ends with {code}")
        self.problems += self.runs.differences(self.out, reference)
        self.problems += [f"{path} was the user's" for path in own if not os.path.exists(path) or load(path) != b"mine"]
        if self.problems:
            self.keep()

    def stopped_run(self):
        """Starts the run, stops it and starts it again, and returns the last process."""
        child = self.runs.start(self.out)
        for stop in range(self.rng.randint(1, 4) if self.mode == "kill" else 1):
            time.sleep(self.rng.uniform(0, self.whole_time * (1.05 if stop == 0 else .7)))
            if child.poll() is not None and self.mode != "pair":
                break
            self.stops += 1
            self.stop(child)
            code = self.runs.wait(child)
            self.codes.append(code)
            if code not in CODES[self.mode]:
                self.problems.append(f"ends with {code}")
            if self.mode != "pair":
                self.problems += broken_files(self.out)
            if self.mode not in ("kill", "pair") and temporary_files(self.out):
                self.problems.append(f"leaves {temporary_files(self.out)}")
            if code in (0, "hang") and self.mode != "kill":
                break
            child = self.runs.start(self.out, "--resume")
        return child

    def stop(self, child):
        if self.mode in SIGNALS:
            child.send_signal(SIGNALS[self.mode])
        elif self.mode == "group":
            os.killpg(child.pid, signal.SIGINT)
        elif self.mode == "stop":
            child.send_signal(signal.SIGSTOP)
            time.sleep(self.rng.uniform(.05, .6))
            child.send_signal(signal.SIGCONT)
        else:
            self.start_other(child)
        if self.mode in ("term2", "int2"):
            time.sleep(.5)
            if child.poll() is None:
                child.send_signal(SIGNALS[self.mode])

    def start_other(self, child):
        """A second process on the folder; in every other trial the first is killed meanwhile."""
        other = self.runs.start(self.out, "--resume")
        is_killing = self.number % 2 == 1
        if is_killing:
            time.sleep(self.rng.uniform(0, .5))
            child.kill()
        code = self.runs.wait(other)
        if code not in (0, 73):
            self.problems.append(f"the other process ends with {code}")
        if not is_killing and self.runs.wait(child) not in (0, 73):
            self.problems.append(f"the first process ends with {child.returncode}")

    def keep(self):
        place = f"{self.runs.work}/fault-{self.mode}-{self.number}"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.out, place)
        shutil.copy(self.out + ".log", f"{place}/log")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--telar", required=True)
    p.add_argument("--device", default="cpu")
    p.add_argument("--data", help="folder of the images; by default telar's own")
    p.add_argument("--trials", type=int, default=40, help="of each mode")
    p.add_argument("--modes", default="kill")
    p.add_argument("--experiments", default="n64-p0.1,case-1")
    p.add_argument("--subset", type=int, default=2000)
    p.add_argument("--epochs", type=int, default=6)
    p.add_argument("--seed", type=int, help="by default another one each time")
    p.add_argument("--work", default=".trust/kill9")
    p.add_argument("--limit", type=float, default=300, help="seconds for one start")
    options = p.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    runs = Runs(options)
    reference, whole_time, differences = runs.reference()
    faults = [f"repetition: {difference}" for difference in differences]
    rng = random.Random(options.seed)
    trials = stops = 0
    for mode in options.modes.split(","):
        for number in range(options.trials):
            trial = Trial(runs, mode, number, rng, whole_time)
            trial.attempt(reference)
            trials, stops = trials + 1, stops + trial.stops
            faults += [f"{mode} {number} (codes {trial.codes}): {problem}" for problem in trial.problems]
    for fault in faults:
        print("FAULT", fault)
    print(f"kill9: {trials} runs stopped {stops} times on {options.device} (seed {options.seed}), "
          f"{len(faults)} faults; a run takes {whole_time:.1f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
