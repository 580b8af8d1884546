#!/usr/bin/env python3
"""Lets calls of the OpenCL driver fail, or changes a number that a kernel wrote, and looks at what telar makes of it.

    faults.py --telar .build/release/telar --points 3 --commands predict,study,profile,parity
    faults.py --telar .build/release/telar --golden Tests/ConformanceTests/Golden --corrupt 130

`faults.c` stands before the driver by LD_PRELOAD. Of a command whose driver fails is expected: exit code 69 or 70 with
one line of error that names the call, or 0 with the very result that it has without the fault; of a study also that
--resume then ends with the very bits of a run without a fault. Of a changed number: that parity notices 95 %, and
conformance 90 %, of those that are read again. Prints a line for each fault as it is found and a summary line; exits 1
when an expectation fails.
"""
import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from common import load, put, run, temporary_files  # noqa: E402
from lab import Lab  # noqa: E402

# What each function fails with.
CODES = {
    "clEnqueueNDRangeKernel": [-5, -4, -52, -54, -2, "event"], "clEnqueueReadBuffer": [-5, -14, -2],
    "clEnqueueWriteBuffer": [-5, -4], "clEnqueueCopyBuffer": [-5], "clEnqueueFillBuffer": [-5, -4],
    "clFinish": [-5, -14, -36], "clFlush": [-36], "clCreateBuffer": [-4, -5, -61], "clCreateSubBuffer": [-13, -5],
    "clCreateKernel": [-46, -6], "clSetKernelArg": [-49, -51, -38], "clBuildProgram": [-11, -6, -3],
    "clCreateProgramWithSource": [-6], "clCreateProgramWithBinary": [-42], "clCreateContext": [-2, -6],
    "clCreateCommandQueue": [-6, -35], "clGetDeviceInfo": [-30, -33], "clGetPlatformInfo": [-32],
    "clGetDeviceIDs": [-1, -30], "clGetPlatformIDs": [-1001, -30], "clGetKernelInfo": [-48],
    "clGetProgramInfo": [-30], "clGetProgramBuildInfo": [-30], "clGetMemObjectInfo": [-38], "clGetEventInfo": [-58],
    "clGetEventProfilingInfo": [-7], "clCreateSubDevices": [-18],
}
# Those after which a device may be gone for good.
LASTING = (-5, -2, -36, -14, -4, "event")
# The part of the changes that a command has to notice.
NOTICED = {"parity": 0.95, "conformance": 0.90}


