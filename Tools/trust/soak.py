#!/usr/bin/env python3
"""Runs one long training and samples memory, file descriptors and threads.

    soak.py --telar .build/release/telar --device cpu --minutes 4 --data .trust/fuzz/data

Prints a line a sample and a summary; exits 1 when descriptors or threads grow, or memory by more than --growth MB after
the first fifth of the time, beyond what the history of epochs takes.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def sample(pid, folder):
    """Megabytes, descriptors and threads of a process, and the epochs that it has ended."""
    with open(f"/proc/{pid}/status") as file:
        status = dict(line.split(":", 1) for line in file)
    with open(f"{folder}/metrics.jsonl") as file:
        epochs = sum(1 for _ in file)
    return int(status["VmRSS"].split()[0]) / 1024, len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"]), epochs


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--telar", required=True)
    p.add_argument("--device", default="cpu")
    p.add_argument("--minutes", type=float, default=4)
    p.add_argument("--recipe", default=f"{HERE}/soak.toml")
    p.add_argument("--data", required=True)
    p.add_argument("--out", default=".trust/soak")
    p.add_argument("--growth", type=float, default=20)
    options = p.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    argv = [options.telar, "train", options.recipe, "--data", options.data, "--allow-other-data",
            "--device", options.device, "--out", options.out]
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             preexec_fn=lambda: os.nice(19))
    samples, end = [], time.monotonic() + options.minutes * 60
    while time.monotonic() < end and child.poll() is None:
        time.sleep(options.minutes * 60 / 12)
        try:
            samples.append(sample(child.pid, f"{options.out}/soak/a/seed-0"))
        except (OSError, KeyError):
            break
        print("%.1f MB, %d descriptors, %d threads, %d epochs" % samples[-1], flush=True)
    child.send_signal(signal.SIGTERM)
    code = child.wait(60)
    if not samples:
        print(f"soak: the run ends with {code} before it was sampled")
        return 1
    first, last = samples[len(samples) // 5], samples[-1]
    is_flat = last[0] - first[0] <= options.growth and last[1] <= first[1] and last[2] <= first[2]
    print(f"soak: {last[3]} epochs on {options.device}, memory {first[0]:.1f} to {last[0]:.1f} MB, "
          f"descriptors {first[1]} to {last[1]}, threads {first[2]} to {last[2]}, exit code {code}")
    return 0 if is_flat and code == 143 else 1


if __name__ == "__main__":
    sys.exit(main())
