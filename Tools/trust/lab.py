"""A scratch folder with sound inputs of every sort: data, runs, a stopped run, a report, images."""
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib

from common import prepare_scratch, run, tensors_file
from formats import png_of_chunks


class Lab:
    """The scratch folder `options.work`, for the command `options.telar`; `options.golden` may name golden files."""

    def __init__(self, options):
        self.T = os.path.abspath(options.telar)
        self.dir = os.path.abspath(options.work)
        self.timeout = shutil.which("timeout")
        prepare_scratch(self.dir, self.T)
        home = f"{self.dir}/home"
        os.makedirs(home, exist_ok=True)
        # A gnuplot that draws nothing, at once: scripts are made for it all the same.
        self.quick = f"{self.dir}/quick"
        os.makedirs(self.quick, exist_ok=True)
        if not os.path.lexists(f"{self.quick}/gnuplot"):
            os.symlink(shutil.which("true"), f"{self.quick}/gnuplot")
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(("TELAR_", "XDG_"))}
        self.env.update(HOME=home, SWIFT_BACKTRACE="enable=no",
                        POCL_CACHE_DIR=os.environ.get("POCL_CACHE_DIR", f"{self.dir}/pocl"))
        self.data = f"{self.dir}/data"
        self.make_data()
        self.common = ["--data", self.data, "--allow-other-data", "--device", "cpu"]
        self.make_runs()
        self.half = f"{self.dir}/half-run"
        self.make_half()
        self.report = f"{self.dir}/sound-report"
        if not os.path.exists(self.report):
            self.sure("report", f"{self.runs}/aldecoa", "--out", self.report)
        self.images = [grey_png(), palette_png()]
        self.image = self.images[0]
        golden = getattr(options, "golden", None)
        names = sorted(os.listdir(golden)) if golden else []
        self.golden = [f"{golden}/{name}" for name in names if name.endswith(".safetensors")]
        self.net = f"{self.dir}/net-x.safetensors"
        self.make_net()
        # The first time, all kernels are built.
        listed = run([self.T, "devices", "--json"], env=self.env, limit=400).out
        devices = [json.loads(line) for line in listed.splitlines()]
        self.cpu = next(device for device in devices if str(device["device"]).startswith("cpu"))
        self.opencl = any("opencl:" in json.dumps(device) for device in devices)

    def sure(self, *arguments, limit=120, env=None):
        """Runs telar for what must succeed."""
        outcome = run([self.T, *arguments], env=env or self.env, limit=limit)
        if outcome.code:
            sys.exit(f"the scratch folder {self.dir} cannot be made: {' '.join(arguments)} exits with {outcome.code}: "
                     + outcome.err.decode()[-500:])
        return outcome

    def make_data(self):
        """Random images: 60 to train on, 40 to validate."""
        r = random.Random(5)
        os.makedirs(self.data, exist_ok=True)
        for name, count in (("train", 60), ("t10k", 40)):
            with open(f"{self.data}/{name}-images-idx3-ubyte", "wb") as file:
                file.write(struct.pack(">IIII", 0x803, count, 28, 28) + r.randbytes(count * 784))
            with open(f"{self.data}/{name}-labels-idx1-ubyte", "wb") as file:
                file.write(struct.pack(">II", 0x801, count) + bytes(index % 10 for index in range(count)))

    def make_runs(self):
        self.runs = f"{self.dir}/sound-runs"
        for study, names in (("aldecoa", ["n64-p0.1", "case-1"]), ("borgnino", ["h64-adam", "h128-adam"])):
            if not os.path.exists(f"{self.runs}/{study}/results.txt"):
                self.sure("study", study, *names, "--epochs", "2", *self.common, "--out", self.runs)
        self.classifier = f"{self.runs}/aldecoa/case-1/seed-0/best.safetensors"
        self.autoencoder = f"{self.runs}/aldecoa/n64-p0.1/seed-0/best.safetensors"

    def make_half(self):
        """A run that was stopped between its first and its last epoch."""
        folder = f"{self.half}/aldecoa/n64-p0.1/seed-0"

        def is_there():
            return all(os.path.exists(f"{folder}/{name}") for name in ("metrics.jsonl", "state.safetensors"))

        if is_there():
            return
        for hundredths in range(10, 400, 7):
            shutil.rmtree(self.half, ignore_errors=True)
            command = [self.T, "study", "aldecoa", "n64-p0.1", "--epochs", "400", *self.common, "--out", self.half]
            child = subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(hundredths / 100)
            child.send_signal(signal.SIGINT)
            child.wait()
            if is_there():
                return
        sys.exit(f"the scratch folder {self.dir} cannot be made: no run stops half-way")

    def make_net(self):
        """A golden file of a network, which passes only by chance: what counts is how it is read."""
        layers = {"a": [{"layer": "Flatten"}, {"layer": "Linear", "in_features": 784, "out_features": 10}]}
        metadata = {"network": json.dumps(layers), "loss": "cross_entropy", "steps": "2", "batch_size": "4",
                    "optimizer": json.dumps({"optimizer": "Adam", "lr": 1e-3}),
                    "float32_loss_error": "0.001", "float32_output_error": "0.001"}
        tensors = {"initial/a.1.weight": ("F32", [10, 784], bytes(4 * 7840)),
                   "initial/a.1.bias": ("F32", [10], bytes(40)), "losses": ("F64", [2], bytes(16)),
                   "output": ("F32", [4, 10], bytes(160)),
                   "images": ("U8", [2, 4, 28, 28], bytes(range(256)) * 24 + bytes(128)),
                   "labels": ("U8", [8], bytes(range(8)))}
        with open(self.net, "wb") as file:
            file.write(tensors_file(metadata, tensors))

    def make_cache(self):
        """The programs and the choice of device that OpenCL leaves; `None` without OpenCL."""
        if not self.opencl:
            return None
        cache = f"{self.dir}/cache"
        if not os.path.exists(f"{cache}/telar"):
            image = f"{self.dir}/image.png"
            with open(image, "wb") as file:
                file.write(self.image)
            for device in ("opencl", "auto"):
                self.sure("predict", self.classifier, image, "--device", device, limit=400,
                          env={**self.env, "XDG_CACHE_HOME": cache})
        return cache


def grey_png():
    rows = b"".join(b"\0" + bytes((x * y) % 256 for x in range(28)) for y in range(28))
    return png_of_chunks([[b"IHDR", struct.pack(">IIBBBBB", 28, 28, 8, 0, 0, 0, 0)],
                          [b"gAMA", struct.pack(">I", 45455)], [b"IDAT", zlib.compress(rows)], [b"IEND", b""]])


def palette_png():
    """Interlaced, of sixteen colours, some of them transparent."""
    return png_of_chunks([[b"IHDR", struct.pack(">IIBBBBB", 28, 28, 4, 3, 0, 0, 1)], [b"PLTE", bytes(range(48))],
                          [b"tRNS", bytes(8)], [b"IDAT", zlib.compress(bytes(600))], [b"IEND", b""]])