class Faults:
    """The commands that are run with a faulty driver, and what each of them should come to."""

    def __init__(self, options):
        self.options = options
        self.lab = Lab(options)
        self.dir = f"{self.lab.dir}/faults"
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        self.env = {**self.lab.env, "XDG_CACHE_HOME": f"{self.lab.dir}/cache", "LD_PRELOAD": self.library(),
                    "PATH": self.tools()}
        image = put(self.dir, "image.png", self.lab.image)
        telar = self.lab.T
        study = [telar, "study", "aldecoa", "n64-p0.1", "--data", self.lab.data, "--allow-other-data",
                 "--device", "opencl"]
        self.commands = {
            "predict": [telar, "predict", self.lab.classifier, image, "--device", "opencl"],
            "study": [*study, "--epochs", "2", "--out", f"{self.dir}/runs"],
            "profile": [*study, "--epochs", "1", "--profile", "--out", f"{self.dir}/profiled"],
            "parity": [telar, "parity", "--cases", "1"],
            "conformance": [telar, "conformance", options.golden or "", "--device", "opencl"],
        }

    def library(self):
        library = f"{self.lab.dir}/faults.so"
        source = f"{HERE}/faults.c"
        if not os.path.exists(library) or os.path.getmtime(library) < os.path.getmtime(source):
            subprocess.run(["cc", "-O1", "-fPIC", "-shared", "-o", library, source, "-ldl"], check=True)
        return library

    def tools(self):
        """A folder of programs: a driver may need its linker. There is no gnuplot, so that studies end quickly."""
        folder = f"{self.lab.dir}/tools"
        os.makedirs(folder, exist_ok=True)
        for tool in ("ld", "clang", "gcc", "cc", "as"):
            path = shutil.which(tool)
            if path and not os.path.lexists(f"{folder}/{tool}"):
                os.symlink(path, f"{folder}/{tool}")
        return folder

    def clear(self):
        for out in ("runs", "profiled"):
            shutil.rmtree(f"{self.dir}/{out}", ignore_errors=True)

    def run(self, command, faults, *more, limit=None):
        return run([*self.commands[command], *more], env={**self.env, **faults}, limit=limit or self.options.limit)

    def sound(self, command):
        """How often the command calls each function, and its outcome without a fault."""
        path = f"{self.dir}/counts"
        self.clear()
        outcome = self.run(command, {"FAULT_COUNTS": path}, limit=600)
        if outcome.code:
            sys.exit(f"faults.py: {command} fails without a fault: {outcome.err[-500:].decode()}")
        lines = load(path).decode().splitlines()
        return {line.split()[0]: int(line.split()[1]) for line in lines}, outcome

    def checkpoint(self):
        """The check sum of the run's last checkpoint; None without one."""
        try:
            return zlib.crc32(load(f"{self.dir}/runs/aldecoa/n64-p0.1/seed-0/last.safetensors"))
        except OSError:
            return None

    def problem(self, command, outcome, sound, reference):
        """What is wrong with a command whose driver failed; None when nothing is."""
        text = outcome.err.decode(errors="replace")
        errors = [line for line in text.splitlines() if line.startswith("telar: ") and "debug build" not in line]
        wrong = outcome.fault(allowed={0, 1, 69, 70} if command == "parity" else {0, 69, 70})
        if not wrong and outcome.code in (69, 70) and len(errors) != 1:
            wrong = f"{len(errors)} lines of error"
        if not wrong and outcome.code == 70 and not re.search(r"\(-?\d+\)|OpenCL|memory|driver|cl[A-Z]", text):
            wrong = "no call and no status in the message"
        if not wrong and outcome.code == 0 and command == "predict" and outcome.out != sound.out:
            wrong = "wrong success"
        if command != "study":
            return wrong
        if outcome.code == 0:
            return wrong or (None if self.checkpoint() == reference else "wrong success")
        if not wrong and outcome.code > 0 and temporary_files(f"{self.dir}/runs"):
            wrong = "temporary file left"
        more = self.run(command, {}, "--resume")
        if more.code or self.checkpoint() != reference:
            bits = "equal" if self.checkpoint() == reference else "other"
            wrong = f"{wrong or 'a proper end'}, but --resume ends with {more.code} and {bits} bits"
        return wrong

    def plans(self, found, rng):
        """Every fault to try: the function, its call, the status, whether all later calls fail too."""
        for call in self.options.calls.split(","):
            count = found.get(call, 0)
            if not count:
                continue
            places = sorted({1, count, *(rng.randint(1, count) for _ in range(self.options.points))})
            for code in CODES[call]:
                for place in places[:max(1, self.options.points)]:
                    for sticky in (0, 1) if code in LASTING else (0,):
                        yield call, place, code, sticky

    def fail_calls(self, rng):
        tried, ends, problems = 0, collections.Counter(), 0
        for command in self.options.commands.split(","):
            found, sound = self.sound(command)
            reference = self.checkpoint()
            for call, place, code, sticky in self.plans(found, rng):
                self.clear()
                outcome = self.run(command, {"FAULT_CALL": call, "FAULT_AT": str(place), "FAULT_CODE": str(code),
                                             "FAULT_STICKY": str(sticky)})
                tried += 1
                ends[outcome.code] += 1
                wrong = self.problem(command, outcome, sound, reference)
                if wrong:
                    problems += 1
                    last = (outcome.err.decode(errors="replace").strip().splitlines() or [""])[-1]
                    print(f"FAULT {command}: {call} {place} fails with {code}, sticky {sticky}: {wrong}: {last[:200]}",
                          flush=True)
        print(f"faults: {tried} failures of the driver, {problems} not handled, "
              f"exit codes {dict(sorted(ends.items()))}")
        return 1 if problems else 0

    def corruption(self, command, launches, rng):
        """Changes a sign or an exponent after a launch; returns what was changed and the outcome, or None.

        What is within rounding, or no number, is none.
        """
        log = f"{self.dir}/log"
        if os.path.exists(log):
            os.remove(log)
        self.clear()
        outcome = self.run(command, {
            "CORRUPT_AT": str(rng.randint(1, launches)), "CORRUPT_ARG": str(rng.randrange(8)),
            "CORRUPT_PLACE": str(rng.randrange(1000)), "CORRUPT_LOG": log,
            "CORRUPT_BITS": rng.choice(["0x80000000", "0x01000000", "0x40000000"])})
        if not os.path.exists(log):
            return None
        change = load(log).decode().strip()
        before, after = map(float, re.search(r"(\S+) -> (\S+),", change).groups())
        return (change, outcome) if abs(before - after) > 0.01 else None

    def corrupt_numbers(self, rng):
        failed = False
        results = []
        for command in self.options.corrupt_checks.split(","):
            found, _ = self.sound(command)
            noticed = total = 0
            for _ in range(self.options.corrupt):
                tried = self.corruption(command, found["clEnqueueNDRangeKernel"], rng)
                if not tried:
                    continue
                change, outcome = tried
                total += 1
                if outcome.fault():
                    failed = True
                    print(f"FAULT {command}: {change}: {outcome.fault()}", flush=True)
                elif outcome.code == 1:
                    noticed += 1
                else:
                    print(f"{command} does not notice: {change}", flush=True)
            results.append(f"{command} noticed {noticed} of {total}")
            failed = failed or noticed < NOTICED[command] * total
        print("corrupt: " + ", ".join(results))
        return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--telar", required=True)
    parser.add_argument("--golden", help="golden files, for conformance")
    parser.add_argument("--work", default=".trust/fuzz")
    parser.add_argument("--points", type=int, default=4, help="places of each function that fail")
    parser.add_argument("--commands", default="predict,study,parity,profile")
    parser.add_argument("--calls", default=",".join(CODES))
    parser.add_argument("--corrupt", type=int, default=0, help="how many numbers to change, instead of failing calls")
    parser.add_argument("--corrupt-checks", default="conformance,parity")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--limit", type=float, default=60)
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.randrange(1 << 30)
    print(f"seed {options.seed}", flush=True)
    faults = Faults(options)
    rng = random.Random(options.seed)
    return faults.corrupt_numbers(rng) if options.corrupt else faults.fail_calls(rng)


if __name__ == "__main__":
    sys.exit(main())
